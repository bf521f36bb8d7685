import { type GuestModel, type Region, regionsOf, sweptTo, workMs } from './simulated-guest.ts';

/** A constant page is its address and its byte on the wire: 9 of 4,096 bytes. */
const constantWireShare = 9 / 4096;
/** How fast a sender finds pages to be constant, bytes/s: an estimate for one thread. */
const scanBytesPerSecond = 2 * 2 ** 30;
/** A region that is written is followed in so many cells; one that is not needs no more than one. */
const cellsPerRegion = 64;
/** Less than a quarter of a page is the rounding of sums, not memory. */
const nothingBytes = 1024;

interface Worked {
  readonly region: Region;
  readonly firstCell: number;
}

/** What was sent in post-copy, bytes. */
export interface Fetched {
  readonly wireBytes: number;
  /** Of the link. */
  readonly usedBytes: number;
  /** Chance that a page which the guest works on had not arrived, 0 to 1, before and after: it falls evenly. */
  readonly needed: { readonly before: number; readonly after: number };
}

/**
 * A guest's memory as the sender's dirty bitmap has it: in cells, by address, each with how much of
 * it is dirty. The sender goes round by address, as QEMU does; the guest's writes go where its pattern
 * takes them. The wave of a guest that sweeps its memory comes from nothing but these two.
 */
export class DirtyMemory {
  readonly #guest: GuestModel;
  /** What a page with content takes of the wire, as a share of its size. */
  readonly #wireShare: number;
  readonly #regions: readonly Region[];
  readonly #firstCell: readonly number[];
  readonly #regionOf: readonly Region[];
  /** What the guest works on, what it writes most densely before the rest. */
  readonly #worked: readonly Worked[];
  readonly #size: Float64Array;
  readonly #dirty: Float64Array;
  /** Where each region that is swept is written next, bytes from its beginning. */
  readonly #sweptTo: number[];
  #cursor = 0;
  /** What the sender has still to take from the cell that it stands in. */
  #due: number;
  #dirtyBytes: number;
  #constantBytes: number;
  #normalSent = 0;
  #constantSent = 0;
  #wireSent = 0;

  /** All of it dirty, as at the start of a migration. */
  constructor(guest: GuestModel, nowMs: number, compressed = false) {
    this.#guest = guest;
    this.#wireShare = compressed ? (guest.shrinksTo ?? 1) : 1;
    this.#regions = regionsOf(guest);
    const cells = this.#regions.map(({ writes }) => (writes === 'never' ? 1 : cellsPerRegion));
    this.#firstCell = cells.map((_, index) => sum(cells.slice(0, index)));
    this.#regionOf = this.#regions.flatMap((region, index) =>
      Array.from({ length: cells[index] ?? 0 }, () => region),
    );
    this.#worked = this.#regions
      .map((region, index) => ({ region, firstCell: this.#firstCell[index] ?? 0 }))
      .filter(({ region }) => region.isWork && region.writeBytesPerSecond > 0)
      .toSorted((a, b) => densityOf(b.region) - densityOf(a.region));
    this.#size = Float64Array.from(this.#regionOf, ({ bytes, writes }) =>
      writes === 'never' ? bytes : bytes / cellsPerRegion,
    );
    this.#dirty = this.#size.slice();
    this.#sweptTo = this.#regions.map((region) =>
      region.writes === 'sequential' ? sweptTo(guest, region, nowMs) : 0,
    );
    this.#due = this.#dirty[0] ?? 0;
    this.#dirtyBytes = sum(this.#dirty);
    this.#constantBytes = sum(this.#regions.map((one) => one.bytes * one.constantShare));
  }

  /** Known to be dirty and not sent, bytes of memory. */
  get dirtyBytes(): number {
    return this.#dirtyBytes;
  }

  get normalBytesSent(): number {
    return this.#normalSent;
  }

  get constantBytesSent(): number {
    return this.#constantSent;
  }

  get wireBytesSent(): number {
    return this.#wireSent;
  }

  /**
   * What it takes to send all that is dirty but for `except` bytes, in bytes of a link. Where in it the
   * constant pages are is not asked: they count as spread evenly.
   */
  costBytes(linkBytesPerSecond: number, except = 0): number {
    if (this.#dirtyBytes <= except) return 0;
    const constant = Math.max(0, this.#constantBytes);
    const normal = Math.max(0, this.#dirtyBytes - constant);
    const all = normal * this.#wireShare + constant * constantCost(linkBytesPerSecond);
    return all * (1 - except / this.#dirtyBytes);
  }

  /**
   * A look for dirty pages: what was written since the last one counts from now on.
   * @param workShare how much of its work the guest was let do, 0 to 1
   * @returns how much became dirty that was clean, bytes
   */
  sync(fromMs: number, untilMs: number, workShare: number): number {
    const before = this.#dirtyBytes;
    const work = workMs(this.#guest, fromMs, untilMs) * workShare;
    this.#regions.forEach((region, index) => {
      if (region.writes === 'never') return;
      const ms = region.isWork ? work : untilMs - fromMs;
      const asked = (region.writeBytesPerSecond * ms) / 1000;
      if (asked <= 0) return;
      if (region.writes === 'random') this.#scatter(index, region, asked);
      else this.#sweep(index, region, asked);
    });
    return this.#dirtyBytes - before;
  }

  /** Sends what fits into so many bytes of link, from where the sender stands; tells what it put on it. */
  send(budgetBytes: number, linkBytesPerSecond: number): number {
    const wireBefore = this.#wireSent;
    let left = budgetBytes;
    let emptyCells = 0;
    while (left > 0 && emptyCells <= this.#size.length) {
      if (this.#due <= 0) {
        this.#enterNextCell();
        emptyCells += 1;
        continue;
      }
      emptyCells = 0;
      left -= this.#sendFromCell(left, linkBytesPerSecond);
    }
    if (this.#dirtyBytes < nothingBytes) this.#dirtyBytes = 0;
    return this.#wireSent - wireBefore;
  }

  /**
   * The same in post-copy: QEMU goes on behind each page that was asked for, so what the guest works on comes first, and
   * of that what it works on most. Sends no more than one such region.
   */
  fetch(budgetBytes: number, linkBytesPerSecond: number): Fetched {
    const next = this.#worked.find((worked) => this.#dirtyIn(worked) > nothingBytes);
    if (next === undefined) {
      const wireBytes = this.send(budgetBytes, linkBytesPerSecond);
      return { wireBytes, usedBytes: budgetBytes, needed: { before: 0, after: 0 } };
    }
    // The sender is where the guest is: before one that goes in turn lies all that is missing.
    const inTurn = next.region.writes === 'sequential';
    const before = inTurn ? 1 : this.neededShare();
    const usedBytes = Math.min(budgetBytes, this.#dirtyIn(next));
    this.#cursor = next.firstCell;
    this.#due = this.#dirty[this.#cursor] ?? 0;
    const wireBytes = this.send(usedBytes, linkBytesPerSecond);
    return { wireBytes, usedBytes, needed: { before, after: inTurn ? 1 : this.neededShare() } };
  }

  /** Chance that the next page which the guest works on has not arrived, 0 to 1. */
  neededShare(): number {
    const wanted = sum(this.#worked.map(({ region }) => region.writeBytesPerSecond));
    const missing = this.#worked.map((one) => densityOf(one.region) * this.#dirtyIn(one));
    return wanted > 0 ? sum(missing) / wanted : 0;
  }

  #dirtyIn({ firstCell }: Worked): number {
    return sum(this.#dirty.subarray(firstCell, firstCell + cellsPerRegion));
  }

  #sendFromCell(budget: number, linkBytesPerSecond: number): number {
    const share = this.#regionOf[this.#cursor]?.constantShare ?? 0;
    const costPerByte = (1 - share) * this.#wireShare + share * constantCost(linkBytesPerSecond);
    const bytes = Math.min(this.#due, budget / costPerByte);
    const constant = bytes * share;
    this.#due = bytes === this.#due ? 0 : this.#due - bytes;
    this.#dirty[this.#cursor] = Math.max(0, (this.#dirty[this.#cursor] ?? 0) - bytes);
    this.#dirtyBytes -= bytes;
    this.#constantBytes -= constant;
    this.#constantSent += constant;
    this.#normalSent += bytes - constant;
    this.#wireSent += (bytes - constant) * this.#wireShare + constant * constantWireShare;
    return bytes * costPerByte;
  }

  #enterNextCell(): void {
    this.#cursor = (this.#cursor + 1) % this.#size.length;
    const dirty = this.#dirty[this.#cursor] ?? 0;
    this.#due = dirty < nothingBytes / this.#size.length ? 0 : dirty;
  }

  #scatter(index: number, region: Region, asked: number): void {
    const cleanLeft = Math.exp(-asked / region.bytes);
    const first = this.#firstCell[index] ?? 0;
    const size = region.bytes / cellsPerRegion;
    for (let cell = first; cell < first + cellsPerRegion; cell += 1) {
      const clean = size - (this.#dirty[cell] ?? 0);
      this.#dirty[cell] = size - clean * cleanLeft;
      this.#dirtyBytes += clean - clean * cleanLeft;
    }
  }

  #sweep(index: number, region: Region, asked: number): void {
    const first = this.#firstCell[index] ?? 0;
    const size = region.bytes / cellsPerRegion;
    let at = this.#sweptTo[index] ?? 0;
    let left = Math.min(asked, region.bytes);
    while (left > 0) {
      const within = Math.min(cellsPerRegion - 1, Math.floor(at / size));
      const untilNext = Math.max((within + 1) * size - at, size * 1e-9);
      const bytes = Math.min(left, untilNext);
      const cell = first + within;
      // What is written of a cell in turn was clean, but where the sender has not been meanwhile.
      const becomes = Math.min(bytes, size - (this.#dirty[cell] ?? 0));
      this.#dirty[cell] = (this.#dirty[cell] ?? 0) + becomes;
      this.#dirtyBytes += becomes;
      left -= bytes;
      at += bytes;
      if (at >= region.bytes) at = 0;
    }
    this.#sweptTo[index] = ((this.#sweptTo[index] ?? 0) + asked) % region.bytes;
  }
}

/** How often each byte of it is written in a second. */
function densityOf({ bytes, writeBytesPerSecond }: Region): number {
  return writeBytesPerSecond / bytes;
}

function constantCost(linkBytesPerSecond: number): number {
  return Math.max(constantWireShare, linkBytesPerSecond / scanBytesPerSecond);
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
