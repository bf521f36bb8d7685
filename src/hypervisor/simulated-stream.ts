import { unitAt } from './simulated-random.ts';

/** How long a link keeps one rate while it is unsteady, ms. */
const slotMs = 200;

/** What the link between two hosts carries for one job, and what waits in the sender's socket. */
export class Stream {
  readonly #socketBytes: number;
  readonly #unsteady: { readonly seed: number; readonly share: number } | undefined;
  #linkBytesPerSecond: number;
  #capBytesPerSecond: number;
  #queuedBytes = 0;

  /** @param unsteady by which share of its rate the link goes up and down */
  constructor(
    linkBytesPerSecond: number,
    capBytesPerSecond: number,
    socketBytes: number,
    unsteady: { readonly seed: number; readonly share: number } | undefined,
  ) {
    this.#linkBytesPerSecond = linkBytesPerSecond;
    this.#capBytesPerSecond = capBytesPerSecond;
    this.#socketBytes = socketBytes;
    this.#unsteady = unsteady;
  }

  get linkBytesPerSecond(): number {
    return this.#linkBytesPerSecond;
  }

  get capBytesPerSecond(): number {
    return this.#capBytesPerSecond;
  }

  set linkBytesPerSecond(bytesPerSecond: number) {
    this.#linkBytesPerSecond = bytesPerSecond;
  }

  set capBytesPerSecond(bytesPerSecond: number) {
    this.#capBytesPerSecond = bytesPerSecond;
  }

  /** What the sender reaches in the long run, bytes/s. */
  get bytesPerSecond(): number {
    return Math.min(this.#linkBytesPerSecond, this.#capBytesPerSecond);
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** What the link carries between two instants, bytes. */
  carries(fromMs: number, untilMs: number): number {
    const perMs = this.#linkBytesPerSecond / 1000;
    if (this.#unsteady === undefined || perMs === 0) return perMs * (untilMs - fromMs);
    const { seed, share } = this.#unsteady;
    let bytes = 0;
    for (let at = fromMs; at < untilMs; ) {
      const slot = Math.floor(at / slotMs);
      const end = Math.min(untilMs, (slot + 1) * slotMs);
      bytes += perMs * (end - at) * (1 + share * (2 * unitAt(seed, slot) - 1));
      at = end;
    }
    return bytes;
  }

  /** What the sender can hand over between two instants: the cap, or the link and what the socket takes in. */
  takes(fromMs: number, untilMs: number): number {
    const room = Math.max(0, this.#socketBytes - this.#queuedBytes);
    const capped = (this.#capBytesPerSecond * (untilMs - fromMs)) / 1000;
    return Math.min(capped, this.carries(fromMs, untilMs) + room);
  }

  /** Notes what was handed over, of which the link has carried what it could. */
  hand(bytes: number, fromMs: number, untilMs: number): void {
    const queued = this.#queuedBytes + bytes - this.carries(fromMs, untilMs);
    this.#queuedBytes = Math.max(0, queued);
  }

  /** How long it takes to hand so many bytes over, ms, at the link's own rate. */
  handingMs(bytes: number): number {
    if (bytes <= 0) return 0;
    const room = Math.max(0, this.#socketBytes - this.#queuedBytes);
    const byLink = msFor(bytes - room, this.#linkBytesPerSecond);
    return Math.max(byLink, msFor(bytes, this.#capBytesPerSecond));
  }

  /** How long the socket takes to run empty after so many bytes more, ms. */
  emptyMs(moreBytes: number): number {
    return msFor(this.#queuedBytes + moreBytes, this.#linkBytesPerSecond);
  }
}

function msFor(bytes: number, bytesPerSecond: number): number {
  if (bytes <= 0) return 0;
  return bytesPerSecond > 0 ? (bytes / bytesPerSecond) * 1000 : Infinity;
}
