import type { SimulatedHost } from '../../hypervisor/simulated.ts';
import type { Resident } from '../../hypervisor/simulated-resident.ts';
import type { VirtualClock } from '../../hypervisor/virtual-clock.ts';
import { type MigrationPhase, type MigrationRow, unended } from '../../store/rows.ts';
import type { Phase } from './schedule.ts';

/** What no program can help: the list is whole. */
const physics = {
  whole: 'the QEMU or host that ran it died',
  split: 'a QEMU or host that held a part of its memory died in post-copy',
} as const;

/** Where a guest must be after a migration that ended so; elsewhere it is not known. */
const placeAfter: Readonly<Partial<Record<MigrationPhase, 'from' | 'to'>>> = {
  completed: 'to',
  stayed: 'from',
  aborted: 'from',
  'failed-safe': 'from',
};

/**
 * Between the last look at both hosts and its being told lies the time of tidying up: of a request that
 * nobody answers (5 s), and of answers that are late (3 s), ms.
 */
const seenBeforeMs = 10_000;

interface Fate {
  readonly uuid: string;
  /** The host that ran it last. */
  lastOn: SimulatedHost | undefined;
  /** When and why it is gone. */
  gone: { readonly atMs: number; readonly because: string } | undefined;
  /** How often a host was told to begin, and how often the store has kept that somebody decided so. */
  begun: number;
  decided: number;
}

interface Awaited {
  readonly uuid: string;
  readonly phase: Phase;
  readonly act: (ends: readonly SimulatedHost[]) => void;
}

/** Knows what no controller sees: where guests really are, at every instant. */
export class Truth {
  readonly wrong: string[] = [];
  readonly #clock: VirtualClock;
  readonly #hosts: readonly SimulatedHost[];
  readonly #fates = new Map<string, Fate>();
  readonly #dark = new Set<SimulatedHost>();
  /** The guests whose point of no return the store knows, and which migration is whose. */
  readonly #passedReturn = new Set<string>();
  readonly #vmOf = new Map<string, string>();
  readonly #awaited: Awaited[] = [];
  readonly #endedAtMs = new Map<string, number>();
  /** Who was the last to be given the lease of the guest's migration. */
  readonly #steeredBy = new Map<string, string>();

  constructor(clock: VirtualClock, hosts: readonly SimulatedHost[]) {
    this.#clock = clock;
    this.#hosts = hosts;
  }

  /** From now on these guests are watched. */
  expect(uuids: readonly string[]): void {
    for (const uuid of uuids)
      this.#fates.set(uuid, { uuid, lastOn: undefined, gone: undefined, begun: 0, decided: 0 });
    for (const host of this.#hosts) {
      host.register.onChange = () => this.#look();
      const migrate = host.migrate.bind(host);
      host.migrate = (uuid, options) => {
        const fate = this.#fates.get(uuid);
        if (fate !== undefined) fate.begun += 1;
        return migrate(uuid, options);
      };
      const startPostCopy = host.startPostCopy.bind(host);
      host.startPostCopy = (uuid) => {
        if (!this.#passedReturn.has(uuid))
          this.wrong.push(`${uuid} is switched to post-copy, and the store does not know`);
        return startPostCopy(uuid);
      };
    }
    this.#look();
  }

  /** Calls `act` when the guest next is in this phase, at once where it is, with the hosts of its job. */
  await(uuid: string, phase: Phase, act: (ends: readonly SimulatedHost[]) => void): void {
    this.#awaited.push({ uuid, phase, act });
  }

  /** Looks who is waited for; what only the job knows shows at no change of a register. */
  tick(): void {
    if (this.#awaited.length === 0) return;
    for (const one of this.#awaited.slice()) {
      const residents = this.#residents(one.uuid);
      if (!residents.some(({ resident }) => resident.job?.phase === one.phase)) continue;
      this.#awaited.splice(this.#awaited.indexOf(one), 1);
      one.act(residents.map(({ host }) => host));
    }
  }

  get gone(): readonly string[] {
    return [...this.#fates.values()].flatMap(({ gone }) => gone?.because ?? []);
  }

  isDark(host: SimulatedHost): boolean {
    return this.#dark.has(host);
  }

  darken(host: SimulatedHost, dark: boolean): void {
    if (dark) this.#dark.add(host);
    else this.#dark.delete(host);
  }

  /** What is to be kept, even if the store does not answer. */
  askedToStore(part: string, name: string, [lease]: readonly unknown[]): void {
    if (part !== 'migrations' || name !== 'finish' || !isLease(lease)) return;
    if (!this.#endedAtMs.has(lease.id)) this.#endedAtMs.set(lease.id, this.#clock.nowMs());
  }

  /** This controller gives an order for the guest, and believes that it may. */
  ordered(by: string, uuid: unknown): void {
    if (typeof uuid !== 'string') return;
    const steeredBy = this.#steeredBy.get(uuid);
    if (steeredBy === undefined || steeredBy === by) return;
    this.wrong.push(
      `${uuid} is given an order by ${by} at ${this.#clock.nowMs()}, steered by ${steeredBy}`,
    );
  }

  /** What really came to be in the store. */
  stored(part: string, name: string, given: readonly unknown[], answer: unknown): void {
    if (part === 'leases' && Array.isArray(answer))
      for (const row of answer.filter(isSteered)) this.#steeredBy.set(row.vm, row.owner);
    if (part !== 'migrations' || answer !== true) return;
    const [lease, what] = given;
    const passes = name === 'advance' && isLease(lease) && passesReturn(what);
    if (passes) this.#passedReturn.add(this.#vmOf.get(lease.id) ?? '');
    if (name === 'begin' && isBeginning(what)) {
      const fate = this.#fates.get(what.head.vm.uuid);
      if (isLease(lease)) this.#vmOf.set(lease.id, what.head.vm.uuid);
      if (fate !== undefined) fate.decided += 1;
    }
  }

  /** The QEMU that this host has for the guest is about to die. */
  dies(host: SimulatedHost, uuid: string): void {
    const fate = this.#fates.get(uuid);
    if (fate === undefined || fate.gone !== undefined) return;
    const here = host.register.get(uuid);
    if (here === undefined) return;
    const atMs = this.#clock.nowMs();
    const because = this.#whole(uuid);
    if (because !== undefined) {
      if (because === host) fate.gone = { atMs, because: physics.whole };
    } else if (this.#residents(uuid).some(({ resident }) => isSplit(resident)))
      fate.gone = { atMs, because: physics.split };
    else if (fate.lastOn === host) fate.gone = { atMs, because: physics.whole };
  }

  /** In which phase of a migration it is now. */
  phaseOf(uuid: string): string {
    const jobs = this.#residents(uuid).flatMap(({ resident }) => resident.job?.phase ?? []);
    return jobs[0] ?? 'no job';
  }

  /** While something may still be broken: what is said to be over must be true. */
  judgeSoFar(rows: readonly MigrationRow[]): void {
    this.wrong.push(...rows.flatMap((row) => this.#told(row)));
  }

  /** When all is mended and everything has had its time. */
  judge(rows: readonly MigrationRow[]): readonly string[] {
    return [
      ...rows.flatMap((row) => [...this.#told(row), ...this.#unended(row)]),
      ...[...this.#fates.values()].flatMap((fate) => this.#left(fate, rows)),
    ];
  }

  #told(row: MigrationRow): readonly string[] {
    const fate = this.#fates.get(row.vm);
    if (fate === undefined || (unended as readonly string[]).includes(row.phase)) return [];
    const ended = this.#endedAtMs.get(row.id) ?? Infinity;
    if (fate.gone !== undefined) {
      // Whoever died after that was told of truly.
      if (
        ended <= fate.gone.atMs + seenBeforeMs ||
        row.phase === 'lost' ||
        row.startedAt === undefined
      )
        return [];
      return [`${this.#about(row)}, but it is gone: ${fate.gone.because}`];
    }
    if (row.phase === 'lost') return [`${this.#about(row)}, but nothing took it away`];
    const at = placeAfter[row.phase];
    const place = this.#whole(row.vm)?.name;
    if (at === undefined || place === row[at]) return [];
    return [this.#about(row)];
  }

  #unended(row: MigrationRow): readonly string[] {
    const fate = this.#fates.get(row.vm);
    if (!(unended as readonly string[]).includes(row.phase)) return [];
    if (row.phase === 'unknown' && fate !== undefined && this.#isPersons(row, fate)) return [];
    return [`${this.#about(row)}: never ended`];
  }

  /**
   * Where one copy of it is left that stands still for a hand-over, and nobody can tell whether it has run
   * elsewhere: at its source, or at its destination when its source died amid the switch-over.
   */
  #isPersons(row: MigrationRow, { uuid, gone }: Fate): boolean {
    const residents = this.#residents(uuid);
    const [only] = residents;
    const where = gone === undefined ? row.from : row.to;
    return (
      residents.length === 1 &&
      only?.host.name === where &&
      only.resident.state.state === 'paused' &&
      only.resident.state.reason === 'migration'
    );
  }

  #left({ uuid, gone, begun, decided }: Fate, rows: readonly MigrationRow[]): readonly string[] {
    const wrong: string[] = [];
    if (begun > decided) wrong.push(`${uuid} was begun ${begun} times, decided ${decided} times`);
    const residents = this.#residents(uuid);
    const row = rows.find(({ vm }) => vm === uuid);
    if (gone !== undefined || row?.phase === 'unknown') return wrong;
    if (residents.length !== 1 || this.#whole(uuid) === undefined)
      wrong.push(`${uuid} is left as ${this.#inWords(uuid)}`);
    return wrong;
  }

  #look(): void {
    for (const fate of this.#fates.values()) {
      const running = this.#residents(fate.uuid).filter(
        ({ resident }) => resident.state.state === 'running',
      );
      if (running.length > 1)
        this.wrong.push(
          `${fate.uuid} runs twice at ${this.#clock.nowMs()}: ${this.#inWords(fate.uuid)}`,
        );
      const [only] = running;
      if (only !== undefined) fate.lastOn = only.host;
    }
  }

  /** The host that runs it with all of its memory. */
  #whole(uuid: string): SimulatedHost | undefined {
    return this.#residents(uuid).find(
      ({ resident }) => resident.state.state === 'running' && !isSplit(resident),
    )?.host;
  }

  #residents(
    uuid: string,
  ): readonly { readonly host: SimulatedHost; readonly resident: Resident }[] {
    return this.#hosts.flatMap((host) => {
      const resident = host.register.get(uuid);
      return resident === undefined ? [] : [{ host, resident }];
    });
  }

  #about(row: MigrationRow): string {
    return `${row.id} of ${row.vm} from ${row.from} to ${row.to} is ${row.phase}: ${this.#inWords(row.vm)}`;
  }

  #inWords(uuid: string): string {
    const all = this.#residents(uuid).map(
      ({ host, resident: { state } }) => `${state.state} (${state.reason}) on ${host.name}`,
    );
    return all.join(' and ') || 'nowhere';
  }
}

function isSplit({ state }: Resident): boolean {
  return state.reason === 'post-copy' || state.reason === 'post-copy-failed';
}

/** A row of a migration whose lease was given just now. */
function isSteered(given: unknown): given is { readonly vm: string; readonly owner: string } {
  return typeof given === 'object' && given !== null && 'vm' in given && 'owner' in given;
}

function isLease(given: unknown): given is { readonly id: string } {
  return typeof given === 'object' && given !== null && 'id' in given;
}

function isBeginning(
  given: unknown,
): given is { readonly head: { readonly vm: { readonly uuid: string } } } {
  return typeof given === 'object' && given !== null && 'head' in given;
}

function passesReturn(given: unknown): boolean {
  return typeof given === 'object' && given !== null && 'pointOfNoReturnAt' in given;
}
