import type { Clock } from '../hypervisor/clock.ts';
import type { Host } from '../hypervisor/port.ts';
import type { SteeringState } from '../steering/situation.ts';
import { freezeLimitMs } from './downtime.ts';
import { messageOf } from './look.ts';

/** Libvirt takes some two seconds to cancel a job: asking again sooner only makes errors. */
const cancelAgainMs = 3_000;

/**
 * What can be done to a running migration. None of it rejects: an act can come too early or too
 * late, and the next reading says which. What went wrong is told.
 */
export class Controls {
  readonly #source: Host;
  readonly #uuid: string;
  readonly #clock: Clock;
  readonly #tell: (message: string) => void;
  /** What keeps failing is tried at every reading, and told once. */
  readonly #told = new Set<string>();
  #downtimeMs: number;
  #downtimeSetAtMs: number;
  /** What an admin allows: no pacing goes beyond it, and letting go returns to it. */
  readonly #startSpeedBytesPerSecond: number;
  #maxSpeedBytesPerSecond: number;
  #pacedBefore = false;
  /** The domain's own cap, which somebody may have set on purpose. */
  #formerSpeedBytesPerSecond: number | undefined;
  #cancelledAtMs = -Infinity;

  constructor(
    source: Host,
    uuid: string,
    clock: Clock,
    limits: { readonly downtimeMs: number; readonly maxSpeedBytesPerSecond: number },
    tell: (message: string) => void,
  ) {
    this.#source = source;
    this.#uuid = uuid;
    this.#clock = clock;
    this.#downtimeMs = limits.downtimeMs;
    this.#startSpeedBytesPerSecond = limits.maxSpeedBytesPerSecond;
    this.#maxSpeedBytesPerSecond = limits.maxSpeedBytesPerSecond;
    this.#downtimeSetAtMs = clock.nowMs();
    this.#tell = tell;
  }

  /** The limits in force, timed from the migration's start. */
  state(startedAtMs: number): SteeringState {
    const maxDowntimeSetAtMs = Math.max(0, this.#downtimeSetAtMs - startedAtMs);
    return {
      maxDowntimeMs: this.#downtimeMs,
      maxDowntimeSetAtMs,
      paced: this.#maxSpeedBytesPerSecond < this.#startSpeedBytesPerSecond,
      pacedBefore: this.#pacedBefore,
    };
  }

  async allowDowntime(ms: number): Promise<void> {
    if (ms === this.#downtimeMs) return;
    await this.#try('change the allowed downtime', async () => {
      await this.#source.setMaxDowntime(this.#uuid, ms);
      this.#downtimeMs = ms;
      this.#downtimeSetAtMs = this.#clock.nowMs();
    });
  }

  /** Infinity returns to what was allowed at the start. */
  async capSpeed(bytesPerSecond: number): Promise<void> {
    const capped = Math.min(bytesPerSecond, this.#startSpeedBytesPerSecond);
    await this.#try('change the speed of the stream', async () => {
      this.#formerSpeedBytesPerSecond ??= await this.#source.maxSpeed(this.#uuid);
      await this.#source.setMaxSpeed(this.#uuid, capped);
      this.#maxSpeedBytesPerSecond = capped;
      this.#pacedBefore = true;
    });
  }

  /** Puts the speed back for whoever migrates the guest next. */
  async releaseSpeed(): Promise<void> {
    const former = this.#formerSpeedBytesPerSecond;
    if (former !== undefined) await this.#source.setMaxSpeed(this.#uuid, former);
  }

  freeze(expectedMs: number): Promise<void> {
    return this.allowDowntime(freezeLimitMs(expectedMs));
  }

  startPostCopy(): Promise<void> {
    return this.#try('start post-copy', () => this.#source.startPostCopy(this.#uuid));
  }

  /** May be called at every reading. */
  async cancel(): Promise<void> {
    const now = this.#clock.nowMs();
    if (now - this.#cancelledAtMs < cancelAgainMs) return;
    this.#cancelledAtMs = now;
    await this.#try('cancel it', () => this.#source.abortJob(this.#uuid));
  }

  async #try(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const message = `Could not ${what} yet: ${messageOf(error)}`;
      if (this.#told.has(message)) return;
      this.#told.add(message);
      this.#tell(message);
    }
  }
}
