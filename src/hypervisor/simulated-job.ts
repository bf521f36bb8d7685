import type { SamplePhase } from '../forecast/telemetry.ts';
import type { JobReading, MigrateOptions } from './port.ts';
import { DirtyRate } from './simulated-dirty-rate.ts';
import type { GuestModel } from './simulated-guest.ts';
import { Looks } from './simulated-looks.ts';
import { DirtyMemory } from './simulated-memory.ts';
import type { HypervisorTraits } from './simulated-qemu.ts';
import type { Stream } from './simulated-stream.ts';
import { Throttle } from './simulated-throttle.ts';
import { type Toll, TollKeeper } from './simulated-toll.ts';
import type { VirtualClock } from './virtual-clock.ts';

const pageBytes = 4096;
const cancelMs = 300;
/** A TCP connection over a dead link is given up after this (tcp_retries2 = 4). */
const linkDeathMs = 7_000;
/** So much more or less than the limit is the rounding of sums. */
const roundingBytes = 2048;
/** Held to more of the link than this, what is sent unasked still fills the socket. */
const mostHeldShare = 0.45;

/** What the job tells the hosts that take part in it. */
export interface JobListener {
  suspended(): void;
  postCopyRunning(): void;
  postCopyFailed(): void;
  arrived(): void;
  cancelled(): void;
  /** It ended in pre-copy; the guest runs on where it was. */
  failed(why: string): void;
  /** It wants more or less of the link than before. */
  flowChanged(): void;
}

/** The conditions that a job begins under. */
export interface JobSettings {
  readonly stream: Stream;
  readonly traits: HypervisorTraits;
  readonly downtimeMs: number;
  /** See WorldSettings. */
  readonly syncMs: number;
  readonly setupMs: number;
}

type JobPhase =
  | 'setup'
  | 'pre-copy'
  | 'switching'
  | 'to-post-copy'
  | 'post-copy'
  | 'broken'
  | 'cancelling'
  | 'over';

/**
 * QEMU's migration of one guest, as discrete events: each look for dirty pages, the switch-over, the
 * end. Between two events memory flows at the link's rate, so nothing is computed until somebody looks.
 */
export class SimulatedJob {
  readonly #clock: VirtualClock;
  readonly #guest: GuestModel;
  readonly #options: MigrateOptions;
  readonly #listener: JobListener;
  readonly #looks: Looks;
  readonly #traits: HypervisorTraits;
  readonly #stream: Stream;
  readonly #memory: DirtyMemory;
  readonly #throttle: Throttle;
  readonly #dirtyRate = new DirtyRate();
  readonly #toll: TollKeeper;
  readonly #startedAtMs: number;
  #phase: JobPhase = 'setup';
  #downtimeMs: number;
  #iteration = 0;
  #settledAtMs: number;
  #syncedAtMs: number;
  #withdraw: () => void = () => undefined;
  #withdrawDeath: (() => void) | undefined;
  /** One of its hosts is dark: what is sent reaches nobody. */
  #dark = false;
  pauseMs: number | undefined;
  /** What post-copy sends unasked is held to this, bytes/s. */
  #restBytesPerSecond = Infinity;

  constructor(
    clock: VirtualClock,
    guest: GuestModel,
    options: MigrateOptions,
    settings: JobSettings,
    listener: JobListener,
  ) {
    this.#clock = clock;
    this.#guest = guest;
    this.#options = options;
    this.#listener = listener;
    this.#traits = settings.traits;
    this.#toll = new TollKeeper(guest);
    this.#stream = settings.stream;
    this.#downtimeMs = settings.downtimeMs;
    const compressed = options.compression !== undefined;
    this.#memory = new DirtyMemory(guest, clock.nowMs() + settings.setupMs, compressed);
    this.#looks = new Looks(settings.syncMs, this.#memory, settings.stream);
    this.#throttle = new Throttle(options.autoConverge);
    this.#startedAtMs = clock.nowMs();
    this.#settledAtMs = this.#startedAtMs + settings.setupMs;
    this.#syncedAtMs = this.#settledAtMs;
    this.#next(settings.setupMs, () => this.#begin());
  }

  get phase(): JobPhase {
    return this.#phase;
  }

  get sentBytes(): number {
    return this.#memory.wireBytesSent;
  }

  get elapsedMs(): number {
    return this.#clock.nowMs() - this.#startedAtMs;
  }

  get toll(): Toll {
    return this.#toll.tollAt(this.#clock.nowMs());
  }

  /** What it would take of a link that it had to itself, bytes/s. */
  get wantedBytesPerSecond(): number {
    if (this.#phase === 'pre-copy') return this.#stream.capBytesPerSecond;
    return this.#isFlowing ? Infinity : 0;
  }

  setDowntime(ms: number): void {
    this.#downtimeMs = ms;
    if (this.#phase === 'pre-copy') this.#planSync();
  }

  /** What a job is begun with comes into force with its stream, and puts an end to what was set before. */
  setMaxSpeed(bytesPerSecond: number): void {
    const begunWith = this.#options.bandwidthBytesPerSecond;
    if (this.#phase === 'setup' && begunWith !== undefined) return;
    this.#settle();
    this.#stream.capBytesPerSecond = bytesPerSecond;
    this.#listener.flowChanged();
    if (this.#phase === 'pre-copy') this.#planSync();
  }

  setPostCopySpeed(bytesPerSecond: number): void {
    this.#settle();
    this.#restBytesPerSecond = bytesPerSecond;
    if (this.#phase === 'post-copy') this.#planPostCopyEnd();
  }

  setLink(bytesPerSecond: number): void {
    if (bytesPerSecond === this.#stream.linkBytesPerSecond) return;
    this.#settle();
    this.#stream.linkBytesPerSecond = bytesPerSecond;
    this.#watchForDeath();
    if (this.#phase === 'pre-copy') this.#planSync();
    if (this.#phase === 'switching') this.#planDrained();
    if (this.#phase === 'to-post-copy') this.#planPostCopy();
    if (this.#phase === 'post-copy') this.#planPostCopyEnd();
  }

  /** Whether post-copy could be started now. */
  startPostCopy(): boolean {
    if (!this.#options.postCopy || this.#phase !== 'pre-copy') return false;
    this.#sync();
    this.#suspend('to-post-copy');
    this.#planPostCopy();
    return true;
  }

  breakPostCopy(): void {
    if (this.#phase !== 'post-copy') return;
    this.#settle();
    this.#phase = 'broken';
    this.#toll.suspend(this.#clock.nowMs());
    this.#withdraw();
    this.#listener.flowChanged();
    this.#listener.postCopyFailed();
  }

  resumePostCopy(): boolean {
    if (this.#phase !== 'broken' || this.#dark || this.#stream.linkBytesPerSecond <= 0)
      return false;
    this.#runInPostCopy();
    return true;
  }

  /** Whether the job could still be cancelled. */
  cancel(): boolean {
    if (this.#phase !== 'setup' && this.#phase !== 'pre-copy') return false;
    this.#settle();
    this.#phase = 'cancelling';
    this.#listener.flowChanged();
    this.#next(cancelMs, () => this.#end(() => this.#listener.cancelled()));
    return true;
  }

  /** A host or a daemon that it needs is gone: before post-copy the guest runs on at its source. */
  fail(why: string): void {
    if (this.#phase === 'post-copy') this.breakPostCopy();
    if (this.#phase === 'broken' || this.#phase === 'over') return;
    this.#settle();
    this.#noteResume();
    this.#end(() => this.#listener.failed(why));
  }

  /** One of its hosts has lost its power: nothing arrives any more, and nobody is told. */
  fallDark(): void {
    this.#dark = true;
  }

  get isDark(): boolean {
    return this.#dark;
  }

  /** A QEMU that it needs is gone, or nobody carries it out any more: it ends, and tells nobody. */
  vanish(): void {
    this.#settle();
    this.#end(() => undefined);
  }

  reading(): JobReading | undefined {
    if (this.#phase === 'over') return undefined;
    this.#settle();
    const begun = this.#phase !== 'setup';
    const link = this.#stream.linkBytesPerSecond;
    return {
      sample: {
        memoryTotalBytes: begun ? this.#guest.memoryBytes : 0,
        memoryRemainingBytes: begun ? Math.round(this.#memory.dirtyBytes) : 0,
        memorySentBytes: Math.round(this.#memory.wireBytesSent),
        normalPages: Math.round(this.#memory.normalBytesSent / pageBytes),
        constantPages: Math.round(this.#memory.constantBytesSent / pageBytes),
        pageSizeBytes: pageBytes,
        dirtyRateBytesPerSecond: Math.round(this.#dirtyRate.bytesPerSecond),
        throughputBytesPerSecond: begun ? this.#stream.bytesPerSecond : 0,
        iteration: this.#iteration,
        throttlePercent: this.#throttle.percent,
        postCopyRequests: Math.round(this.#toll.faults),
        phase: this.#samplePhase(),
      },
      elapsedMs: this.elapsedMs,
      expectedDowntimeMs: link > 0 ? (this.#memory.dirtyBytes / link) * 1000 : 0,
    };
  }

  #samplePhase(): SamplePhase {
    if (this.#phase === 'setup') return 'setup';
    return this.#phase === 'post-copy' || this.#phase === 'broken' ? 'post-copy' : 'pre-copy';
  }

  #begin(): void {
    this.#phase = 'pre-copy';
    this.#iteration = 1;
    this.#listener.flowChanged();
    this.#watchForDeath();
    this.#planSync();
  }

  #planSync(): void {
    const sinceSyncMs = this.#clock.nowMs() - this.#syncedAtMs;
    const wait = this.#looks.nextMs(sinceSyncMs, this.#thresholdBytes(), this.#throttle.percent);
    if (wait === Infinity) this.#withdraw();
    else this.#next(wait, () => this.#reachedSync());
  }

  /** An unsteady link may have carried less than was planned with. */
  #reachedSync(): void {
    this.#settle();
    const sinceSyncMs = this.#clock.nowMs() - this.#syncedAtMs;
    if (this.#looks.isDue(sinceSyncMs, this.#thresholdBytes(), this.#throttle.percent))
      this.#syncAndJudge();
    else this.#planSync();
  }

  #thresholdBytes(): number {
    return (this.#stream.bytesPerSecond * this.#downtimeMs) / 1000;
  }

  /** Moves memory across up to now. The guest's writes are known only at the next look. */
  #settle(): void {
    const now = this.#clock.nowMs();
    const from = this.#settledAtMs;
    if (now <= from) return;
    this.#settledAtMs = now;
    if (!this.#isFlowing) return;
    const stream = this.#stream;
    const budget = this.#budget(from, now);
    const wireBytes =
      this.#phase === 'post-copy'
        ? this.#fetch(budget, from, now)
        : this.#memory.send(budget, stream.linkBytesPerSecond);
    stream.hand(wireBytes, from, now);
    if (this.#phase === 'pre-copy') {
      this.#throttle.noteSent(wireBytes);
      this.#toll.noteThrottle(now - from, this.#workShare);
    }
  }

  /** Moves memory across in post-copy. Returns what it put on the link, bytes. */
  #fetch(carried: number, fromMs: number, untilMs: number): number {
    const { linkBytesPerSecond } = this.#stream;
    const held = this.#isRestHeld;
    const budget = held ? Math.min(carried, this.#heldBytes(untilMs - fromMs)) : carried;
    let wireBytes = 0;
    let left = budget;
    for (let at = fromMs; at < untilMs; ) {
      const fetched = this.#memory.fetch(left, linkBytesPerSecond);
      wireBytes += fetched.wireBytes;
      left -= fetched.usedBytes;
      const end = left > 0 ? untilMs - ((untilMs - fromMs) * left) / budget : untilMs;
      const missingBytes = this.#memory.dirtyBytes;
      this.#toll.noteFaults(at, end, fetched.needed, { linkBytesPerSecond, held, missingBytes });
      at = end;
    }
    return wireBytes;
  }

  get #isRestHeld(): boolean {
    return this.#restBytesPerSecond < this.#stream.linkBytesPerSecond * mostHeldShare;
  }

  /** What is sent unasked within so much time, and what the guest asks for beside it, bytes. */
  #heldBytes(ms: number): number {
    const asked = this.#toll.askedBytesPerSecond(
      this.#memory.neededShare(),
      this.#stream.linkBytesPerSecond,
    );
    return ((this.#restBytesPerSecond + asked) * ms) / 1000;
  }

  get #isFlowing(): boolean {
    const still: readonly JobPhase[] = ['setup', 'broken', 'cancelling', 'over'];
    return !still.includes(this.#phase);
  }

  /** What memory may be handed to the stream between two instants, bytes of link. */
  #budget(fromMs: number, untilMs: number): number {
    if (this.#phase === 'to-post-copy') return 0;
    if (this.#phase === 'pre-copy') return this.#stream.takes(fromMs, untilMs);
    return Math.max(0, this.#stream.carries(fromMs, untilMs) - this.#stream.queuedBytes);
  }

  /** Share of its work that the throttle leaves the guest, 0 to 1. */
  get #workShare(): number {
    return 1 - this.#guest.throttleEffect * (this.#throttle.percent / 100);
  }

  #sync(): void {
    this.#settle();
    const now = this.#clock.nowMs();
    const ms = now - this.#syncedAtMs;
    const written = this.#memory.sync(this.#syncedAtMs, now, this.#workShare);
    this.#syncedAtMs = now;
    this.#iteration += 1;
    this.#dirtyRate.noteSync(ms, written);
    this.#throttle.noteSync(ms, written);
  }

  #syncAndJudge(): void {
    this.#sync();
    if (this.#memory.dirtyBytes <= this.#thresholdBytes()) this.#switchOver();
    else this.#planSync();
  }

  #switchOver(): void {
    this.#suspend('switching');
    this.#planDrained();
  }

  /** The guest stands still until its last memory and its devices are across. */
  #planDrained(): void {
    const rest = this.#memory.costBytes(this.#stream.linkBytesPerSecond);
    const ms = this.#stream.emptyMs(rest);
    if (ms === Infinity) {
      this.#withdraw();
      return;
    }
    this.#next(ms, () => {
      this.#settle();
      const left = this.#memory.dirtyBytes + this.#stream.queuedBytes;
      if (left > roundingBytes) this.#planDrained();
      else this.#next(this.#traits.handOverMs, () => this.#arrive());
    });
  }

  #arrive(): void {
    if (this.#dark) return;
    this.#noteResume();
    this.#end(() => this.#listener.arrived());
  }

  #suspend(phase: 'switching' | 'to-post-copy'): void {
    this.#phase = phase;
    this.#toll.suspend(this.#clock.nowMs());
    this.#listener.suspended();
    this.#listener.flowChanged();
  }

  #noteResume(): void {
    this.pauseMs = this.#toll.resume(this.#clock.nowMs()) ?? this.pauseMs;
  }

  #planPostCopy(): void {
    const ms = this.#stream.emptyMs(0) + this.#traits.postCopyPauseMs;
    if (ms === Infinity) this.#withdraw();
    else this.#next(ms, () => this.#runInPostCopy());
  }

  #runInPostCopy(): void {
    if (this.#dark) return;
    this.#settle();
    this.#noteResume();
    this.#phase = 'post-copy';
    this.#settledAtMs = this.#clock.nowMs();
    this.#listener.flowChanged();
    this.#listener.postCopyRunning();
    this.#planPostCopyEnd();
  }

  #planPostCopyEnd(): void {
    const rest = this.#memory.costBytes(this.#stream.linkBytesPerSecond);
    const ms = this.#stream.emptyMs(rest);
    if (ms === Infinity) {
      this.#withdraw();
      return;
    }
    this.#next(ms, () => {
      this.#settle();
      if (this.#dark) return;
      if (this.#memory.dirtyBytes > roundingBytes) this.#planPostCopyEnd();
      else this.#end(() => this.#listener.arrived());
    });
  }

  /** A link that carries nothing is given up after a while. */
  #watchForDeath(): void {
    if (this.#stream.linkBytesPerSecond > 0) {
      this.#withdrawDeath?.();
      this.#withdrawDeath = undefined;
      return;
    }
    this.#withdrawDeath ??= this.#clock.schedule(this.#clock.nowMs() + linkDeathMs, () => {
      this.#withdrawDeath = undefined;
      this.fail('Channel error: Input/output error');
    });
  }

  #end(tell: () => void): void {
    this.#phase = 'over';
    this.#withdraw();
    this.#withdrawDeath?.();
    tell();
  }

  #next(ms: number, fire: () => void): void {
    this.#withdraw();
    this.#withdraw = this.#clock.schedule(this.#clock.nowMs() + ms, fire);
  }
}
