import type { Config } from '../../fleet/config.ts';
import { resolveHost } from '../../fleet/hosts.ts';
import { placementOf } from '../../fleet/rules.ts';
import type { HostFacts } from '../../hypervisor/port.ts';
import { inventoryOf, type KnownHost, type KnownVm, leveled } from '../../operations/known.ts';
import type { SeenVm, Sight } from '../../operations/sight.ts';
import type { Proposal } from '../../planner/balance.ts';
import type { Inventory } from '../../planner/inventory.ts';
import type { Plan } from '../../planner/plan.ts';
import { besidesMs } from '../../planner/schedule.ts';
import type { Wanted } from '../../planner/wanted.ts';
import { matrixWith } from '../../policy/overrides.ts';
import type { Importance } from '../../policy/vocabulary.ts';
import { planBeside } from '../../solver/plan-thread.ts';
import { livePhases, type MigrationRow } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import { limitsOf } from '../fleet.ts';
import type { Scout } from './scout.ts';

/** What a plan is made for. */
export interface Task {
  readonly wanted: Wanted;
  /** The VMs that are to move: these are looked at more closely. */
  readonly leaving: readonly SeenVm[];
  /** Hosts that a VM does not go to for now, and why, by host. */
  readonly resting: (uuid: string) => Readonly<Record<string, string>>;
  /** Why a VM is not moved at all for now. */
  readonly fixed: (uuid: string) => string | undefined;
  /** What was lately seen to leave a host, bytes/s. */
  readonly throughputOf: (host: string) => number | undefined;
}

export interface Planned {
  readonly plan: Plan;
  readonly sight: Sight;
  /** Whether all of those that leave had been measured; what is planned before that is not held to what comes. */
  readonly measured: boolean;
  /** What is assumed, and not known. */
  readonly assumed: readonly string[];
}

/** A common network: 1 Gbit/s, of which 94.1 % is payload at an MTU of 1500. */
const guessedBytesPerSecond = 0.941 * 125_000_000;
/** So often a plan is made anew because a host turned out not to run a VM. */
const mostRounds = 8;
const mostLive = 10_000;
/** An admin's word of a host counts for more than fewer migrations than this: they may have shared the way. */
const tellingTimes = 3;
/** The same inventory always gives the same plan. */
const seed = 1;

/** What hosts said, and what is known beside. */
interface Ground {
  readonly config: Config;
  readonly sight: Sight;
  readonly hosts: readonly KnownHost[];
  readonly live: readonly MigrationRow[];
  readonly assumed: readonly string[];
}

/** Plans for operations, from what hosts say now. */
export class PlanMaker {
  readonly #store: Store;
  readonly #scout: Scout;
  readonly #config: () => Config;

  constructor(store: Store, scout: Scout, config: () => Config) {
    this.#store = store;
    this.#scout = scout;
    this.#config = config;
  }

  /**
   * By what is known of those that leave: whoever wants them measured first does that. Rejects only where the store does:
   * hosts that do not answer are left out.
   */
  async plan(task: Task): Promise<Planned> {
    const ground = await this.#ground(task.leaving, task.throughputOf);
    const { hosts, sight, assumed } = ground;
    const measured = !task.leaving.some(({ uuid }) => this.#scout.gauge.isAwaited(uuid));
    for (let round = 1; ; round += 1) {
      const inventory = await this.#inventory(ground, task, task.wanted.importance);
      const wanted = within(inventory, task.wanted);
      const plan = await planBeside(inventory, wanted, seed);
      const isSure = round >= mostRounds || !(await this.#findsUnfit(plan, hosts));
      if (isSure) return { plan, sight, measured, assumed };
    }
  }

  /** What would be better, judged by those who are to move: they are looked at before it is said. */
  async propose(of: (inventory: Inventory) => Proposal): Promise<Proposal> {
    let leaving: readonly SeenVm[] = [];
    for (let round = 1; ; round += 1) {
      const ground = await this.#ground(leaving, () => undefined);
      await this.#scout.gauge.once(leaving);
      const task = { leaving, resting: () => ({}), fixed: () => undefined };
      const proposal = of(await this.#inventory(ground, task, 'low'));
      const known = new Set(leaving.map(({ uuid }) => uuid));
      const fresh = once(seenIn(ground)).filter(
        ({ uuid }) => proposal.targets[uuid] !== undefined && !known.has(uuid),
      );
      if (fresh.length === 0 || round >= mostRounds) return proposal;
      leaving = [...leaving, ...fresh];
    }
  }

  async #ground(leaving: readonly SeenVm[], throughputOf: Task['throughputOf']): Promise<Ground> {
    const config = this.#config();
    const names = Object.keys(config.hosts);
    const live = await this.#live();
    const ours = new Set(live.flatMap(({ vmUuid }) => vmUuid ?? []));
    const [sight, facts] = await Promise.all([
      this.#scout.see(names, ours),
      this.#scout.facts(names),
    ]);
    const { hosts, assumed } = await this.#hosts(config, facts, { leaving, throughputOf });
    return { config, sight, hosts, live, assumed };
  }

  async #inventory(
    ground: Ground,
    { leaving, resting, fixed }: Pick<Task, 'leaving' | 'resting' | 'fixed'>,
    importance: Importance,
  ): Promise<Inventory> {
    const { config, hosts, live, sight } = ground;
    const knowledge = await this.#scout.know(leaving);
    const links = Object.entries(config.links).map(([name, { bandwidth, max }]) => ({
      name,
      bandwidthBytesPerSecond: bandwidth,
      maxAtOnce: max,
    }));
    const vms = once(seenIn(ground)).map((vm): KnownVm => {
      const known = knowledge.get(vm.uuid);
      const { host, moving } = whereaboutsOf(vm, live, sight.at);
      return {
        ...vm,
        host,
        touchedBytes: known?.touchedBytes,
        workingSet: known?.workingSet,
        moving,
        unfit: { ...this.#scout.unfit(vm.uuid), ...resting(vm.uuid) },
        fixed: fixedOf(vm) ?? known?.fixed ?? fixed(vm.uuid),
        ...placementOf(config, vm.name, vm.labels),
      };
    });
    return inventoryOf(hosts, links, vms, { importance, matrix: matrixWith(config.policy) });
  }

  /** Asks the destinations of a plan; where one refuses a VM, all are asked about that. */
  async #findsUnfit({ moves }: Plan, hosts: readonly KnownHost[]): Promise<boolean> {
    const found = await Promise.all(
      moves
        .filter(({ running }) => !running)
        .map(async ({ vm, from, to }) => {
          const at = { uuid: vm, host: from };
          if ((await this.#scout.judge(at, to)) === undefined) return false;
          const others = hosts.filter(({ name }) => name !== from);
          await Promise.all(others.map(({ name }) => this.#scout.judge(at, name)));
          return true;
        }),
    );
    return found.includes(true);
  }

  async #live(): Promise<readonly MigrationRow[]> {
    const { items } = await this.#store.migrations.list(
      { phases: livePhases },
      { limit: mostLive },
    );
    return items;
  }

  async #hosts(
    config: Config,
    facts: ReadonlyMap<string, HostFacts>,
    { leaving, throughputOf }: Pick<Task, 'leaving' | 'throughputOf'>,
  ): Promise<{ readonly hosts: readonly KnownHost[]; readonly assumed: readonly string[] }> {
    const limits = limitsOf(config);
    const sources = [...new Set(leaving.map(({ host }) => host))];
    const guessed: string[] = [];
    const resolved = [...facts].map(([name, known]) => ({ known, ...resolveHost(config, name) }));
    const seen = await Promise.all(
      resolved.map(
        async ({ name, bandwidthBytesPerSecond: cap }) =>
          throughputOf(name) ?? (await this.#learnt(name, sources, facts, cap)),
      ),
    );
    const carried = leveled(seen);
    const hosts = resolved.map(({ name, known, postCopy, bandwidthBytesPerSecond: cap }, index) => {
      const rate = carried[index];
      if (rate === undefined && cap === undefined) guessed.push(name);
      return {
        name,
        memoryBytes: known.memoryBytes,
        freeMemoryBytes: known.freeMemoryBytes,
        cpus: known.cpus,
        bandwidthBytesPerSecond: Math.min(
          rate ?? (cap === undefined ? guessedBytesPerSecond : Infinity),
          cap ?? Infinity,
        ),
        maxOutgoing: limits.outgoing(name),
        maxIncoming: limits.incoming(name),
        link: limits.linkOf(name),
        postCopy: postCopy.allowed && known.postCopy.allowed,
        closed: config.hosts[name]?.arrivals === 'closed',
      };
    });
    const assumed =
      guessed.length === 0
        ? []
        : [
            `1 Gbit/s for the network of ${guessed.toSorted().join(', ')}: nothing has moved there yet`,
          ];
    return { hosts, assumed };
  }

  /** A host that VMs leave is asked about its ways to all others, another one about those from there. */
  async #learnt(
    name: string,
    sources: readonly string[],
    facts: ReadonlyMap<string, HostFacts>,
    cap: number | undefined,
  ): Promise<number | undefined> {
    const others = sources.includes(name) ? [...facts.keys()] : sources;
    const seen = await Promise.all(
      others.filter((other) => other !== name).map((other) => this.#scout.wayBetween(name, other)),
    );
    const times = seen.reduce((sum, way) => sum + way.times, 0);
    if (cap !== undefined && times < tellingTimes) return undefined;
    const rates = seen.flatMap(({ bandwidthBytesPerSecond }) => bandwidthBytesPerSecond ?? []);
    return rates.length === 0 ? undefined : Math.max(...rates);
  }
}

/** What is wanted of those that answer: the others have their turn when they do. */
function within({ hosts, vms }: Inventory, wanted: Wanted): Wanted {
  const there = new Set(hosts.map(({ name }) => name));
  const known = new Set(vms.map(({ name }) => name));
  const { onlyTo, targets = {} } = wanted;
  return {
    ...wanted,
    drain: wanted.drain.filter((name) => there.has(name)),
    targets: Object.fromEntries(
      Object.entries(targets).filter(([vm, host]) => known.has(vm) && there.has(host)),
    ),
    ...(onlyTo === undefined ? {} : { onlyTo: onlyTo.filter((name) => there.has(name)) }),
  };
}

/** Those that have their memory somewhere. */
function seenIn({ sight }: Ground): readonly SeenVm[] {
  return [...sight.hosts.values()].flatMap((vms) => vms ?? []).filter(holdsRoom);
}

/** A guest that runs, or stands still: both have their memory. */
function holdsRoom({ state }: SeenVm): boolean {
  return state !== 'shut-off' && state !== 'crashed';
}

function fixedOf({ state, foreignJob }: SeenVm): string | undefined {
  if (foreignJob) return 'somebody else moves it now';
  return state === 'running' ? undefined : `it is ${state}`;
}

/** A guest amid its switch-over may be seen on both of its hosts. */
function once(vms: readonly SeenVm[]): readonly SeenVm[] {
  const first = new Map<string, SeenVm>();
  for (const vm of vms) {
    const known = first.get(vm.uuid);
    if (known === undefined || (known.state !== 'running' && vm.state === 'running'))
      first.set(vm.uuid, vm);
  }
  return [...first.values()];
}

/** What was kept of a migration is older than this where nobody steers it, ms: nothing follows from that. */
const oldestMs = 5_000;

/** One that runs at its destination with some of its memory still at its source is on its way: it has the link. */
function whereaboutsOf(
  vm: SeenVm,
  live: readonly MigrationRow[],
  now: number,
): Pick<KnownVm, 'host' | 'moving'> {
  const row = live.find(
    ({ vmUuid, vm: asked, from }) =>
      vmUuid === vm.uuid || (vmUuid === undefined && from === vm.host && asked === vm.name),
  );
  if (row === undefined || (row.to === vm.host && row.phase !== 'post-copy'))
    return { host: vm.host, moving: undefined };
  return { host: row.from, moving: movingOf(row, vm.memoryBytes, now) };
}

function movingOf(row: MigrationRow, memoryBytes: number, now: number): KnownVm['moving'] {
  const { progress, startedAt = now, pointOfNoReturnAt } = row;
  if (progress === undefined)
    return { to: row.to, remainingBytes: memoryBytes, untilEndBytes: 0, sentBytes: 0 };
  const { atMs, remainingBytes, sentBytes, bandwidthBytesPerSecond, etaMs = 0 } = progress;
  const sinceMs = Math.min(oldestMs, Math.max(0, now - startedAt - atMs));
  const sentSinceBytes = (bandwidthBytesPerSecond * sinceMs) / 1000;
  const untilEndMs = Math.max(0, etaMs - sinceMs - besidesMs);
  return {
    to: row.to,
    remainingBytes: Math.max(0, remainingBytes - sentSinceBytes),
    untilEndBytes: (bandwidthBytesPerSecond * untilEndMs) / 1000,
    sentBytes: pointOfNoReturnAt === undefined ? sentBytes + sentSinceBytes : undefined,
  };
}
