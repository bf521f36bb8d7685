import { DroverError } from '../errors/catalogue.ts';
import type { Config } from '../fleet/config.ts';
import { resolveHost } from '../fleet/hosts.ts';
import { learn } from '../forecast/learn.ts';
import type { SeenWrites } from '../hypervisor/port.ts';
import { surveyJob } from '../migration/adoption.ts';
import { againAfterMs, lastAttempt } from '../migration/again.ts';
import type { Beginning } from '../migration/beginning.ts';
import type { RunEvent } from '../migration/events.ts';
import type { Keeping, LessonsOf } from '../migration/keeping.ts';
import { hasCode } from '../migration/look.ts';
import type { Orders, Watching } from '../migration/orders.ts';
import { isOld } from '../migration/overtaken.ts';
import { endOf } from '../migration/recording.ts';
import type { MigrateRequest } from '../migration/request.ts';
import type { Conclusion } from '../migration/result.ts';
import type { Run } from '../migration/run.ts';
import { readyToMove } from '../migration/service.ts';
import type { Surroundings } from '../migration/surroundings.ts';
import { readyToTakeUp } from '../migration/take-up.ts';
import { budgetFor } from '../policy/budget-for.ts';
import { matrixWith } from '../policy/overrides.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import type { MigrationPhase, MigrationRow, NewEvent } from '../store/rows.ts';
import type { Ended, Store } from '../store/store.ts';
import { formatDuration } from '../units/format.ts';
import type { HeldLease } from './leases.ts';
import { isAtSource, overtakenBy, withSharedHosts } from './overtaken.ts';
import { Page } from './page.ts';
import { refusalOf } from './refusals.ts';
import { stateOf } from './state-of.ts';
import type { World } from './world.ts';

const againMs = 500;
const tooOld =
  'Nobody has steered it for long: it is not tried again, and has to be asked for anew.';

/** What a job needs of its controller. */
export interface JobPorts {
  readonly store: Store;
  readonly world: World;
  /** As it is by now. */
  readonly config: () => Config;
  /** Its share of what admins allow, bytes/s; `undefined`: nothing is shared. */
  readonly shareOf: (id: string) => number | undefined;
  /** How many times rarer than usual each may be read, because so many run. */
  readonly spare: () => number;
  /** What its operation, where this replica carries it out, has seen the guest write. */
  readonly measuredFor: (row: MigrationRow) => readonly SeenWrites[];
  /** The way of one is free, though it has not ended. */
  readonly onLanded: () => void;
  readonly log: (message: string, error: unknown) => void;
}

/** One migration, as long as this replica may steer it. Keeps what it comes to in the store. */
export class Job implements Keeping {
  readonly held: HeldLease;
  readonly page: Page;
  readonly #row: MigrationRow;
  readonly #ports: JobPorts;
  /** What goes into the row as one step after another. */
  #writing: Promise<unknown> = Promise.resolve();
  #unwritten = 0;
  #startedAt: number | undefined;
  #passedReturn: boolean;
  #vmUuid: string | undefined;
  #slaClass: SlaClass | undefined;
  /** Nobody steered it for so long that what was wished for may be wished for no more. */
  #old = false;

  constructor(row: MigrationRow, held: HeldLease, ports: JobPorts) {
    this.#row = row;
    this.held = held;
    this.#ports = ports;
    this.#startedAt = row.startedAt;
    this.#vmUuid = row.vmUuid;
    this.#passedReturn = row.pointOfNoReturnAt !== undefined;
    this.page = new Page(row.id, ports.world);
  }

  get id(): string {
    return this.#row.id;
  }

  /** Whether a step is on its way to the store: what the page has goes with it, or after it. */
  get writing(): boolean {
    return this.#unwritten > 0;
  }

  /** Every later step waits for this, which takes what happened before it to the store. */
  behind(report: Promise<unknown>): void {
    this.#write(() => report.catch(() => undefined));
  }

  /** Steers until it ends, or until the lease does. Never rejects. */
  async run(): Promise<void> {
    try {
      const beginning = await this.#ports.store.migrations.beginning(this.id);
      const around = withSharedHosts(this.#surroundings());
      const overtaken = beginning && (await this.#overtaken(beginning, around));
      if (overtaken !== undefined) return await this.#conclude(overtaken, 'failed-safe');
      const run = await (beginning ? this.#readyToTakeUp(beginning, around) : this.#ready());
      let conclusion = await run.toTheEnd();
      if (this.#mustTryAgain(conclusion)) conclusion = await this.#insistOn(conclusion);
      if (conclusion.outcome !== 'detached') await this.#conclude(conclusion, conclusion.outcome);
    } catch (error) {
      await this.#fail(error);
    } finally {
      await this.#writing;
    }
  }

  /** An operation that has to end is tried again where it failed in pre-copy: the guest runs on. */
  #mustTryAgain({ outcome }: Conclusion): boolean {
    if (outcome !== 'failed-safe' || !this.#mustFinish()) return false;
    if (this.#old) this.#notice(tooOld);
    return !this.#old;
  }

  async #insistOn(first: Conclusion): Promise<Conclusion> {
    const { store } = this.#ports;
    let conclusion = first;
    let failures = 1;
    let fresh = true;
    while (this.#mustTryAgain(conclusion)) {
      const waitMs = againAfterMs(failures);
      if (waitMs === undefined) {
        this.#notice(`It failed ${failures} times, and is not tried again.`);
        return fresh ? conclusion : this.#lookedAfter(conclusion);
      }
      this.#notice(
        `It has to be moved: it is tried again in ${formatDuration(waitMs)}, after ${failures} in vain.`,
      );
      this.#write(() => store.migrations.advance(this.held.lease, { phase: 'preflight' }, []));
      if (!(await this.#waited(waitMs))) return this.#afterWait(conclusion);
      const next = await this.#attemptAgain(failures);
      fresh = next !== undefined;
      conclusion = next ?? conclusion;
      failures += 1;
    }
    return conclusion;
  }

  #mustFinish(): boolean {
    // An operation goes elsewhere, or comes back to it.
    if (this.#slaClass === undefined || this.#row.operationId !== undefined) return false;
    const matrix = matrixWith(this.#ports.config().policy);
    const { importance } = this.held.wishes;
    return budgetFor(this.#slaClass, importance, matrix).otherwise === 'finish';
  }

  /** Whether the time passed with nobody wanting otherwise. */
  async #waited(ms: number): Promise<boolean> {
    const { clock } = this.#ports.world;
    const untilMs = clock.nowMs() + ms;
    while (clock.nowMs() < untilMs) {
      if (this.held.over.aborted || this.held.wishes.cancelRequested) return false;
      await clock.sleep(Math.min(againMs, untilMs - clock.nowMs()), this.held.over);
    }
    return true;
  }

  async #afterWait(conclusion: Conclusion): Promise<Conclusion> {
    if (this.held.over.aborted) return { ...conclusion, outcome: 'detached' };
    return this.#lookedAfter({ ...conclusion, outcome: 'aborted' });
  }

  /** Its host may have died while it waited to be tried again: then where it is has to show. */
  async #lookedAfter(conclusion: Conclusion): Promise<Conclusion> {
    const { uuid } = conclusion.domain;
    if (await isAtSource(this.#row, uuid, this.#ports.config(), this.#surroundings()))
      return conclusion;
    this.#notice('It was seen at its source before, and is not any more.');
    return { ...conclusion, outcome: 'unknown', runsOn: [] };
  }

  /** From pre-flight on; `undefined` where that finds that a host is still not there. */
  async #attemptAgain(failures: number): Promise<Conclusion | undefined> {
    const request = { ...this.#request(), failures };
    const startedAt = this.#startedAt;
    this.#startedAt = undefined;
    try {
      const run = await this.#readyToMove(request);
      return await run.toTheEnd();
    } catch (error) {
      if (!(error instanceof DroverError) || this.#startedAt !== undefined) throw error;
      if (hasCode(error, 'lease.lost') || hasCode(error, 'store.unavailable')) throw error;
      this.#notice(`It could not begin again: ${error.message}`);
      return undefined;
    } finally {
      this.#startedAt ??= startedAt;
    }
  }

  #notice(message: string): void {
    const { world } = this.#ports;
    const atMs = world.wallMs() - (this.#startedAt ?? world.wallMs());
    this.page.heed({ kind: 'notice', message, atMs });
  }

  /** How it ended where others have moved the VM since: nothing of it is begun anew. */
  async #overtaken(beginning: Beginning, around: Surroundings): Promise<Conclusion | undefined> {
    const { config, world } = this.#ports;
    const overtaken = await overtakenBy(this.#row, world.wallMs(), beginning, config(), around);
    if (overtaken !== undefined) this.#notice(overtaken.why);
    return overtaken?.conclusion;
  }

  async #ready(): Promise<Run> {
    if (this.#row.origin === 'adopted') return this.#readyToAdopt();
    await this.#ports.store.migrations.advance(this.held.lease, { phase: 'preflight' }, []);
    return this.#readyToMove(this.#request());
  }

  #readyToMove(request: MigrateRequest): Promise<Run> {
    return readyToMove(request, this.#ports.config(), this.#watching(), this.#surroundings());
  }

  #request(): MigrateRequest {
    const { vm, from, to, importance, reason, deadlineAt } = this.#row;
    const now = this.#ports.world.wallMs();
    const deadlineMs = deadlineAt === undefined ? undefined : Math.max(1, deadlineAt - now);
    return { vm, from, to, importance, reason, deadlineMs };
  }

  async #readyToTakeUp(beginning: Beginning, around: Surroundings): Promise<Run> {
    const { store, world, config } = this.#ports;
    const { from, to, startedAt = world.wallMs(), phase } = this.#row;
    const { samples, decisions } = await store.migrations.chapters(this.id);
    this.#slaClass = beginning.head.slaClass;
    const seen = lastAttempt(samples);
    this.#old = beginning.startNumber === undefined || isOld(seen, world.wallMs() - startedAt);
    for (const decision of decisions) this.page.foresee(decision);
    this.page.note('migration.taken-up', { by: this.held.lease.owner, phase });
    const taken = {
      beginning,
      from: resolveHost(config(), from),
      to: resolveHost(config(), to),
      startedAtMs: world.clock.nowMs() - Math.max(0, world.wallMs() - startedAt),
      state: stateOf(phase, decisions),
      seen,
      decisions,
    };
    return readyToTakeUp(taken, config(), this.#watching(), around);
  }

  /** What somebody else began is looked at once more, now that nobody else of ours takes it. */
  async #readyToAdopt(): Promise<Run> {
    const { config, world } = this.#ports;
    const from = resolveHost(config(), this.#row.from);
    const candidates = [resolveHost(config(), this.#row.to)];
    const asked = { ...this.#request(), from, candidates };
    const surveyed = await surveyJob(asked, config(), this.#surroundings());
    await this.#begin(surveyed.beginning, world.wallMs() - surveyed.elapsedMs);
    for (const message of [surveyed.beginning.plan.why, ...surveyed.limits]) {
      this.page.heed({ kind: 'notice', message, atMs: surveyed.elapsedMs });
    }
    const taken = {
      beginning: surveyed.beginning,
      from,
      to: surveyed.to,
      startedAtMs: world.clock.nowMs() - surveyed.elapsedMs,
      state: stateOf('copying', []),
      seen: [],
      decisions: [],
    };
    return readyToTakeUp(taken, config(), this.#watching(), this.#surroundings());
  }

  #surroundings(): Surroundings {
    const { world } = this.#ports;
    return {
      clock: world.clock,
      hostAt: (host) => world.hostAt(host, this.held.mayAct),
      keeping: this,
    };
  }

  lessons(of: LessonsOf, limit: number): ReturnType<Keeping['lessons']> {
    return this.#ports.store.migrations.lessons(of, limit);
  }

  measured(): readonly SeenWrites[] {
    return this.#ports.measuredFor(this.#row);
  }

  begin(beginning: Beginning): Promise<void> {
    return this.#begin(beginning, this.#ports.world.wallMs());
  }

  async #begin(beginning: Beginning, startedAt: number): Promise<void> {
    const { store } = this.#ports;
    const at = this.#startedAt ?? startedAt;
    const { slaClass, from, to, vm } = beginning.head;
    this.#vmUuid = vm.uuid;
    this.#slaClass = slaClass;
    const data = { phase: 'copying', vm: vm.name, slaClass, from: from.name, to: to.name };
    await this.#fencedStep('migration.began', data, (events) =>
      store.migrations.begin(this.held.lease, beginning, at, events),
    );
    this.#startedAt = at;
  }

  async passReturn(): Promise<void> {
    if (this.#passedReturn) return;
    const { store, world } = this.#ports;
    const change = { pointOfNoReturnAt: world.wallMs() };
    await this.#fencedStep('migration.point-of-no-return', {}, (events) =>
      store.migrations.advance(this.held.lease, change, events),
    );
    this.#passedReturn = true;
  }

  /** Rejects where it could not be kept: then what it was to be kept for must not be done. */
  async #fencedStep(
    type: string,
    data: unknown,
    write: (events: readonly NewEvent[]) => Promise<boolean>,
  ): Promise<void> {
    await this.#writing;
    const before = this.page.tearEvents();
    try {
      if (await write([...before, this.#event(type, data)])) return;
    } catch (error) {
      this.page.putBackEvents(before);
      throw error;
    }
    this.held.end();
    this.held.mayAct();
  }

  #watching(): Watching {
    return {
      onEvent: (event) => this.#heed(event),
      orders: () => this.#orders(),
      letGo: this.held.over,
    };
  }

  #orders(): Orders {
    const { importance, deadlineAt, cancelRequested } = this.held.wishes;
    const { config, shareOf, spare, world } = this.#ports;
    const startedAt = this.#startedAt ?? world.wallMs();
    return {
      importance,
      deadlineMs: deadlineAt === undefined ? null : deadlineAt - startedAt,
      config: config(),
      cancelled: cancelRequested,
      shareBytesPerSecond: shareOf(this.id),
      spare: spare(),
    };
  }

  #heed(event: RunEvent): void {
    this.page.heed(event);
    if (event.kind === 'landed') this.#ports.onLanded();
    if (event.kind !== 'phase' || event.phase === 'ended' || event.phase === 'queued') return;
    const { phase } = event;
    this.page.note('migration.phase', { phase });
    this.#write(() => this.#advance(phase));
  }

  /** What led to a phase is told before it: all that waits on the page goes with it, in its order. */
  async #advance(phase: MigrationPhase): Promise<void> {
    const events = this.page.tearEvents();
    try {
      await this.#ports.store.migrations.advance(this.held.lease, { phase }, events);
    } catch (error) {
      this.page.putBackEvents(events);
      throw error;
    }
  }

  /** Phases reach the store in their order, and hold nobody up. */
  #write(work: () => Promise<unknown>): void {
    this.#unwritten += 1;
    this.#writing = this.#writing
      .then(work)
      .catch((error: unknown) => {
        this.#ports.log(`what migration ${this.id} came to could not be kept`, error);
      })
      .finally(() => {
        this.#unwritten -= 1;
      });
  }

  async #conclude(conclusion: Conclusion, phase: MigrationPhase): Promise<void> {
    const { firstForecastMs: forecastMs } = this.page;
    const end = { ...endOf(conclusion), ...(forecastMs === undefined ? {} : { forecastMs }) };
    const { runsOn, totalMs, blackout, sentBytes } = end;
    const by = this.held.lease.owner;
    const data = { phase, by, runsOn, totalMs, blackoutMs: blackout?.ms, sentBytes, forecastMs };
    await this.#finish({ phase, end, error: undefined }, data);
  }

  async #finish(
    ended: Pick<Ended, 'phase' | 'end' | 'error'>,
    data: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { store, world } = this.#ports;
    await this.#writing;
    const last = this.page.tearChapter();
    const events = [...this.page.tearEvents(), this.#event('migration.ended', data)];
    const lesson = ended.phase === 'unknown' ? undefined : await this.#lesson(last.samples);
    const whole = { ...ended, endedAt: world.wallMs(), lesson };
    const kept = await this.#insist(() =>
      store.migrations.finish(this.held.lease, whole, last, events),
    );
    if (!kept) this.#ports.log(`migration ${this.id} ended after its lease was lost`, undefined);
    await this.#noteWrites(lesson);
    this.held.end();
  }

  /** What the VM was seen to write is a part of its own history. */
  async #noteWrites(lesson: Ended['lesson']): Promise<void> {
    const { store, world } = this.#ports;
    const rate = lesson?.workingSet?.rateBytesPerSecond;
    if (rate === undefined || this.#vmUuid === undefined) return;
    await store.vms.measured(this.#vmUuid, world.wallMs(), rate);
  }

  /** A store that does not answer for a moment shall not cost the end of the story. */
  async #insist(write: () => Promise<boolean>): Promise<boolean> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (!hasCode(error, 'store.unavailable') || !this.held.holds()) throw error;
        await this.#ports.world.clock.sleep(againMs, this.held.over);
      }
    }
  }

  async #lesson(last: Parameters<typeof learn>[0]): Promise<Ended['lesson']> {
    const { samples } = await this.#ports.store.migrations.chapters(this.id);
    const all = lastAttempt([...samples, ...last]);
    return all.length === 0 ? undefined : learn(all);
  }

  /**
   * A refusal before the first order ends it: nothing was touched. After it only the hosts say how
   * it ended, so that a fault of ours leaves it to whoever takes it up next.
   */
  async #fail(error: unknown): Promise<void> {
    const begun = this.#startedAt !== undefined;
    const ours = hasCode(error, 'lease.lost') || hasCode(error, 'store.unavailable');
    if (begun || ours) {
      this.#ports.log(`migration ${this.id} is left to whoever takes it up`, error);
      return;
    }
    if (!(error instanceof DroverError))
      this.#ports.log(`migration ${this.id} could not begin: a fault of ours`, error);
    const { code, message, hint } = refusalOf(error);
    const phase = this.held.wishes.cancelRequested ? 'aborted' : 'failed-safe';
    try {
      await this.#finish(
        { phase, end: undefined, error: { code, message, hint } },
        { phase, by: this.held.lease.owner, code, message, hint },
      );
    } catch (unkept) {
      this.#ports.log(`that migration ${this.id} was refused could not be kept`, unkept);
    }
  }

  #event(type: string, data: unknown): NewEvent {
    return { at: this.#ports.world.wallMs(), type, subject: this.id, data };
  }
}
