import type { SamplePhase } from '../forecast/telemetry.ts';
import type { Clock } from '../hypervisor/clock.ts';
import type { Host } from '../hypervisor/port.ts';
import type { SteeringState } from '../steering/situation.ts';
import { freezeLimitMs } from './downtime.ts';
import type { RunPorts } from './intent.ts';
import { hasCode, messageOf } from './look.ts';
import { Once } from './once.ts';

/** Libvirt takes some two seconds to cancel a job: asking again sooner only makes errors. */
const cancelAgainMs = 3_000;

/** What limits a migration, when its controls are taken. Bytes/s; Infinity: no limit. */
export interface LimitsInForce {
  readonly downtimeMs: number;
  readonly maxSpeedBytesPerSecond: number;
  readonly shareBytesPerSecond: number;
  readonly pacedTimes: number;
  readonly formerSpeedBytesPerSecond: number;
  /** What post-copy sends unasked is held back. */
  readonly restHeld: boolean;
}

/**
 * What can be done to a running migration. None of it rejects: an act can come too early or too
 * late, and the next reading says which. What went wrong is told.
 */
export class Controls {
  readonly #source: Host;
  readonly #uuid: string;
  readonly #clock: Clock;
  /** What keeps failing is tried at every reading. */
  readonly #once: Once;
  #downtimeMs: number;
  #downtimeSetAtMs: number;
  readonly #ports: Pick<RunPorts, 'passReturn' | 'door'>;
  /** Its share of what admins allow: no pacing goes beyond it, and letting go returns to it. */
  #shareBytesPerSecond: number;
  #maxSpeedBytesPerSecond: number;
  /** Under the link, where the steersman wants it so; Infinity otherwise. */
  #pacedBytesPerSecond = Infinity;
  #pacedTimes: number;
  #pacedSetAtMs: number;
  /** The domain's own cap, which somebody may have set on purpose. */
  readonly #formerSpeedBytesPerSecond: number;
  #speedTouched: boolean;
  #cancelledAtMs = -Infinity;
  #restHeld: boolean;
  /** When its speed was last asked for; `undefined`: it never was. */
  #restSetAtMs: number | undefined;

  constructor(all: {
    readonly source: Host;
    readonly uuid: string;
    readonly clock: Clock;
    readonly limits: LimitsInForce;
    readonly ports: Pick<RunPorts, 'passReturn' | 'door'>;
    readonly tell: (message: string) => void;
  }) {
    const { limits } = all;
    this.#source = all.source;
    this.#uuid = all.uuid;
    this.#clock = all.clock;
    this.#ports = all.ports;
    this.#once = new Once(all.tell);
    this.#downtimeMs = limits.downtimeMs;
    this.#downtimeSetAtMs = all.clock.nowMs();
    this.#shareBytesPerSecond = limits.shareBytesPerSecond;
    this.#maxSpeedBytesPerSecond = limits.maxSpeedBytesPerSecond;
    this.#pacedTimes = limits.pacedTimes;
    this.#pacedSetAtMs = this.#downtimeSetAtMs;
    this.#speedTouched = limits.pacedTimes > 0;
    this.#formerSpeedBytesPerSecond = limits.formerSpeedBytesPerSecond;
    this.#restHeld = limits.restHeld;
    this.#restSetAtMs = limits.restHeld ? this.#downtimeSetAtMs : undefined;
  }

  /** The limits in force, timed from the migration's start. */
  state(startedAtMs: number): SteeringState {
    return {
      maxDowntimeMs: this.#downtimeMs,
      maxDowntimeSetAtMs: Math.max(0, this.#downtimeSetAtMs - startedAtMs),
      paced: this.#maxSpeedBytesPerSecond < this.#shareBytesPerSecond,
      pacedSetAtMs: Math.max(0, this.#pacedSetAtMs - startedAtMs),
      pacedTimes: this.#pacedTimes,
      restHeld: this.#restHeld,
      restSetAtMs: this.#restSetAtMs === undefined ? 0 : this.#restSetAtMs - startedAtMs,
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

  /** Holds the stream under the link; Infinity returns to its whole share. */
  async capSpeed(bytesPerSecond: number): Promise<void> {
    if (!(await this.#applySpeed(bytesPerSecond, this.#shareBytesPerSecond))) return;
    this.#pacedSetAtMs = this.#clock.nowMs();
    if (bytesPerSecond !== Infinity) this.#pacedTimes += 1;
  }

  /**
   * What it may take of the link from now on; Infinity: all. `undefined`: there is nothing to be done, or not yet:
   * libvirt, as it begins a stream, puts in force what the call was begun with.
   */
  allowShare(bytesPerSecond: number, phase: SamplePhase): Promise<unknown> | undefined {
    if (phase === 'setup' || bytesPerSecond === this.#shareBytesPerSecond) return undefined;
    return this.#applySpeed(this.#pacedUnder(bytesPerSecond), bytesPerSecond);
  }

  /** It is held under another share by as much as under the one before: that may have been next to nothing. */
  #pacedUnder(shareBytesPerSecond: number): number {
    const paced = this.#pacedBytesPerSecond;
    const before = this.#shareBytesPerSecond;
    if (paced === Infinity || before === Infinity) return paced;
    return (paced / before) * shareBytesPerSecond;
  }

  /** Puts the speed back for whoever migrates the guest next. */
  async releaseSpeed(): Promise<void> {
    if (this.#speedTouched)
      await this.#source.setMaxSpeed(this.#uuid, this.#formerSpeedBytesPerSecond);
  }

  /** Whether both are in force now. Neither counts where they could not be set: then they are asked for again. */
  #applySpeed(pacedBytesPerSecond: number, shareBytesPerSecond: number): Promise<boolean> {
    const wanted = Math.min(pacedBytesPerSecond, shareBytesPerSecond);
    return this.#try('change the speed of the stream', async () => {
      this.#speedTouched = true;
      await this.#source.setMaxSpeed(this.#uuid, wanted);
      this.#maxSpeedBytesPerSecond = wanted;
      this.#pacedBytesPerSecond = pacedBytesPerSecond;
      this.#shareBytesPerSecond = shareBytesPerSecond;
    });
  }

  freeze(expectedMs: number): Promise<void> {
    return this.allowDowntime(freezeLimitMs(expectedMs));
  }

  startPostCopy(): Promise<boolean> {
    return this.#try('start post-copy', async () => {
      await this.#ports.passReturn?.();
      try {
        await this.#source.startPostCopy(this.#uuid);
      } catch (error) {
        if (hasCode(error, 'hypervisor.no-post-copy')) this.#ports.door?.close(messageOf(error));
        throw error;
      }
    });
  }

  /** Holds what post-copy sends unasked under the link; Infinity lets go of it. */
  async capRest(bytesPerSecond: number): Promise<void> {
    this.#restSetAtMs = this.#clock.nowMs();
    await this.#try('change the speed of post-copy', async () => {
      await this.#source.setPostCopySpeed(this.#uuid, bytesPerSecond);
      this.#restHeld = bytesPerSecond !== Infinity;
    });
  }

  /** May be called at every reading. */
  async cancel(): Promise<void> {
    const now = this.#clock.nowMs();
    if (now - this.#cancelledAtMs < cancelAgainMs) return;
    this.#cancelledAtMs = now;
    await this.#try('cancel it', () => this.#source.abortJob(this.#uuid));
  }

  async #try(what: string, act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      this.#once.tell(`Could not ${what} yet: ${messageOf(error)}`);
      return false;
    }
  }
}
