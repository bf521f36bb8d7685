import { DroverError } from '../../errors/catalogue.ts';
import type { Config } from '../../fleet/config.ts';
import type { SeenWrites } from '../../hypervisor/port.ts';
import { hasCode, messageOf } from '../../migration/look.ts';
import { asMuchAsNeeded, deadlineOf, isOutrun } from '../../operations/haste.ts';
import {
  importanceOf,
  isOpen,
  type Judging,
  newPart,
  partsNow,
  restingHosts,
} from '../../operations/parts.ts';
import { withPlan } from '../../operations/planned.ts';
import type { OperationState, Part, Report } from '../../operations/report.ts';
import { reportOf } from '../../operations/report-of.ts';
import { type Course, type SeenVm, type Sight, seenAt } from '../../operations/sight.ts';
import { hostsToSee, saysOf, verdictOf } from '../../operations/standing.ts';
import { dueMoves, headStart, nextDueMs, nothingSeen, type Seen } from '../../operations/turns.ts';
import type { Plan, PlannedMove } from '../../planner/plan.ts';
import { type Importance, importances } from '../../policy/vocabulary.ts';
import { livePhases, type OperationRow } from '../../store/rows.ts';
import type { NewWishes, Store } from '../../store/store.ts';
import type { World } from '../world.ts';
import { Courses } from './courses.ts';
import { partEvents } from './part-events.ts';
import { PlanMaker, type Planned } from './planner.ts';
import { Scout } from './scout.ts';
import { wantedOf } from './wanted.ts';

/** How often hosts are looked at while nothing else happens, and how often a plan is made anew, ms. */
const lookEveryMs = 2_000;
const planEveryMs = 15_000;
/** What has not changed is kept again after this, ms. */
const keepEveryMs = 5_000;
/** What leaves a host is taken from the best of so long, ms. */
const throughputOfMs = 20_000;
const mostLive = 10_000;

export interface RunPorts {
  readonly store: Store;
  readonly world: World;
  readonly config: () => Config;
  readonly log: (message: string, error: unknown) => void;
  /** Begins a migration of the operation. Rejects as a request does. */
  readonly begin: (move: PartRequest) => Promise<void>;
  /** Whether this replica may still act for the operation. */
  readonly mayAct: () => Promise<boolean>;
  /** There is something new to plan by. */
  readonly wake: () => void;
}

/** A migration that an operation asks for. */
export interface PartRequest {
  readonly operation: OperationRow;
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  readonly importance: Importance;
  readonly deadlineAt: number | undefined;
  /** The same part asks for its next migration once. */
  readonly requestKey: string;
}

/** Carries out one operation, round by round. All that it knows it can find again. */
export class OperationRun {
  readonly #ports: RunPorts;
  readonly #scout: Scout;
  readonly #maker: PlanMaker;
  readonly #courses: Courses;
  readonly #throughput = new Map<string, { readonly at: number; readonly rate: number }[]>();
  #sight: Sight = { at: 0, hosts: new Map() };
  #planned: (Planned & { readonly at: number; readonly for: string }) | undefined;
  #seen = nothingSeen;
  #lookedForDueAt = 0;
  /** Who began before it was known what they write. */
  readonly #unmeasured = new Set<string>();
  #kept = { at: 0, text: '' };

  constructor(ports: RunPorts) {
    this.#ports = ports;
    this.#scout = new Scout(ports, ports.wake);
    this.#maker = new PlanMaker(ports.store, this.#scout, ports.config);
    this.#courses = new Courses(ports.store);
  }

  close(): Promise<void> {
    return this.#scout.close();
  }

  /** What one of its VMs, on this host, was seen to write. */
  measured(vm: string, host: string): readonly SeenWrites[] {
    const seen = this.#sight.hosts.get(host)?.find(({ name }) => name === vm);
    return seen === undefined ? [] : this.#scout.gauge.seen(seen.uuid);
  }

  /** Until something of its plan is due, ms; Infinity: nothing is. */
  dueInMs(): number {
    const planned = this.#planned;
    if (planned === undefined) return Infinity;
    // What has come due since it was last looked for is due now.
    const lookedMs = Math.max(0, this.#lookedForDueAt - planned.at);
    const dueMs = nextDueMs(planned.plan, lookedMs, this.#seen) ?? Infinity;
    return Math.max(0, planned.at + dueMs - this.#ports.world.wallMs());
  }

  /** Looks, plans, begins what is due, and keeps what it has come to. */
  async round(row: OperationRow): Promise<void> {
    const now = this.#ports.world.wallMs();
    const courses = await this.#courses.of(row.id);
    this.#measure(courses, now);
    const before = row.report?.parts ?? [];
    await this.#look(row, before, courses, now);
    const importance = highest(row.importance, row.report?.importance ?? 'low');
    const judging = this.#judging(row, courses, importance, now);
    let parts = partsNow(before, this.#fresh(row), judging);
    let matters = importance;
    if (row.state === 'running') {
      this.#gauge(row, parts);
      matters = await this.#plan(row, parts, courses, importance, now);
      parts = this.#planParts(parts, now);
      this.#seen = this.#seenIn(courses);
      await this.#begin(row, parts, matters);
      await this.#hasten(row, parts, courses, matters);
    }
    const findings = { matter: row, importance: matters, parts, sight: this.#sight, now };
    const report = reportOf({ ...findings, planned: this.#planned }, row.report);
    await this.#keep(row, report, now);
    const verdict = verdictOf(row, report, this.#sight, now);
    if (verdict !== 'running') await this.#end(row, verdict, report, now);
  }

  #judging(
    row: OperationRow,
    courses: readonly Course[],
    importance: Importance,
    now: number,
  ): Judging {
    const { aims, deadlineAt, kind } = row;
    return {
      sight: this.#sight,
      courses,
      aims,
      importance,
      persists: kind === 'drain',
      deadlineAt,
      now,
    };
  }

  async #look(
    row: OperationRow,
    parts: readonly Part[],
    courses: readonly Course[],
    now: number,
  ): Promise<void> {
    const since = this.#sight.at;
    const ended = courses.some(({ endedAt }) => endedAt !== undefined && endedAt >= since);
    if (now - since < lookEveryMs && !ended) return;
    const isFirst = parts.length === 0 && row.kind !== 'drain';
    const names = isFirst
      ? Object.keys(this.#ports.config().hosts)
      : hostsToSee(row, parts).filter((name) => this.#ports.config().hosts[name] !== undefined);
    this.#sight = await this.#scout.see(names, await this.#ours());
  }

  async #ours(): Promise<ReadonlySet<string>> {
    const { items } = await this.#ports.store.migrations.list(
      { phases: livePhases },
      { limit: mostLive },
    );
    return new Set(items.flatMap(({ vmUuid }) => vmUuid ?? []));
  }

  /** Who is to move: all on a host that is emptied, and those that are wanted elsewhere. */
  #fresh({ kind, host, aims }: OperationRow): readonly SeenVm[] {
    const seen = [...this.#sight.hosts.values()].flatMap((vms) => vms ?? []);
    const holding = seen.filter(({ state }) => state !== 'shut-off' && state !== 'crashed');
    if (kind === 'drain') return holding.filter((vm) => vm.host === host);
    return holding.filter(({ uuid, host: at }) => {
      const target = aims.targets?.[uuid];
      return target !== undefined && target !== at;
    });
  }

  /** What those write that wait is measured beside everything else. */
  #gauge(row: OperationRow, parts: readonly Part[]): void {
    const waiting = new Set(parts.filter(({ state }) => state === 'waiting').map(uuidOf));
    this.#scout.gauge.whileWaiting(this.#fresh(row).filter((vm) => waiting.has(vm.uuid)));
  }

  /** Plans anew where anything has changed, or some time has passed. Returns how much it matters by then. */
  async #plan(
    row: OperationRow,
    parts: readonly Part[],
    courses: readonly Course[],
    importance: Importance,
    now: number,
  ): Promise<Importance> {
    const open = parts.filter(({ state }) => state === 'waiting' || state === 'moving');
    const config = this.#ports.config();
    const key = JSON.stringify([
      row.revision,
      parts.map(({ uuid, state, againAt }) => [
        uuid,
        state,
        againAt !== undefined && againAt > now,
      ]),
      courses.length,
      this.#scout.gauge.rounds,
      config.hosts,
    ]);
    const planned = this.#planned;
    const isOver = planned !== undefined && now > planned.at + planned.plan.makespanMs.p50;
    const lastsMs = isOver ? lookEveryMs : planEveryMs;
    if (planned !== undefined && planned.for === key && now - planned.at < lastsMs)
      return importance;
    if (open.length === 0) {
      this.#planned = undefined;
      return importance;
    }
    const { made, importance: matters } = await asMuchAsNeeded(importance, (one) =>
      this.#make(row, parts, courses, one, now),
    );
    this.#planned = { ...made, at: now, for: key };
    return matters;
  }

  #make(
    row: OperationRow,
    parts: readonly Part[],
    courses: readonly Course[],
    importance: Importance,
    now: number,
  ): Promise<Planned> {
    const byUuid = new Map(parts.map((part) => [part.uuid, part]));
    const leaving = this.#fresh(row).filter(({ uuid }) => {
      const state = byUuid.get(uuid)?.state;
      return state === 'waiting' || state === 'moving';
    });
    return this.#maker.plan({
      wanted: wantedOf(row, leaving, importance, now),
      leaving,
      resting: (uuid) => {
        const part = byUuid.get(uuid);
        return part === undefined ? {} : restingHosts(part, courses, now);
      },
      fixed: (uuid) => {
        const part = byUuid.get(uuid);
        return part === undefined || part.state === 'moving' || isOpen(part, now)
          ? undefined
          : part.why;
      },
      throughputOf: (host) => this.#throughputOf(host),
    });
  }

  #seenIn(courses: readonly Course[]): Seen {
    const since = this.#planned?.at ?? 0;
    const arrivals = courses.flatMap(({ stage, uuid, arrivesAt }) =>
      stage !== 'live' || uuid === undefined || arrivesAt === undefined
        ? []
        : [[uuid, arrivesAt - since] as const],
    );
    const lookedMs = courses.flatMap(({ requestedAt, startedAt }) =>
      requestedAt === undefined || startedAt === undefined ? [] : [startedAt - requestedAt],
    );
    return { arrivals: new Map(arrivals), lookedMs };
  }

  #planParts(parts: readonly Part[], now: number): readonly Part[] {
    const planned = this.#planned;
    if (planned === undefined || planned.at !== now) return parts;
    const known = new Set(parts.map(({ uuid }) => uuid));
    const seen = [...planned.sight.hosts.values()].flatMap((vms) => vms ?? []);
    const names = new Map(seen.map(({ uuid, name }) => [uuid, name]));
    const movers = new Set(
      planned.plan.moves.filter(({ running }) => !running).map(({ vm }) => vm),
    );
    // Others may have to make room.
    const others = seen.filter(({ uuid }) => movers.has(uuid) && !known.has(uuid));
    const all = [...parts, ...others.map(newPart)];
    return withPlan(all, planned, now, (uuid) => names.get(uuid) ?? uuid);
  }

  async #begin(row: OperationRow, parts: readonly Part[], importance: Importance): Promise<void> {
    const planned = this.#planned;
    const now = this.#ports.world.wallMs();
    if (planned === undefined || !(await this.#isStillWanted(row))) return;
    this.#lookedForDueAt = now;
    for (const move of this.#due(row, planned, importance, now)) {
      const part = parts.find(({ uuid }) => uuid === move.vm);
      if (part === undefined || !isOpen(part, now)) continue;
      await this.#beginOne(row, part, move, { ...planned, importance });
    }
  }

  /**
   * Nobody begins while it is being measured for the first time; but where all have to leave whatever they write, and
   * have no date to keep, the way is not left empty for that: the first of the plan goes.
   */
  #due(
    { deadlineAt }: OperationRow,
    { plan, at, sight }: Planned & { readonly at: number },
    importance: Importance,
    now: number,
  ): readonly PlannedMove[] {
    const { gauge } = this.#scout;
    const due = dueMoves(plan, now - at, this.#seen).filter(({ vm }) => !gauge.isAwaited(vm));
    if (due.length > 0 || importance !== 'high' || deadlineAt !== undefined) return due;
    const first = headStart(plan, (vm) => seenAt(sight, vm)?.cpuMs);
    if (first === undefined || !gauge.isAwaited(first.vm)) return [];
    this.#unmeasured.add(first.vm);
    return [first];
  }

  async #beginOne(
    row: OperationRow,
    part: Part,
    move: PlannedMove,
    {
      plan,
      at,
      importance,
    }: { readonly plan: Plan; readonly at: number; readonly importance: Importance },
  ): Promise<void> {
    const { deadlineAt } = row;
    const { memoryBytes } = part;
    const matters = importanceOf(part, importance, row.aims);
    const request = {
      operation: row,
      vm: part.vm,
      from: move.from,
      to: move.to,
      importance: matters,
      deadlineAt: deadlineOf(move, { plan, at, deadlineAt, memoryBytes, importance: matters }),
      requestKey: `${row.id}/${part.uuid}/${part.tries + 1}`,
    };
    try {
      await this.#ports.begin(request);
    } catch (error) {
      // Somebody else asked for it meanwhile, or the host has gone from the fleet: the next plan sees that.
      if (!(error instanceof DroverError) || hasCode(error, 'store.unavailable')) throw error;
      this.#ports.log(`${part.vm} could not be begun: ${messageOf(error)}`, error);
    }
  }

  async #isStillWanted({ id, revision }: OperationRow): Promise<boolean> {
    if (!(await this.#ports.mayAct())) return false;
    const now = await this.#ports.store.operations.get(id);
    return now?.state === 'running' && now.revision === revision;
  }

  /**
   * What runs matters at least as much as the operation does by now; who was raised by a person stays so.
   * Where everybody has to leave, who is seen to be outrun is not waited for any longer.
   */
  async #hasten(
    row: OperationRow,
    parts: readonly Part[],
    courses: readonly Course[],
    importance: Importance,
  ): Promise<void> {
    for (const course of courses) {
      const part = parts.find(({ migrationId }) => migrationId === course.id);
      if (course.stage !== 'live' || part === undefined) continue;
      const wanted = importanceOf(part, importance, row.aims);
      if (rank(wanted) > rank(course.importance))
        await this.#wish(row, course, { importance: wanted });
      const isFree = row.deadlineAt === undefined && course.deadlineAt === undefined;
      if (!isFree || wanted !== 'high') continue;
      const deadlineAt = isOutrun(course, part.memoryBytes)
        ? this.#ports.world.wallMs()
        : this.#nowMeasured(part, wanted);
      if (deadlineAt !== undefined) await this.#wish(row, course, { deadlineAt });
    }
  }

  /** By when one is to end that began before it was known what it writes, as soon as that is known. */
  #nowMeasured({ uuid, memoryBytes }: Part, importance: Importance): number | undefined {
    const planned = this.#planned;
    const move = planned?.plan.moves.find(({ vm, running }) => running && vm === uuid);
    if (planned === undefined || move === undefined || this.#scout.gauge.isAwaited(uuid))
      return undefined;
    if (!this.#unmeasured.delete(uuid)) return undefined;
    const { plan, at } = planned;
    return deadlineOf(move, { plan, at, deadlineAt: undefined, memoryBytes, importance });
  }

  async #wish(row: OperationRow, { id, vm }: Course, wishes: NewWishes): Promise<void> {
    const at = this.#ports.world.wallMs();
    const data = { ...wishes, by: `operation ${row.id}` };
    const event = { at, type: 'migration.changed', subject: id, data };
    const wished = await this.#ports.store.migrations.wish(id, wishes, event);
    if (wished === 'missing') this.#ports.log(`the migration ${id} of ${vm} is gone`, undefined);
  }

  async #keep(row: OperationRow, report: Report, now: number): Promise<void> {
    const events = partEvents(row, report, now);
    const text = JSON.stringify({ ...report, at: 0 });
    if (text === this.#kept.text && now - this.#kept.at < keepEveryMs) return;
    this.#kept = { at: now, text };
    if (await this.#ports.mayAct())
      await this.#ports.store.operations.report(row.id, report, events);
  }

  async #end(row: OperationRow, state: OperationState, report: Report, now: number): Promise<void> {
    if (!(await this.#ports.mayAct())) return;
    const says = saysOf(row, report, state, now);
    await this.#ports.store.operations.report(row.id, { ...report, says, eta: undefined }, []);
    const event = { at: now, type: 'operation.ended', subject: row.id, data: { state, says } };
    const changed = await this.#ports.store.operations.change(
      row.id,
      { state, endedAt: now },
      event,
      row.revision,
    );
    if (typeof changed === 'string' && changed !== 'stale')
      this.#ports.log(`the operation ${row.id} could not be ended: ${changed}`, undefined);
  }

  #measure(courses: readonly Course[], now: number): void {
    const rates = new Map<string, number>();
    for (const { stage, from, throughputBytesPerSecond: rate = 0 } of courses)
      if (stage === 'live' && rate > 0) rates.set(from, (rates.get(from) ?? 0) + rate);
    for (const [host, rate] of rates) {
      const lately = (this.#throughput.get(host) ?? []).filter(
        ({ at }) => now - at < throughputOfMs,
      );
      this.#throughput.set(host, [...lately, { at: now, rate }]);
    }
  }

  #throughputOf(host: string): number | undefined {
    const seen = this.#throughput.get(host);
    return seen === undefined || seen.length === 0
      ? undefined
      : Math.max(...seen.map(({ rate }) => rate));
  }
}

function uuidOf({ uuid }: { readonly uuid: string }): string {
  return uuid;
}

function highest(a: Importance, b: Importance): Importance {
  return rank(a) >= rank(b) ? a : b;
}

function rank(importance: Importance): number {
  return importances.indexOf(importance);
}
