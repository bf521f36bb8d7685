import type { SamplePhase } from '../forecast/telemetry.ts';
import type { JobReading, MigrateOptions } from './port.ts';
import { type GuestModel, unionBytes, writtenBytes } from './simulated-guest.ts';
import type { VirtualClock } from './virtual-clock.ts';

const pageBytes = 4096;
/** Device state and the hand-shake: what a pause lasts when no memory is left to send. */
const handOverMs = 12;
const cancelMs = 300;
/** QEMU's rule: two periods that wrote more than half of what was sent raise the throttle. */
const throttleTrigger = 0.5;
const throttleHighest = 99;
const throttlePeriodMs = 1_000;

/** What the job tells the hosts that take part in it. */
export interface JobListener {
  suspended(): void;
  postCopyRunning(): void;
  postCopyFailed(): void;
  arrived(): void;
  cancelled(): void;
}

/** The conditions that a job begins under. */
export interface JobSettings {
  readonly linkBytesPerSecond: number;
  readonly downtimeMs: number;
  /** See WorldSettings. */
  readonly syncMs: number;
  readonly setupMs: number;
}

type JobPhase = 'setup' | 'pre-copy' | 'switching' | 'post-copy' | 'broken' | 'cancelling' | 'over';

/**
 * QEMU's migration of one guest, as discrete events: each bitmap sync, the switch-over, the end.
 * Between two events memory flows at the link's rate, so nothing is computed until somebody looks.
 */
export class SimulatedJob {
  readonly #clock: VirtualClock;
  readonly #guest: GuestModel;
  readonly #options: MigrateOptions;
  readonly #listener: JobListener;
  readonly #syncMs: number;
  readonly #startedAtMs: number;
  #phase: JobPhase = 'setup';
  #linkBytesPerSecond: number;
  #downtimeMs: number;
  #maxSpeedBytesPerSecond = Infinity;
  #remaining: number;
  /** What this pass began with: what unsent pages are spread over. */
  #passBytes: number;
  #sent = 0;
  #iteration = 0;
  #dirtyRate = 0;
  #throttle = 0;
  #strikes = 0;
  #periodSent = 0;
  #periodWritten = 0;
  #periodMs = 0;
  #settledAtMs: number;
  #suspendedAtMs: number | undefined;
  #withdraw: () => void = () => undefined;
  pauseMs: number | undefined;

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
    this.#syncMs = settings.syncMs;
    this.#linkBytesPerSecond = settings.linkBytesPerSecond;
    this.#downtimeMs = settings.downtimeMs;
    this.#remaining = guest.touchedBytes;
    this.#passBytes = guest.touchedBytes;
    this.#startedAtMs = clock.nowMs();
    this.#settledAtMs = this.#startedAtMs + settings.setupMs;
    this.#next(settings.setupMs, () => this.#beginPass());
  }

  get phase(): JobPhase {
    return this.#phase;
  }

  get sentBytes(): number {
    return this.#sent;
  }

  get elapsedMs(): number {
    return this.#clock.nowMs() - this.#startedAtMs;
  }

  setDowntime(ms: number): void {
    this.#downtimeMs = ms;
    if (this.#phase === 'pre-copy') this.#sync();
  }

  setMaxSpeed(bytesPerSecond: number): void {
    this.#settle();
    this.#maxSpeedBytesPerSecond = bytesPerSecond;
    if (this.#phase === 'pre-copy') this.#planSync();
  }

  /** What pre-copy moves: post-copy and the switch-over itself are not held back by the cap. */
  get #streamBytesPerSecond(): number {
    const capped = this.#phase === 'pre-copy' ? this.#maxSpeedBytesPerSecond : Infinity;
    return Math.min(this.#linkBytesPerSecond, capped);
  }

  setLink(bytesPerSecond: number): void {
    this.#settle();
    this.#linkBytesPerSecond = bytesPerSecond;
    if (this.#phase === 'pre-copy') this.#planSync();
    if (this.#phase === 'post-copy') this.#planPostCopyEnd();
  }

  /** Whether post-copy could be started now. */
  startPostCopy(): boolean {
    if (!this.#options.postCopy || this.#phase !== 'pre-copy') return false;
    this.#sync();
    if (this.#phase !== 'pre-copy') return false;
    this.#suspend();
    this.#next(handOverMs * 2, () => {
      this.#phase = 'post-copy';
      this.#settledAtMs = this.#clock.nowMs();
      this.#noteResume();
      this.#listener.postCopyRunning();
      this.#planPostCopyEnd();
    });
    return true;
  }

  breakPostCopy(): void {
    if (this.#phase !== 'post-copy') return;
    this.#settle();
    this.#phase = 'broken';
    this.#withdraw();
    this.#listener.postCopyFailed();
  }

  resumePostCopy(): boolean {
    if (this.#phase !== 'broken') return false;
    this.#phase = 'post-copy';
    this.#settledAtMs = this.#clock.nowMs();
    this.#listener.postCopyRunning();
    this.#planPostCopyEnd();
    return true;
  }

  /** Whether the job could still be cancelled. */
  cancel(): boolean {
    if (this.#phase !== 'setup' && this.#phase !== 'pre-copy') return false;
    this.#phase = 'cancelling';
    this.#next(cancelMs, () => this.#end(() => this.#listener.cancelled()));
    return true;
  }

  reading(): JobReading | undefined {
    if (this.#phase === 'over') return undefined;
    this.#settle();
    const link = this.#linkBytesPerSecond;
    return {
      sample: {
        memoryTotalBytes: this.#guest.memoryBytes,
        memoryRemainingBytes: Math.round(this.#remaining),
        memorySentBytes: Math.round(this.#sent),
        normalPages: Math.round(this.#sent / pageBytes),
        constantPages: 0,
        pageSizeBytes: pageBytes,
        dirtyRateBytesPerSecond: Math.round(this.#dirtyRate),
        throughputBytesPerSecond: this.#phase === 'setup' ? 0 : this.#streamBytesPerSecond,
        iteration: this.#iteration,
        throttlePercent: this.#throttle,
        postCopyRequests: 0,
        phase: this.#samplePhase(),
      },
      expectedDowntimeMs: link > 0 ? (this.#remaining / link) * 1000 : 0,
    };
  }

  #samplePhase(): SamplePhase {
    if (this.#phase === 'setup') return 'setup';
    return this.#phase === 'post-copy' || this.#phase === 'broken' ? 'post-copy' : 'pre-copy';
  }

  #beginPass(): void {
    this.#phase = 'pre-copy';
    this.#passBytes = this.#remaining;
    this.#planSync();
  }

  #planSync(): void {
    const link = this.#streamBytesPerSecond;
    const passMs = link > 0 ? (this.#remaining / link) * 1000 : Infinity;
    const wait = Math.min(passMs, this.#syncMs, throttlePeriodMs * 10);
    this.#next(wait, () => this.#sync());
  }

  /** Moves memory across up to now. The guest's writes come into `remaining` at the next sync. */
  #settle(): void {
    const now = this.#clock.nowMs();
    const ms = now - this.#settledAtMs;
    const flows = this.#phase === 'pre-copy' || this.#phase === 'post-copy';
    if (ms <= 0 || !flows) return;
    const bytes = Math.min(this.#remaining, (this.#streamBytesPerSecond * ms) / 1000);
    this.#settledAtMs = now;
    this.#remaining -= bytes;
    this.#sent += bytes;
    if (this.#phase !== 'pre-copy') return;
    this.#periodSent += bytes;
    this.#periodMs += ms;
    this.#unsyncedMs += ms;
  }
  #unsyncedMs = 0;

  #sync(): void {
    this.#settle();
    const ms = this.#unsyncedMs;
    this.#unsyncedMs = 0;
    const written = writtenBytes(this.#guest, ms, this.#throttle);
    this.#remaining = unionBytes(this.#guest, this.#remaining, this.#passBytes, written);
    this.#passBytes = Math.max(this.#remaining, this.#guest.workingSetBytes);
    this.#periodWritten += written;
    if (ms > 0) this.#dirtyRate = (written / ms) * 1000;
    this.#iteration += 1;
    this.#adjustThrottle();
    const thresholdBytes = (this.#streamBytesPerSecond * this.#downtimeMs) / 1000;
    if (this.#remaining <= thresholdBytes) this.#switchOver();
    else this.#planSync();
  }

  #adjustThrottle(): void {
    const plan = this.#options.autoConverge;
    if (plan === undefined || this.#periodMs < throttlePeriodMs) return;
    const losing = this.#periodWritten > throttleTrigger * this.#periodSent;
    this.#periodSent = 0;
    this.#periodWritten = 0;
    this.#periodMs = 0;
    this.#strikes = losing ? this.#strikes + 1 : 0;
    if (this.#strikes < 2) return;
    this.#strikes = 0;
    const raised =
      this.#throttle === 0 ? plan.initialPercent : this.#throttle + plan.incrementPercent;
    this.#throttle = Math.min(throttleHighest, raised);
  }

  #switchOver(): void {
    this.#suspend();
    const ms = handOverMs + (this.#remaining / this.#linkBytesPerSecond) * 1000;
    this.#next(ms, () => {
      this.#sent += this.#remaining;
      this.#remaining = 0;
      this.#noteResume();
      this.#end(() => this.#listener.arrived());
    });
  }

  #suspend(): void {
    this.#phase = 'switching';
    this.#suspendedAtMs = this.#clock.nowMs();
    this.#listener.suspended();
  }

  #noteResume(): void {
    if (this.#suspendedAtMs !== undefined) this.pauseMs = this.#clock.nowMs() - this.#suspendedAtMs;
  }

  #planPostCopyEnd(): void {
    const link = this.#linkBytesPerSecond;
    if (link <= 0) {
      this.#withdraw();
      return;
    }
    this.#next((this.#remaining / link) * 1000, () => {
      this.#settle();
      this.#end(() => this.#listener.arrived());
    });
  }

  #end(tell: () => void): void {
    this.#phase = 'over';
    tell();
  }

  #next(ms: number, fire: () => void): void {
    this.#withdraw();
    this.#withdraw = this.#clock.schedule(this.#clock.nowMs() + ms, fire);
  }
}
