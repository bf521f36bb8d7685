/**
 * How a guest writes: W(t) = S (1 - exp(-r t / S)), the distinct memory written within t after all
 * of it was clean, when writes at rate r fall at random on a set of S bytes. It saturates, as real
 * guests do: a rate alone would say that a guest which rewrites a little very fast never fits.
 */
export interface WorkingSet {
  /** r, bytes/s: how fast clean memory becomes dirty while all of it is clean. */
  readonly rateBytesPerSecond: number;
  /** S, bytes. */
  readonly setBytes: number;
  /** By how much the readings stray from the curve, as a share of what was written. */
  readonly errorShare: number;
}

/** Memory that became dirty within a while, and how much there was that could. */
export interface Span {
  readonly endMs: number;
  readonly ms: number;
  readonly inflowBytes: number;
  /** Share of all memory that had not been sent once: it is dirty, and shows no writes. */
  readonly unsentShare: number;
  /** Memory that was dirty again already. */
  readonly dirtyBytes: number;
  /**
   * `pass`: nothing was sent again meanwhile, so the curve saturates in it. `slice`: what became
   * dirty was being sent all the while, so that about as much stayed clean.
   */
  readonly kind: 'pass' | 'slice';
  /** How much it counts beside a fresh reading, above 0. */
  readonly weight: number;
}

/** Distinct memory that was seen written within a while, before this migration. */
export interface Written {
  readonly ms: number;
  readonly bytes: number;
  /** How much it counts beside a reading of this migration, above 0. */
  readonly weight: number;
}

export const idle: WorkingSet = { rateBytesPerSecond: 0, setBytes: 0, errorShare: 0 };

/** W(t), bytes. */
export function writtenWithin({ rateBytesPerSecond, setBytes }: WorkingSet, ms: number): number {
  if (setBytes <= 0 || rateBytesPerSecond <= 0) return 0;
  return setBytes * -Math.expm1((-rateBytesPerSecond * ms) / 1000 / setBytes);
}

/** A reading loses half of its weight in this time. */
const halfLifeMs = 15_000;
/** Sets that are tried, evenly spaced in their logarithm between the least and the most possible. */
const candidates = 20;
/** A reading is not believed nearer than this: the guest's own clock and QEMU's are not in step. */
const noiseBytes = 64 * 4096;
const noiseShare = 0.15;

interface Fit {
  readonly set: WorkingSet;
  readonly misfit: number;
}

/**
 * The curve that fits best; of those that fit about as well, a slow writer: a few readings are also
 * explained by a furious writer on a small set. `undefined` where nothing was seen. Bytes.
 */
export function fitWorkingSet(
  spans: readonly Span[],
  prior: readonly Written[],
  nowMs: number,
  mostBytes: number,
  firstPassOver = true,
): WorkingSet | undefined {
  const seen = [...spans.map((span) => aged(span, nowMs)), ...prior.map(asSpan)];
  if (seen.length === 0 || mostBytes <= 0) return undefined;
  const leastBytes = Math.min(mostBytes, Math.max(noiseBytes, ...seen.map(leastSetOf)));
  const fits = layoutsOf(seen, mostBytes, firstPassOver).flatMap((layout) =>
    fitsOf(layout, leastBytes, mostBytes),
  );
  const weight = seen.reduce((sum, span) => sum + span.weight, 0);
  let best: { readonly set: WorkingSet; readonly score: number } | undefined;
  for (const { set, misfit } of fits) {
    const score = misfit / weight + slownessWorth * Math.log(1 + set.rateBytesPerSecond);
    if (best === undefined || score < best.score) best = { set, score };
  }
  return best?.set;
}

/** A rate e times lower is preferred where it fits worse by less than this, in squares of the noise. */
const slownessWorth = 0.4;

/** The spans as a set of this size would have shown them, by where it lies. */
type Layout = (setBytes: number) => readonly Span[];

/**
 * How the set may lie in memory, as seen by a first pass that has sent part of it: spread evenly over all memory; or,
 * while it is under way, all in what was sent, which says least of what is to come; once it is over, in one piece that
 * was sent first. Spread alone, 137 MiB/s over 128 of 256 MiB were taken for 245 over 141 right after the pass, and
 * for 111 over 157 with the one piece.
 */
function layoutsOf(
  spans: readonly Span[],
  memoryBytes: number,
  firstPassOver: boolean,
): readonly Layout[] {
  const spread = (): readonly Span[] => spans;
  if (spans.every(({ unsentShare }) => unsentShare === 0)) return [spread];
  if (firstPassOver) return [spread, (setBytes) => inOnePiece(spans, setBytes, memoryBytes)];
  const sent = spans.map((span) => ({ ...span, unsentShare: 0 }));
  return [spread, () => sent];
}

function inOnePiece(
  spans: readonly Span[],
  setBytes: number,
  memoryBytes: number,
): readonly Span[] {
  return spans.map((span) => {
    const sentBytes = (1 - span.unsentShare) * memoryBytes;
    return { ...span, unsentShare: Math.max(0, 1 - sentBytes / setBytes) };
  });
}

/** The best rate for every size that is tried. */
function fitsOf(layout: Layout, leastBytes: number, mostBytes: number): Fit[] {
  const fits: Fit[] = [];
  let spans: readonly Span[] = [];
  let seen = seenIn(spans);
  for (let index = 0; index < candidates; index += 1) {
    const setBytes = leastBytes * (mostBytes / leastBytes) ** (index / (candidates - 1));
    const laid = layout(setBytes);
    if (laid !== spans) [spans, seen] = [laid, seenIn(laid)];
    const set = { rateBytesPerSecond: rateFor(seen, setBytes), setBytes, errorShare: 0 };
    const { misfit, errorShare } = misfitOf(spans, set);
    fits.push({ set: { ...set, errorShare }, misfit });
  }
  return fits;
}

/** The same set, written as fast as it was in the last `ms` (in the last span, where that is longer). */
export function rateNow(spans: readonly Span[], set: WorkingSet, ms: number): WorkingSet {
  const last = spans.at(-1);
  if (last === undefined) return set;
  const recent = spans.filter((span) => span === last || span.endMs - span.ms >= last.endMs - ms);
  return { ...set, rateBytesPerSecond: rateFor(seenIn(recent), set.setBytes) };
}

function aged(span: Span, nowMs: number): Span {
  return { ...span, weight: span.weight * 0.5 ** ((nowMs - span.endMs) / halfLifeMs) };
}

function asSpan({ ms, bytes, weight }: Written): Span {
  return { endMs: 0, ms, inflowBytes: bytes, unsentShare: 0, dirtyBytes: 0, kind: 'pass', weight };
}

/** A set is at least what was seen dirty of it at once. */
function leastSetOf({ inflowBytes, dirtyBytes, kind }: Span): number {
  return kind === 'pass' ? inflowBytes + dirtyBytes : dirtyBytes;
}

/** Memory of the set that was clean when the span began. */
function cleanOf(span: Span, setBytes: number): number {
  return Math.max(noiseBytes, setBytes * (1 - span.unsentShare) - span.dirtyBytes);
}

/** What spans say together, whatever the set. */
interface Seen {
  readonly passes: readonly Span[];
  readonly slices: readonly Span[];
  /** All that was written, by weight. */
  readonly writtenBytes: number;
  readonly highestRate: number;
}

function seenIn(spans: readonly Span[]): Seen {
  return {
    passes: spans.filter(({ kind }) => kind === 'pass'),
    slices: spans.filter(({ kind }) => kind === 'slice'),
    writtenBytes: spans.reduce((sum, span) => sum + span.weight * span.inflowBytes, 0),
    highestRate: highestRateOf(spans),
  };
}

/** Newton's method ends when a step changes the rate by less than this share: the next one is far smaller. */
const settledShare = 1e-6;
const mostSteps = 8;

/** The rate at which as much is written in all spans together as was seen: Newton's method. */
function rateFor({ passes, slices, writtenBytes, highestRate }: Seen, setBytes: number): number {
  // What slices show grows evenly with the rate, and is added up once.
  let slope = 0;
  for (const span of slices)
    slope += (span.weight * cleanOf(span, setBytes) * span.ms) / 1000 / setBytes;
  let rate = 0;
  for (let step = 0; step < mostSteps; step += 1) {
    let excess = rate * slope - writtenBytes;
    let derivative = slope;
    for (const span of passes) {
      const share = span.ms / 1000 / setBytes;
      const clean = span.weight * cleanOf(span, setBytes);
      // The curve's slope at this rate.
      const left = Math.exp(-rate * share);
      excess += clean * (1 - left);
      derivative += clean * share * left;
    }
    if (derivative <= 0) break;
    const before = rate;
    rate = Math.min(highestRate, Math.max(0, rate - excess / derivative));
    if (Math.abs(rate - before) <= settledShare * rate) break;
  }
  return rate;
}

/** What saturates shows less than was written, but no more than this many times less is believed. */
const hiddenTimes = 6;

function highestRateOf(spans: readonly Span[]): number {
  let most = 0;
  for (const { inflowBytes, ms } of spans)
    most = Math.max(most, (inflowBytes * 1000) / Math.max(ms, 100));
  return most * hiddenTimes;
}

function misfitOf(
  spans: readonly Span[],
  set: WorkingSet,
): { readonly misfit: number; readonly errorShare: number } {
  let misfit = 0;
  let off = 0;
  let all = 0;
  for (const span of spans) {
    const error = Math.abs(span.inflowBytes - expectedOf(span, set));
    misfit += span.weight * (error / (noiseBytes + noiseShare * span.inflowBytes)) ** 2;
    off += span.weight * error;
    all += span.weight * span.inflowBytes;
  }
  return { misfit, errorShare: all > 0 ? Math.min(1, off / all) : 0 };
}

/** What the curve says became dirty within a span, bytes. */
export function expectedOf(span: Span, set: WorkingSet): number {
  const clean = cleanOf(span, set.setBytes) / set.setBytes;
  if (span.kind === 'pass') return clean * writtenWithin(set, span.ms);
  return (clean * set.rateBytesPerSecond * span.ms) / 1000;
}
