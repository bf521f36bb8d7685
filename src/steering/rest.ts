import type { Forecast } from '../forecast/forecast.ts';
import { bandwidthOf } from '../forecast/pass.ts';
import {
  askedShareOf,
  forecastFreeRest,
  forecastHeldRest,
  freeWaitMs,
  heldWaitMs,
  missedBy,
  missedWriting,
  type RestTerms,
} from '../forecast/rest.ts';
import { askedPeakPerSecond, askedPerSecond, type Split } from '../forecast/split.ts';
import { formatBytes, formatDuration, formatRate } from '../units/format.ts';
import { harm } from './candidates.ts';
import { decision } from './decide.ts';
import type { Decision } from './decision.ts';
import type { Situation } from './situation.ts';

/**
 * What post-copy sends unasked is held to this share of the link. QEMU sends its share of each tenth of a second at once: up
 * to here it is soon gone from the socket and the link, and what the guest asks for comes between. A guest that wrote 53 MiB/s anywhere in
 * 100 MiB, over 500 Mbit/s, was across after 5.0 s and had lost 1,063 ms of its work unheld; 5.5 s and 902 ms held to half, 5.7 and
 * 572 held to 0.4, 5.8 and 268 held to 0.3; and held to three quarters 5.3 s and 1,353 ms (bench/post-copy-speed).
 */
const heldShare = 0.3;
/** It is foreseen by little, and has to be better by this. */
const worthwhileShare = 0.95;
/**
 * Who asks for more than this of the link at any moment while nothing is held back gets its pages as fast as it goes
 * through them: it writes in turn, and the next ones come right behind the one that it asked for. Those were seen to ask
 * for 8 to 9 % of the link while they waited at all, over 150, 300 and 600 Mbit/s, and all others for 4 % at most; held
 * back, they lose two to three times as much of their work. Whom its memory has shown to write in turn is not held back whatever
 * it asks for: one that wrote 1.3 times what 700 Mbit/s carry asked for 2 %, and lost 1.6 s held back, 0.1 to 0.5 free.
 */
const inTurnShare = 0.05;
/** A switch is soon over: it is decided by what its first moment shows, ms. The first requests come some 0.1 s late. */
const firstMs = 130;
/** What is across within this is left alone, ms. */
const soonOverMs = 100;
/** How it goes on held back shows after this, ms. */
const settledMs = 250;

/** In post-copy: another speed for what is sent unasked; `undefined`: it goes on as it does. */
export function steerRest(situation: Situation, split: Split): Decision | undefined {
  const { restHeld, restSetAtMs } = situation.state;
  if (restHeld) {
    const seen = seenOf(situation, split, askedPerSecond(split, restSetAtMs, settledMs));
    return seen && letGo(situation, seen);
  }
  // It is held back once, and not where most of what is left was never sent: the guest does not ask for that, and it would take
  // long. Cattle, high, that wrote twice what the link carried lost as much held back, 2.5 s, and were across 3 s later.
  if (restSetAtMs > 0 || situation.model.firstPassEndMs === undefined) return undefined;
  const seen = seenOf(situation, split, askedPerSecond(split, split.sinceMs, firstMs));
  return seen && !writesInTurn(situation, split, seen) ? hold(situation, seen) : undefined;
}

/** What the readings in post-copy show. */
interface Seen {
  readonly askedPerSecond: number;
  readonly remainingBytes: number;
  readonly pageBytes: number;
  readonly bandwidthBytesPerSecond: number;
}

function seenOf({ model }: Situation, split: Split, asked: number | undefined): Seen | undefined {
  // Of a link over which nothing was seen to go nothing is staked.
  const bandwidthBytesPerSecond = model.last === undefined ? 0 : bandwidthOf(model);
  const now = split.seen.at(-1);
  if (now === undefined || asked === undefined || bandwidthBytesPerSecond <= 0) return undefined;
  const { memoryRemainingBytes: remainingBytes, pageSizeBytes: pageBytes } = now;
  if (remainingBytes < (bandwidthBytesPerSecond * soonOverMs) / 1000) return undefined;
  return { askedPerSecond: asked, remainingBytes, pageBytes, bandwidthBytesPerSecond };
}

function writesInTurn({ model }: Situation, split: Split, seen: Seen): boolean {
  if (model.inTurn !== undefined) return true;
  const { pageBytes, bandwidthBytesPerSecond } = seen;
  const peak = askedPeakPerSecond(split);
  return askedShareOf(peak, pageBytes, bandwidthBytesPerSecond) > inTurnShare;
}

function hold(situation: Situation, seen: Seen): Decision | undefined {
  const terms = termsOf(situation, seen, missedFree(situation, seen));
  const [free, held] = [forecastFreeRest(terms), forecastHeldRest(terms, heldShare)];
  if (!paysToHold(situation, { free, held }, worthwhileShare)) return undefined;
  const bytesPerSecond = terms.bandwidthBytesPerSecond * heldShare;
  const why = `${askedText(seen)} It waits for them behind what it did not ask for: that is held to ${formatRate(bytesPerSecond)}. All is across in some ${formatDuration(held.timeMs.p50)} instead of ${formatDuration(free.timeMs.p50)}.`;
  return restDecision(situation, bytesPerSecond, why, held);
}

function letGo(situation: Situation, seen: Seen): Decision | undefined {
  const terms = termsOf(situation, seen, missedBy(seen.askedPerSecond, heldWaitMs).perSecond);
  const free = forecastFreeRest(terms);
  if (paysToHold(situation, { free, held: forecastHeldRest(terms, heldShare) }, 1))
    return undefined;
  const why = `${askedText(seen)} To hold back what it does not ask for spares it too little by now: the whole link is used again.`;
  return restDecision(situation, Infinity, why, free);
}

function askedText({ askedPerSecond: asked, remainingBytes }: Seen): string {
  return `The guest asks for ${Math.round(asked)} pages a second, and ${formatBytes(remainingBytes)} are left.`;
}

/** Who waits all the time asks for as many pages, whatever it writes: then that says what it misses. */
function missedFree({ model: { workingSet } }: Situation, seen: Seen): number {
  const { askedPerSecond: asked, remainingBytes, pageBytes, bandwidthBytesPerSecond } = seen;
  const { perSecond, isLeast } = missedBy(asked, freeWaitMs(bandwidthBytesPerSecond));
  if (!isLeast || workingSet === undefined) return perSecond;
  return Math.max(perSecond, missedWriting(workingSet, remainingBytes, pageBytes));
}

function termsOf({ capabilities }: Situation, seen: Seen, perSecond: number): RestTerms {
  const { remainingBytes, bandwidthBytesPerSecond, pageBytes } = seen;
  const recoverable = capabilities.postCopyRecoverable;
  return {
    remainingBytes,
    bandwidthBytesPerSecond,
    missing: { perSecond, pageBytes },
    recoverable,
  };
}

/** It does the guest less than this share of the harm, and misses no deadline that would be met without. */
function paysToHold(
  situation: Situation,
  { free, held }: { readonly free: Forecast; readonly held: Forecast },
  share: number,
): boolean {
  const { atMs, deadlineMs = Infinity } = situation;
  const isLate = ({ timeMs }: Forecast): boolean => atMs + timeMs.p50 > deadlineMs;
  if (isLate(held) && !isLate(free)) return false;
  return harm(situation, { forecast: held }) < harm(situation, { forecast: free }) * share;
}

function restDecision(
  situation: Situation,
  bytesPerSecond: number,
  why: string,
  forecast: Forecast,
): Decision {
  const action = { kind: 'set-post-copy-speed', bytesPerSecond } as const;
  return decision(situation, action, why, { ending: 'post-copy', forecast }, []);
}
