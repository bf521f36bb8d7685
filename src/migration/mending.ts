import type { Sample } from '../forecast/telemetry.ts';
import type { Clock } from '../hypervisor/clock.ts';
import type { DomainChange, MigrateOptions, Way } from '../hypervisor/port.ts';
import { formatDuration } from '../units/format.ts';
import { Breaks } from './breaks.ts';
import type { RunIntent, RunPorts } from './intent.ts';
import { hasCode, messageOf } from './look.ts';
import { Recovery } from './recovery.ts';
import type { MigrationState, Place } from './transition.ts';
import { type Look, noticedByOne, type Verdict } from './whereabouts.ts';
import { Witness } from './witness.ts';

/**
 * A post-copy of which nothing goes out for so long is broken off and resumed, ms. Without it the
 * guest waits for TCP to give a dead connection up: some 15 minutes, as Linux is set by default.
 */
const standstillMs = 5_000;
/** The same in pre-copy, where nobody waits for it: it is cancelled. */
const idleStandstillMs = 30_000;
/** Refusals of a resume after which nobody but a person is likely to change that. */
const manyRefusals = 3;
/** Clearing up that fails so often needs a person. */
const mostClearings = 10;

type Flow = Pick<Sample, 'memorySentBytes' | 'memoryRemainingBytes'>;

/** Whether something was cleared up; `helpless`: nothing more can be done. */
export type Cleared = 'done' | 'not-yet' | 'helpless';

/** Mends what breaks on the way, where both hosts prove that it is safe. */
export class Mending {
  readonly #intent: RunIntent;
  readonly #ports: Pick<RunPorts, 'source' | 'destination'>;
  readonly #clock: Clock;
  readonly #tell: (message: string) => void;
  readonly #recovery: Recovery;
  readonly #breaks = new Breaks();
  readonly #witness: Witness;
  /** When a host said that post-copy broke, before a look at both has shown it. */
  #brokeAtMs: number | undefined;
  /** The way in use, by its place among the intent's. */
  #way = 0;
  #seen: Look | undefined;
  /** The most that was seen to have gone out, and when it was first seen. */
  #flowedBytes = -1;
  #flowedAtMs = 0;
  /** Whether it was last seen to run in post-copy. */
  #split = false;
  #clearings = 0;
  #helpless: string | undefined;

  constructor(all: {
    readonly intent: RunIntent;
    readonly ports: Pick<RunPorts, 'source' | 'destination'>;
    readonly clock: Clock;
    /** Nobody else steered it before. */
    readonly fromTheStart: boolean;
    readonly tell: (message: string) => void;
  }) {
    this.#intent = all.intent;
    this.#ports = all.ports;
    this.#clock = all.clock;
    this.#tell = all.tell;
    this.#recovery = new Recovery(all.intent.postCopyRecovery);
    this.#witness = new Witness(all.fromTheStart);
  }

  get breaks(): Pick<Breaks, 'count' | 'stalledMs'> {
    return this.#breaks;
  }

  /** Why nothing more can be done for a guest that stands still; `undefined` while there is hope. */
  get helpless(): string | undefined {
    return this.#helpless;
  }

  get way(): Way {
    const { ways } = this.#intent;
    return ways[this.#way] ?? ways[0];
  }

  heard(change: DomainChange, at: Place): void {
    if (at === 'destination') this.#witness.heard(change);
    if (change.kind === 'post-copy-failed') this.#brokeAtMs ??= change.atMs;
  }

  saw(look: Look, verdict: Verdict): void {
    this.#seen = look;
    this.#split = verdict === 'post-copy';
    this.#witness.saw(look);
  }

  changedPhase(before: MigrationState['phase'], phase: MigrationState['phase']): void {
    const now = this.#clock.nowMs();
    if (phase === 'recovering') this.#breaks.broke(this.#brokeAtMs ?? now);
    if (before === 'recovering') this.#wentOn(now);
    this.#brokeAtMs = undefined;
  }

  /** For how long nothing has come through, by this reading, ms. */
  #stillMs({ memorySentBytes: bytes, memoryRemainingBytes }: Flow): number {
    const now = this.#clock.nowMs();
    if (bytes > this.#flowedBytes || memoryRemainingBytes === 0) this.#flowsBy(bytes, now);
    return now - this.#flowedAtMs;
  }

  #flowsBy(bytes: number, atMs: number): void {
    this.#flowedBytes = bytes;
    this.#flowedAtMs = atMs;
  }

  /**
   * Whether a reading in pre-copy shows that nothing comes through any more. A throttled guest
   * suffers meanwhile; and a QEMU 11.1 that throttles one whose connection breaks by itself has
   * crashed five seconds after (seen on the lab), while one whose migration is cancelled has not.
   */
  standsStill(sample: Flow & Pick<Sample, 'throttlePercent'>): boolean {
    const longestMs = sample.throttlePercent > 0 ? standstillMs : idleStandstillMs;
    const stillMs = this.#stillMs(sample);
    if (stillMs < longestMs) return false;
    this.#tell(`Nothing has come through for ${formatDuration(stillMs)}: it is cancelled.`);
    return true;
  }

  /** A reading in post-copy: what stands still is broken off, where it can be resumed. */
  async heedFlow(sample: Flow): Promise<void> {
    const stillMs = this.#stillMs(sample);
    const open = this.#split && this.#recovery.forbidden() === undefined;
    if (!open || stillMs < standstillMs) return;
    this.#flowsBy(sample.memorySentBytes, this.#clock.nowMs());
    this.#tell('Nothing of its memory has come through for 5 s: the connection is broken off.');
    try {
      await this.#ports.source.breakOffPostCopy(this.#intent.domain.uuid);
    } catch (error) {
      this.#tell(`It could not be broken off: ${messageOf(error)}`);
    }
  }

  /** Whether a broken post-copy must not be resumed here; says why from then on. */
  mustNotResume(): boolean {
    this.#helpless ??= this.#recovery.forbidden();
    return this.#helpless !== undefined;
  }

  /**
   * The call that resumes a broken post-copy; `undefined` where it is not time for one. Where there
   * are several ways, the one that it broke on comes last: a daemon that tries a dead way is busy
   * with it for half a minute, and cannot be called back.
   */
  resume(optionsOver: (way: Way) => MigrateOptions): Promise<void> | undefined {
    if (!this.#recovery.due(this.#clock.nowMs())) return undefined;
    const { attempts } = this.#recovery;
    const { ways, domain } = this.#intent;
    this.#way = (this.#way + 1) % ways.length;
    const over = ways.length > 1 ? ` over ${inWords(this.way)}` : '';
    this.#tell(`Post-copy broke; resuming it${over}, attempt ${attempts}.`);
    const call = this.#ports.source.resumePostCopy(domain.uuid, optionsOver(this.way));
    return call.catch((error: unknown) => {
      if (hasCode(error, 'hypervisor.still-running')) this.#goesOnUnattended();
      else this.#tellRefusal(attempts, error);
      throw error;
    });
  }

  /** Left where it is, it would be had to go on by whoever takes it for the guest: libvirt, too. */
  async discardSource(): Promise<Cleared> {
    const { source, destination } = this.#ports;
    const cleared = await this.#clear(`end the copy that stands still on ${source.name}`, () =>
      source.discardCopy(this.#intent.domain.uuid),
    );
    if (cleared === 'done')
      this.#tell(
        `It runs whole on ${destination.name}: the copy that stood still on ${source.name} was ended.`,
      );
    return cleared;
  }

  /** What has never run at the destination goes first: a look later nothing there speaks against it. */
  async resumeSource(): Promise<Cleared> {
    if (this.#seen === undefined) return 'not-yet';
    const { source, destination } = this.#ports;
    const { uuid } = this.#intent.domain;
    const objection = this.#witness.objection(this.#seen);
    if (objection !== undefined) {
      this.#helpless = `It stands still on ${source.name}, and must not go on there: ${objection}`;
      return 'helpless';
    }
    if (this.#seen.destination.seen === 'domain') {
      const ended = await this.#clear(`end the copy that never ran on ${destination.name}`, () =>
        destination.discardCopy(uuid),
      );
      if (ended === 'done') this.#witness.endedUnrun();
      return ended;
    }
    const cleared = await this.#clear(`have it go on on ${source.name}`, () =>
      source.resumeGuest(uuid),
    );
    if (cleared === 'done')
      this.#tell(
        `Nobody carried its hand-over out any more, and ${destination.name} never ran it: it goes on on ${source.name}.`,
      );
    return cleared;
  }

  #tellRefusal(attempts: number, error: unknown): void {
    this.#tell(`It was not resumed, or not to its end: ${messageOf(error)}`);
    if (attempts !== manyRefusals || this.#seen === undefined || !noticedByOne(this.#seen)) return;
    const { source, destination } = this.#ports;
    this.#tell(
      `${destination.name} still waits on a connection that ${source.name} has given up, and both refuse to go on: ` +
        `"ss --kill dst ADDRESS" on ${destination.name}, with ${source.name}'s address for migrations, ends it.`,
    );
  }

  #goesOnUnattended(): void {
    this.#breaks.wasNone();
    this.#tell(
      'The daemons have lost each other, and QEMU goes on by itself: it is watched to its end.',
    );
  }

  #wentOn(atMs: number): void {
    // Nobody resumed it: it was never broken.
    if (this.#recovery.attempts === 0) this.#breaks.wasNone();
    const ms = this.#breaks.wentOn(atMs);
    if (ms === undefined) return;
    this.#recovery.succeeded();
    this.#tell(`Post-copy goes on, ${formatDuration(ms)} after break ${this.#breaks.count}.`);
  }

  /** What cannot be done again and again is left to a person. */
  async #clear(what: string, act: () => Promise<void>): Promise<Cleared> {
    this.#clearings += 1;
    try {
      await act();
      return 'done';
    } catch (error) {
      this.#tell(`Could not ${what} yet: ${messageOf(error)}`);
      if (this.#clearings < mostClearings) return 'not-yet';
      this.#helpless = `Nobody but a person can ${what}: ${messageOf(error)}`;
      return 'helpless';
    }
  }
}

function inWords({ uri, address }: Way): string {
  return address === undefined ? uri : `${address} (${uri})`;
}
