import type { MigrateOptions } from './port.ts';

/** QEMU's rule: two periods that wrote more than half of what was sent raise the throttle. */
const trigger = 0.5;
const highestPercent = 99;
const periodMs = 1_000;

/** The CPU throttle of a guest that does not converge, as QEMU sets it. */
export class Throttle {
  readonly #plan: MigrateOptions['autoConverge'];
  #percent = 0;
  #strikes = 0;
  #ms = 0;
  #written = 0;
  #sent = 0;

  constructor(plan: MigrateOptions['autoConverge']) {
    this.#plan = plan;
  }

  /** What it takes of the processor now, 0 to 99. */
  get percent(): number {
    return this.#percent;
  }

  noteSent(bytes: number): void {
    this.#sent += bytes;
  }

  /** At each look for dirty pages: how long since the last one, and what had become dirty. */
  noteSync(ms: number, writtenBytes: number): void {
    this.#ms += ms;
    this.#written += writtenBytes;
    if (this.#plan === undefined || this.#ms < periodMs) return;
    const losing = this.#written > trigger * this.#sent;
    this.#ms = 0;
    this.#written = 0;
    this.#sent = 0;
    this.#strikes = losing ? this.#strikes + 1 : 0;
    if (this.#strikes < 2) return;
    this.#strikes = 0;
    const { initialPercent, incrementPercent } = this.#plan;
    const raised = this.#percent === 0 ? initialPercent : this.#percent + incrementPercent;
    this.#percent = Math.min(highestPercent, raised);
  }
}
