import type { Sample } from './telemetry.ts';

/**
 * What a compressed stream makes of memory. QEMU counts what goes over the wire and which pages that was: where it is
 * less than the pages are, they are compressed, whoever began it.
 */
export interface Shrinking {
  /** Sent so far, as the last reading had it, bytes: of pages with their content, and over the wire. */
  readonly last: Sent;
  /** The same of the last seconds: what is older counts less and less. */
  readonly lately: Sent;
  readonly atMs: number;
}

interface Sent {
  readonly pageBytes: number;
  readonly wireBytes: number;
}

/** Before so much was sent nothing is said: counters that are read one after the other differ. */
const tellingBytes = 4 * 2 ** 20;
/** Without compression a page takes a little more of the wire than it has: 0.998 pages for each byte. */
const shrunkShare = 0.95;
/** What was seen counts half after this long: what a guest writes now shrinks as it does now. */
const halfLifeMs = 2_000;

/**
 * What one thread compresses by zstd at QEMU's level, bytes/s of memory; 320 to 500 MB/s were seen on idle
 * processors, and a host has other work.
 */
export const threadBytesPerSecond = 300e6;
/** QEMU's own number of connections, each with a thread. */
export const leastConnections = 2;

/** What was read of a guest's memory before its start, without pages of zeros, and what zstd made of it, bytes. */
export interface Sounding {
  readonly contentBytes: number;
  readonly compressedBytes: number;
}

/** Less content than this says nothing of the rest. */
const tellingContentBytes = 16 * 4096;

/** Bytes of memory for each that zstd makes of them; `undefined` where too little was there to read. */
export function ratioSounded({ contentBytes, compressedBytes }: Sounding): number | undefined {
  if (contentBytes < tellingContentBytes || compressedBytes <= 0) return undefined;
  return Math.max(1, contentBytes / compressedBytes);
}

/** What such a stream carries of memory, bytes/s: as far as it shrinks, and no faster than threads compress. */
export function carriesCompressed(
  linkBytesPerSecond: number,
  ratio: number,
  threads: number,
): number {
  return Math.min(linkBytesPerSecond * ratio, threads * threadBytesPerSecond);
}

export type Counters = Pick<Sample, 'normalPages' | 'pageSizeBytes' | 'memorySentBytes'>;

export function isCompressed(counters: Counters): boolean {
  const { pageBytes, wireBytes } = sentOf(counters);
  return pageBytes > tellingBytes && wireBytes < pageBytes * shrunkShare;
}

/** With one more reading; `undefined` while nothing shows that it is compressed. Once it is, it stays so. */
export function observeShrinking(
  before: Shrinking | undefined,
  sample: Sample,
): Shrinking | undefined {
  const last = sentOf(sample);
  const { atMs } = sample;
  if (before === undefined) return isCompressed(sample) ? { last, lately: last, atMs } : undefined;
  const kept = 0.5 ** ((atMs - before.atMs) / halfLifeMs);
  const lately = {
    pageBytes: before.lately.pageBytes * kept + last.pageBytes - before.last.pageBytes,
    wireBytes: before.lately.wireBytes * kept + last.wireBytes - before.last.wireBytes,
  };
  return { last, lately, atMs };
}

/** Bytes of memory for each byte of wire, lately; 1 where nothing is compressed. */
export function ratioOf(shrinking: Shrinking | undefined): number {
  if (shrinking === undefined) return 1;
  const { pageBytes, wireBytes } = shrinking.lately;
  return wireBytes > 0 ? Math.max(1, pageBytes / wireBytes) : 1;
}

/** How fast memory goes out at this reading, whatever it takes of the wire, bytes/s. */
export function memoryRateOf(sample: Sample): number {
  const { throughputBytesPerSecond } = sample;
  if (!isCompressed(sample)) return throughputBytesPerSecond;
  const { pageBytes, wireBytes } = sentOf(sample);
  return throughputBytesPerSecond * (pageBytes / Math.max(1, wireBytes));
}

function sentOf({ normalPages, pageSizeBytes, memorySentBytes }: Counters): Sent {
  return { pageBytes: normalPages * pageSizeBytes, wireBytes: memorySentBytes };
}
