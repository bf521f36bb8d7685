import type { Sample } from './telemetry.ts';

/** What is kept of the telemetry, ms: long enough for the burst and the quiet of a phased guest. */
const historyMs = 120_000;
/** Bandwidth is the median slope of the last seconds: one stall or one burst does not move it. */
const bandwidthWindowMs = 4_000;
const slopeMs = 400;
/** A link that carries less than this share of its median for a second has collapsed. */
const collapsedShare = 0.35;

/** One reading, reduced to the two sums that mean the same in every QEMU. */
export interface Point {
  readonly atMs: number;
  readonly remainingBytes: number;
  readonly sentBytes: number;
  /** Memory disposed of so far: pages sent, with their content or as constant. */
  readonly disposedBytes: number;
}

/**
 * What is known of a guest and its link. The dirty inflow of a span is what was disposed of in it
 * plus the growth of what remains: right at the end of a pass (QEMU 10) and at any time where
 * the bitmap is synced all along (QEMU 11.1). Neither passes nor iterations are counted.
 */
export interface GuestModel {
  readonly points: readonly Point[];
  /**
   * What the first pass has to dispose of: the least that was ever left and disposed of together.
   * Writes add to that sum, and pages that the guest says are free take from it.
   */
  readonly firstPassBytes: number;
  readonly throttlePercent: number;
  /** When all memory had been disposed of once, ms; `undefined` before. */
  readonly firstPassEndMs: number | undefined;
}

export const emptyModel: GuestModel = {
  points: [],
  firstPassBytes: Infinity,
  throttlePercent: 0,
  firstPassEndMs: undefined,
};

/** The model after one more reading. Readings of other phases than pre-copy teach nothing here. */
export function observe(model: GuestModel, sample: Sample): GuestModel {
  if (sample.phase !== 'pre-copy' || sample.memoryTotalBytes === 0) return model;
  const point = pointOf(sample);
  const points = [...model.points.filter((p) => p.atMs > sample.atMs - historyMs), point];
  const known = point.remainingBytes + point.disposedBytes;
  const firstPassBytes =
    model.firstPassEndMs === undefined
      ? Math.min(model.firstPassBytes, known)
      : model.firstPassBytes;
  const passed = point.disposedBytes >= firstPassBytes;
  return {
    points,
    firstPassBytes,
    throttlePercent: sample.throttlePercent,
    firstPassEndMs: model.firstPassEndMs ?? (passed ? sample.atMs : undefined),
  };
}

function pointOf(sample: Sample): Point {
  return {
    atMs: sample.atMs,
    remainingBytes: sample.memoryRemainingBytes,
    sentBytes: sample.memorySentBytes,
    disposedBytes: (sample.normalPages + sample.constantPages) * sample.pageSizeBytes,
  };
}

/** What the model says at its last reading. Bytes, ms, bytes/s. */
export interface Outlook {
  readonly atMs: number;
  readonly remainingBytes: number;
  /** What the link carries for this migration; 0 until it is known. */
  readonly bandwidthBytesPerSecond: number;
  /** Whether the link has just lost most of its bandwidth. */
  readonly linkCollapsed: boolean;
  /** Time that one pass over all memory disposed of in the first pass takes now. */
  readonly passMs: number;
  /** The least and the most that was left after a sync since the first pass. */
  readonly trough: Left | undefined;
  /** How fast the guest makes clean memory dirty: its writable working set over a pass. */
  readonly inflowBytesPerSecond: number;
}

/** What was left to send at the syncs that brought something new. */
export interface Left {
  readonly leastBytes: number;
  readonly medianBytes: number;
  readonly mostBytes: number;
  /** How many syncs that is drawn from. */
  readonly syncs: number;
}

export function outlook(model: GuestModel): Outlook | undefined {
  const last = model.points.at(-1);
  if (last === undefined) return undefined;
  const bandwidth = bandwidthOf(model.points);
  return {
    atMs: last.atMs,
    remainingBytes: last.remainingBytes,
    bandwidthBytesPerSecond: bandwidth,
    linkCollapsed: bandwidth > 0 && recentBandwidth(model.points) < bandwidth * collapsedShare,
    passMs: passMs(model, bandwidth),
    trough: leftAtSyncs(model),
    inflowBytesPerSecond: inflowRate(model),
  };
}

/** Median of the slopes of bytes sent, over spans of 0.4 s within the last seconds. */
function bandwidthOf(points: readonly Point[]): number {
  const last = points.at(-1);
  if (last === undefined) return 0;
  const window = points.filter((point) => point.atMs >= last.atMs - bandwidthWindowMs);
  const slopes: number[] = [];
  for (const [index, from] of window.entries()) {
    const to = window.slice(index + 1).find((point) => point.atMs - from.atMs >= slopeMs);
    if (to !== undefined) slopes.push(slope(from, to));
  }
  return median(slopes) ?? 0;
}

function recentBandwidth(points: readonly Point[]): number {
  const last = points.at(-1);
  const from = points.findLast((point) => last !== undefined && last.atMs - point.atMs >= 1_000);
  return last === undefined || from === undefined ? Infinity : slope(from, last);
}

function slope(from: Point, to: Point): number {
  return ((to.sentBytes - from.sentBytes) * 1000) / Math.max(1, to.atMs - from.atMs);
}

/** The first pass' own duration where it is known and the link is as it was, else by bandwidth. */
function passMs(model: GuestModel, bandwidth: number): number {
  const first = model.points[0];
  if (first === undefined || bandwidth === 0) return Infinity;
  const toSend = model.points.findLast((point) => point.disposedBytes <= model.firstPassBytes);
  const passBytes =
    model.firstPassEndMs === undefined
      ? first.remainingBytes
      : (toSend?.sentBytes ?? first.remainingBytes);
  return (passBytes / bandwidth) * 1000;
}

/** Less growth than this between two readings is noise, not a sync: 64 pages, in bytes. */
const syncNoiseBytes = 64 * 4096;
/** Longer than this without a sync after the first pass, what is left is taken as it is read. */
const syncWaitMs = 5_000;

/**
 * Between two syncs of QEMU 10 `remaining` only falls, and says nothing of what the guest wrote
 * meanwhile. What is left is true at a reading in which dirty memory came in.
 */
function leftAtSyncs(model: GuestModel): Left | undefined {
  const { firstPassEndMs } = model;
  if (firstPassEndMs === undefined) return undefined;
  const seen: number[] = [];
  let before: Point | undefined;
  for (const point of model.points) {
    if (before !== undefined && point.atMs > firstPassEndMs) {
      if (inflow(before, point) > syncNoiseBytes) seen.push(point.remainingBytes);
    }
    before = point;
  }
  const last = model.points.at(-1);
  if (seen.length === 0 && last !== undefined && last.atMs - firstPassEndMs > syncWaitMs)
    seen.push(last.remainingBytes);
  if (seen.length === 0) return undefined;
  return {
    leastBytes: Math.min(...seen),
    medianBytes: median(seen) ?? 0,
    mostBytes: Math.max(...seen),
    syncs: seen.length,
  };
}

/** Memory that became dirty between two readings, as far as QEMU had seen it. */
function inflow(from: Point, to: Point): number {
  return to.remainingBytes - from.remainingBytes + to.disposedBytes - from.disposedBytes;
}

function inflowRate(model: GuestModel): number {
  const [first] = model.points;
  const last = model.points.at(-1);
  if (first === undefined || last === undefined || last.atMs === first.atMs) return 0;
  return (Math.max(0, inflow(first, last)) * 1000) / (last.atMs - first.atMs);
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
