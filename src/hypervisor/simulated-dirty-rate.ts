/** QEMU does the sums for its own dirty rate no more often than this. */
const periodMs = 1_000;

/** What became dirty that was clean, by QEMU's own count. */
export class DirtyRate {
  #bytesPerSecond = 0;
  #ms = 0;
  #bytes = 0;

  /** Of the last period that is over; 0 before. */
  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** At each look for dirty pages: how long since the last one, and what had become dirty. */
  noteSync(ms: number, bytes: number): void {
    this.#ms += ms;
    this.#bytes += bytes;
    if (this.#ms < periodMs) return;
    this.#bytesPerSecond = (this.#bytes / this.#ms) * 1000;
    this.#ms = 0;
    this.#bytes = 0;
  }
}
