import { DroverError } from '../../errors/catalogue.ts';
import type { Config } from '../../fleet/config.ts';
import { newPart } from '../../operations/parts.ts';
import { withPlan } from '../../operations/planned.ts';
import {
  type Aims,
  isLiveOperation,
  type OperationKind,
  type Report,
  type VmWish,
} from '../../operations/report.ts';
import { reportOf } from '../../operations/report-of.ts';
import { balanceTargets } from '../../planner/balance.ts';
import { defragTargets } from '../../planner/defrag.ts';
import { type Importance, importanceOfReason, type Reason } from '../../policy/vocabulary.ts';
import { livePhases, type NewEvent, type OperationRow } from '../../store/rows.ts';
import type { NewWishes, Store } from '../../store/store.ts';
import type { Asker } from '../asker.ts';
import { audited, type Deed } from '../audit.ts';
import type { World } from '../world.ts';
import { PlanMaker } from './planner.ts';
import { Scout } from './scout.ts';
import { wantedOf } from './wanted.ts';

/** What is asked of an operation: of hosts, or of the whole fleet. */
export interface OperationRequest {
  readonly kind: OperationKind;
  /** Of `drain` and `restore`. */
  readonly host: string | undefined;
  /** The only hosts to go to. */
  readonly to: readonly string[] | undefined;
  readonly reason: Reason | undefined;
  readonly importance: Importance | undefined;
  /** ms since 1970 */
  readonly deadlineAt: number | undefined;
}

export interface OperationWish {
  readonly importance?: Importance;
  readonly deadlineAt?: number | null;
  readonly paused?: boolean;
  /** By name or UUID. */
  readonly vms?: Readonly<Record<string, VmWish>>;
}

/** What an operation would do: the plan, as the report of one that has only just begun. */
export interface Rehearsal extends Omit<OperationRow, 'id' | 'report' | 'revision'> {
  readonly report: Report;
}

export interface DeskPorts {
  readonly store: Store;
  readonly world: World;
  readonly config: () => Config;
  readonly log: (message: string, error: unknown) => void;
  /** Brings `config` up to date. */
  readonly refresh: () => Promise<void>;
  /** An operation is there, or has changed. */
  readonly onChange: (id: string) => void;
}

const reasonOf: Readonly<Record<OperationKind, Reason>> = {
  drain: 'maintenance',
  restore: 'rebalance',
  balance: 'rebalance',
  defrag: 'defragmentation',
};

/** Where people ask for operations. Every method rejects with a DroverError. */
export class OperationDesk {
  readonly #ports: DeskPorts;

  constructor(ports: DeskPorts) {
    this.#ports = ports;
  }

  /** Begins one. A drain closes its host at once. */
  begin(request: OperationRequest, by: Asker): Promise<OperationRow> {
    const deed = {
      what: `operation.${request.kind}`,
      subject: request.host ?? 'fleet',
      details: request,
    };
    return this.#audited(by, deed, async () => {
      const { row } = await this.#intended(request, by);
      const { kind, host, reason, importance, deadlineAt } = row;
      const data = { kind, host, reason, importance, deadlineAt, by: by.who };
      const event = this.#event('operation.began', row.id, data);
      const { how, row: kept } = await this.#ports.store.operations.create(row, event);
      if (how === 'busy') throw busyWith(kept);
      this.#ports.onChange(kept.id);
      return kept;
    });
  }

  /** What it would do. Touches nothing. */
  async rehearse(request: OperationRequest, by: Asker): Promise<Rehearsal> {
    const scout = new Scout(this.#ports);
    try {
      const { row, why } = await this.#intended(request, by, scout);
      const { id: _, ...rest } = row;
      return { ...rest, report: await this.#rehearsed(row, scout, why) };
    } finally {
      await scout.close();
    }
  }

  /** An id, its beginning, or a host, which stands for its latest. */
  async find(wanted: string): Promise<OperationRow> {
    const { operations } = this.#ports.store;
    const exact = await operations.get(wanted);
    if (exact !== undefined) return exact;
    const { items } = await operations.list({ limit: mostSearched });
    const fitting = items.filter(({ id, host }) => host === wanted || id.startsWith(wanted));
    const [found] = fitting;
    if (found !== undefined) return found;
    throw new DroverError('operation.not-found', `There is no operation ${wanted}`, {
      hint: '`drover operations list` shows those that are kept.',
    });
  }

  change(id: string, wish: OperationWish, by: Asker, ifRevision?: number): Promise<OperationRow> {
    const deed = { what: 'operation.change', subject: id, details: wish };
    return this.#audited(by, deed, async () => {
      const row = await this.#live(id);
      if (wish.paused !== undefined && row.state === 'cancelling') throw ended(row);
      const { importance, deadlineAt, paused } = wish;
      const changed = await this.#ports.store.operations.change(
        id,
        {
          ...(importance === undefined ? {} : { importance }),
          ...(deadlineAt === undefined ? {} : { deadlineAt }),
          ...(paused === undefined ? {} : { state: paused ? 'paused' : 'running' }),
          ...(wish.vms === undefined ? {} : { aims: withWishes(row, wish.vms) }),
        },
        this.#event('operation.changed', id, { ...wish, by: by.who }),
        ifRevision ?? row.revision,
      );
      const now = settled(id, changed);
      await this.#passOn(now, wish);
      this.#ports.onChange(id);
      return now;
    });
  }

  /** Begins nothing more. What is under way lands, or is cancelled too, where it still can be. */
  cancel(id: string, abortRunning: boolean, by: Asker, ifRevision?: number): Promise<OperationRow> {
    const deed = { what: 'operation.cancel', subject: id, details: { abortRunning } };
    return this.#audited(by, deed, async () => {
      const row = await this.#live(id);
      const event = this.#event('operation.changed', id, { cancelled: true, by: by.who });
      const changed = await this.#ports.store.operations.change(
        id,
        { state: 'cancelling' },
        event,
        ifRevision ?? row.revision,
      );
      const now = settled(id, changed);
      if (abortRunning) await this.#wishAll(now, { cancelRequested: true });
      this.#ports.onChange(id);
      return now;
    });
  }

  /** Opens a host again. Returns the operation that brings back who lived there, where that is wanted. */
  undrain(name: string, restore: boolean, by: Asker): Promise<OperationRow | undefined> {
    const deed = { what: 'host.open', subject: name, details: { restore } };
    return this.#audited(by, deed, async () => {
      await this.#ports.refresh();
      this.#refuseUnknown([name]);
      const { store } = this.#ports;
      const busy = (await store.operations.live()).find(({ host }) => host === name);
      if (busy !== undefined) throw busyWith(busy);
      const event = this.#event('host.opened', name, { by: by.who });
      await store.closures.open(name, event);
      await this.#ports.refresh();
      if (!restore) return undefined;
      const nothing = { to: undefined, reason: undefined, importance: undefined };
      return this.begin({ kind: 'restore', host: name, deadlineAt: undefined, ...nothing }, by);
    });
  }

  async #intended(
    request: OperationRequest,
    by: Asker,
    scout?: Scout,
  ): Promise<{
    readonly row: Omit<OperationRow, 'revision' | 'report'>;
    readonly why: string | undefined;
  }> {
    await this.#ports.refresh();
    const { kind, host, to, deadlineAt, reason = reasonOf[kind] } = request;
    this.#refuseUnknown([...(host === undefined ? [] : [host]), ...(to ?? [])]);
    const now = this.#ports.world.wallMs();
    if (deadlineAt !== undefined && deadlineAt <= now)
      throw new DroverError('usage.invalid', 'the deadline has passed already');
    const { targets, why } = await this.#targets(request, scout);
    const aims: Aims = {
      ...(to === undefined ? {} : { to }),
      ...(targets === undefined ? {} : { targets }),
    };
    const row = {
      id: this.#ports.world.newId(),
      kind,
      host,
      aims,
      reason,
      importance: request.importance ?? importanceOfReason[reason],
      deadlineAt,
      requestedBy: by.who,
      requestedAt: now,
      endedAt: undefined,
      state: 'running' as const,
    };
    return { row, why };
  }

  async #targets(
    { kind, host }: OperationRequest,
    scout: Scout | undefined,
  ): Promise<{ readonly targets?: Aims['targets']; readonly why: string | undefined }> {
    if (kind === 'drain') return { why: undefined };
    if (kind === 'restore') return { targets: await this.#lived(host), why: undefined };
    const own = scout ?? new Scout(this.#ports);
    try {
      const maker = new PlanMaker(this.#ports.store, own, this.#ports.config);
      return await maker.propose(kind === 'balance' ? balanceTargets : defragTargets);
    } finally {
      if (scout === undefined) await own.close();
    }
  }

  /** Who left a host in its last drain, and has not been brought back since. */
  async #lived(host: string | undefined): Promise<Readonly<Record<string, string>>> {
    const { items } = await this.#ports.store.operations.list({ limit: mostSearched });
    const drain = items.find((row) => row.kind === 'drain' && row.host === host);
    if (host === undefined || drain === undefined)
      throw new DroverError('operation.not-found', `No drain of ${host ?? 'a host'} is kept`, {
        hint: 'Who lived there is only known from its drain.',
      });
    const left = (drain.report?.parts ?? []).filter(
      ({ state, from }) => state === 'moved' && from === host,
    );
    return Object.fromEntries(left.map(({ uuid }) => [uuid, host]));
  }

  async #rehearsed(
    row: Omit<OperationRow, 'revision' | 'report'>,
    scout: Scout,
    why: string | undefined,
  ): Promise<Report> {
    const now = this.#ports.world.wallMs();
    const names = Object.keys(this.#ports.config().hosts);
    const sight = await scout.see(row.kind === 'drain' ? [row.host ?? ''] : names, new Set());
    const seen = [...sight.hosts.values()].flatMap((vms) => vms ?? []);
    const leaving = seen
      .filter(({ state }) => state !== 'shut-off' && state !== 'crashed')
      .filter(({ uuid, host }) =>
        row.kind === 'drain' ? host === row.host : (row.aims.targets?.[uuid] ?? host) !== host,
      );
    await scout.gauge.once(leaving);
    const maker = new PlanMaker(this.#ports.store, scout, this.#ports.config);
    const planned = await maker.plan({
      wanted: wantedOf(row, leaving, row.importance, now),
      leaving,
      resting: () => ({}),
      fixed: () => undefined,
      throughputOf: () => undefined,
    });
    const all = new Map(
      [...planned.sight.hosts.values()].flatMap((vms) => vms ?? []).map((vm) => [vm.uuid, vm]),
    );
    const movers = new Set(planned.plan.moves.map(({ vm }) => vm));
    const others = [...all.values()].filter(
      ({ uuid }) => movers.has(uuid) && !leaving.some((vm) => vm.uuid === uuid),
    );
    const parts = withPlan(
      [...leaving, ...others].map(newPart),
      planned,
      now,
      (uuid) => all.get(uuid)?.name ?? uuid,
    );
    const { plan, sight: seenNow, measured, assumed } = planned;
    const findings = { matter: row, importance: row.importance, parts, sight: seenNow, now };
    const said = why === undefined ? assumed : [...assumed, why];
    return reportOf(
      { ...findings, planned: { plan, at: now, measured, assumed: said } },
      undefined,
    );
  }

  /** What runs hears of it at once. */
  async #passOn(row: OperationRow, { importance, deadlineAt, vms }: OperationWish): Promise<void> {
    if (importance !== undefined || deadlineAt !== undefined)
      await this.#wishAll(row, {
        ...(importance === undefined ? {} : { importance }),
        ...(deadlineAt === undefined ? {} : { deadlineAt }),
      });
    for (const [vm, wish] of Object.entries(vms ?? {})) {
      const wanted = {
        ...(wish.importance === undefined ? {} : { importance: wish.importance }),
        ...(wish.leave === true ? { cancelRequested: true } : {}),
      };
      await this.#wishAll(row, wanted, vm);
    }
  }

  async #wishAll({ id }: OperationRow, wishes: NewWishes, vm?: string): Promise<void> {
    const { migrations } = this.#ports.store;
    const { items } = await migrations.list(
      { operationId: id, phases: livePhases },
      { limit: mostLive },
    );
    for (const row of items) {
      if (vm !== undefined && ![row.vm, row.vmName, row.vmUuid].includes(vm)) continue;
      // Past the point of no return it arrives, whatever anybody wants.
      if (wishes.cancelRequested === true && row.pointOfNoReturnAt !== undefined) continue;
      const event = this.#event('migration.changed', row.id, { ...wishes, by: `operation ${id}` });
      await migrations.wish(row.id, wishes, event);
    }
  }

  async #live(id: string): Promise<OperationRow> {
    const row = await this.#ports.store.operations.get(id);
    if (row === undefined)
      throw new DroverError('operation.not-found', `There is no operation ${id}`);
    if (!isLiveOperation(row.state)) throw ended(row);
    return row;
  }

  #refuseUnknown(names: readonly string[]): void {
    const { hosts } = this.#ports.config();
    const unknown = names.find((name) => !Object.hasOwn(hosts, name));
    if (unknown === undefined) return;
    throw new DroverError('host.not-found', `There is no host ${unknown}`, {
      hint: '`drover host list` shows those that there are.',
    });
  }

  #audited<T>(by: Asker, deed: Deed, work: () => Promise<T>): Promise<T> {
    const { store, world, log } = this.#ports;
    return audited({ store, at: world.wallMs(), log }, by, deed, work);
  }

  #event(type: string, subject: string, data: unknown): NewEvent {
    return { at: this.#ports.world.wallMs(), type, subject, data };
  }
}

const mostSearched = 500;
const mostLive = 10_000;

/** By UUID, whatever they were named by. */
function withWishes(
  { aims, report }: OperationRow,
  wishes: Readonly<Record<string, VmWish>>,
): Aims {
  const vms = { ...aims.vms };
  for (const [named, wish] of Object.entries(wishes)) {
    const part = report?.parts.find(({ uuid, vm }) => uuid === named || vm === named);
    if (part === undefined)
      throw new DroverError('domain.not-found', `The operation has no VM ${named}`);
    vms[part.uuid] = { ...vms[part.uuid], ...wish };
  }
  return { ...aims, vms };
}

function settled(id: string, changed: OperationRow | 'stale' | 'ended' | 'missing'): OperationRow {
  if (typeof changed !== 'string') return changed;
  if (changed === 'missing')
    throw new DroverError('operation.not-found', `There is no operation ${id}`);
  if (changed === 'ended')
    throw new DroverError('operation.ended', `The operation ${id} has ended`);
  throw new DroverError('request.stale', `The operation ${id} has changed since it was read`, {
    hint: 'Read it again, and decide anew.',
  });
}

function ended({ id, state }: OperationRow): DroverError {
  return new DroverError('operation.ended', `The operation ${id} is ${state}`);
}

function busyWith({ id, kind, host }: OperationRow): DroverError {
  const what = host === undefined ? kind : `${kind} of ${host}`;
  return new DroverError('operation.under-way', `A ${what} is under way already: ${id}`, {
    hint: `Watch it: drover operations watch ${id}. End it: drover operations cancel ${id}.`,
  });
}
