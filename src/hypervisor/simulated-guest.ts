/** How a simulated guest uses its memory. Bytes and bytes/s. */
export interface GuestModel {
  readonly name: string;
  readonly memoryBytes: number;
  /** Memory that was ever written; the rest is constant pages, which cost the link next to nothing. */
  readonly touchedBytes: number;
  /** The part that is written again and again. */
  readonly workingSetBytes: number;
  /** Writes per second over the working set, while it is not throttled. */
  readonly writeBytesPerSecond: number;
  /** Share of its writes that a CPU throttle takes away, 1 for a guest that only computes. */
  readonly throttleEffect: number;
  /** In which order it writes; at random over the working set where nothing is said. */
  readonly pattern?: WritePattern;
  /** Bursts of writing and silence between them; always writing where nothing is said. */
  readonly rhythm?: WriteRhythm;
  /** Where the working set begins; at 0 where nothing is said. */
  readonly setOffsetBytes?: number;
  /** What a compressed stream makes of its pages: the share of their size that is left, 1 where nothing is said. */
  readonly shrinksTo?: number;
  /** What it writes beside its work, in turn over the lowest part of its memory. */
  readonly background?: { readonly bytes: number; readonly writeBytesPerSecond: number };
}

export type WritePattern =
  /** Any page of the set as likely as any other: W(t) = S (1 - exp(-r t / S)). */
  | { readonly kind: 'random' }
  /** One page after the other and round again: W(t) = min(S, r t). */
  | {
      readonly kind: 'sequential';
      /** How far into the set it was at time 0; at its beginning where nothing is said. */
      readonly atBytes?: number;
    }
  /** At random, but `hotWrites` of the writes go to the first `hotShare` of the set. Both 0 to 1. */
  | { readonly kind: 'hot'; readonly hotShare: number; readonly hotWrites: number };

/** Times are ms. */
export interface WriteRhythm {
  readonly burstMs: number;
  readonly quietMs: number;
  /** How long ago its first burst began at time 0. */
  readonly offsetMs: number;
}

/** Memory that lies together and is used alike. */
export interface Region {
  readonly bytes: number;
  readonly writes: 'never' | 'random' | 'sequential';
  readonly writeBytesPerSecond: number;
  /** Whether it follows the guest's rhythm and is slowed by a throttle. */
  readonly isWork: boolean;
  /** Share of its pages that were never written, 0 to 1. */
  readonly constantShare: number;
}

/** The guest's memory from its first page to its last. */
export function regionsOf(guest: GuestModel): readonly Region[] {
  const background = swept(
    guest.background?.bytes ?? 0,
    guest.background?.writeBytesPerSecond ?? 0,
  );
  const sets = setsOf(guest);
  const setBytes = sets.reduce((sum, { bytes }) => sum + bytes, 0);
  const below = Math.max(0, (guest.setOffsetBytes ?? 0) - background.bytes);
  const above = Math.max(0, guest.memoryBytes - background.bytes - below - setBytes);
  const touched = Math.max(0, guest.touchedBytes - background.bytes - setBytes);
  const constantShare = 1 - Math.min(1, touched / Math.max(1, below + above));
  return [background, still(below, constantShare), ...sets, still(above, constantShare)].filter(
    ({ bytes }) => bytes > 0,
  );
}

function setsOf(guest: GuestModel): readonly Region[] {
  const { workingSetBytes: bytes, writeBytesPerSecond: rate, pattern } = guest;
  if (pattern?.kind === 'sequential') return [{ ...swept(bytes, rate), isWork: true }];
  if (pattern?.kind !== 'hot') return [scattered(bytes, rate)];
  const { hotShare, hotWrites } = pattern;
  const cold = scattered(bytes * (1 - hotShare), rate * (1 - hotWrites));
  return [scattered(bytes * hotShare, rate * hotWrites), cold];
}

function scattered(bytes: number, writeBytesPerSecond: number): Region {
  return { bytes, writes: 'random', writeBytesPerSecond, isWork: true, constantShare: 0 };
}

function swept(bytes: number, writeBytesPerSecond: number): Region {
  return { bytes, writes: 'sequential', writeBytesPerSecond, isWork: false, constantShare: 0 };
}

function still(bytes: number, constantShare: number): Region {
  return { bytes, writes: 'never', writeBytesPerSecond: 0, isWork: false, constantShare };
}

/** How far the guest has written into a region that it sweeps, by an instant, bytes. */
export function sweptTo(guest: GuestModel, region: Region, atMs: number): number {
  return sweptBytes(guest, region, atMs) % region.bytes;
}

/** The same with all the rounds that it has made. */
export function sweptBytes(guest: GuestModel, region: Region, atMs: number): number {
  const { pattern } = guest;
  const began = region.isWork && pattern?.kind === 'sequential' ? (pattern.atBytes ?? 0) : 0;
  return began + writtenBy(guest, region, atMs);
}

/** All writes to a region from time 0 up to an instant, bytes. */
export function writtenBy(
  guest: GuestModel,
  { isWork, writeBytesPerSecond }: Region,
  atMs: number,
): number {
  const ms = isWork ? workMs(guest, 0, atMs) : atMs;
  return (writeBytesPerSecond * ms) / 1000;
}

/** How much of the time between two instants it is at work, ms. */
export function workMs({ rhythm }: GuestModel, fromMs: number, untilMs: number): number {
  if (rhythm === undefined) return untilMs - fromMs;
  return workedBy(rhythm, untilMs) - workedBy(rhythm, fromMs);
}

function workedBy({ burstMs, quietMs, offsetMs }: WriteRhythm, atMs: number): number {
  const sinceMs = atMs + offsetMs;
  const periodMs = burstMs + quietMs;
  const whole = Math.floor(sinceMs / periodMs);
  return whole * burstMs + Math.min(burstMs, sinceMs - whole * periodMs);
}

/** Distinct bytes written between two instants after all of its memory was clean: W(t). */
export function writtenBytes(guest: GuestModel, fromMs: number, untilMs: number): number {
  const work = workMs(guest, fromMs, untilMs);
  return regionsOf(guest).reduce((sum, region) => {
    const asked = (region.writeBytesPerSecond * (region.isWork ? work : untilMs - fromMs)) / 1000;
    return sum + distinctBytes(region, asked);
  }, 0);
}

/** How much distinct memory of a region `asked` bytes of writes touch. */
export function distinctBytes({ bytes, writes }: Region, asked: number): number {
  if (writes === 'sequential') return Math.min(bytes, asked);
  return bytes > 0 ? -bytes * Math.expm1(-asked / bytes) : 0;
}
