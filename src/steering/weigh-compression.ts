import { knowsOwnWrites } from '../forecast/learn.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { type Prior, type Sounded, usualLinkBytesPerSecond } from '../forecast/prior.ts';
import { carriesCompressed } from '../forecast/shrinking.ts';
import { formatDuration, formatRate } from '../units/format.ts';
import { type Begun, begun, budgetOf, type Manner, type Start } from './begun.ts';
import {
  type Compression,
  type CompressionChoice,
  chooseCompression,
  connectionsFor,
  not,
  worthwhileRatio,
} from './compress.ts';
import { expect } from './expect.ts';
import { harmOf } from './harm.ts';
import { postCopyOpen } from './post-copy-open.ts';

/**
 * Whether a migration starts compressed: because it could never switch to post-copy, or because what its memory
 * shrinks to makes that needless.
 */
export function chooseAtStart(start: Start): CompressionChoice {
  const { sounded } = start.prior;
  if (sounded !== undefined && isOpen(start)) return weigh(start, sounded);
  const { bandwidthBytesPerSecond } = start.prior;
  return chooseCompression(budgetOf(start), start.capabilities, bandwidthBytesPerSecond);
}

/** Both can be had, each without the other. */
export function isOpen(start: Start): boolean {
  const { capabilities } = start;
  return (
    capabilities.compression?.allowed === true &&
    postCopyOpen(budgetOf(start), capabilities).allowed
  );
}

/** How it begins with this compression, or with none. What was not sounded is taken not to shrink. */
export function mannerOf(
  { prior }: Pick<Start, 'prior'>,
  compression: Compression | undefined,
): Manner {
  const linkBytesPerSecond = linkOf(prior);
  const { sounded } = prior;
  if (compression === undefined || sounded?.ratio === undefined)
    return { compression, linkBytesPerSecond, ratio: 1 };
  const threads = Math.min(compression.connections, sounded.idleProcessors);
  const carried = carriesCompressed(linkBytesPerSecond, sounded.ratio, threads);
  return { compression, linkBytesPerSecond, ratio: carried / linkBytesPerSecond };
}

export function linkOf({ bandwidthBytesPerSecond }: Prior): number {
  return bandwidthBytesPerSecond ?? usualLinkBytesPerSecond;
}

/** Post-copy is given up for what does so much less harm: what is foreseen may be off by a quarter. */
const clearlyLessShare = 0.75;

function weigh(start: Start, { ratio, idleProcessors }: Sounded): CompressionChoice {
  const link = linkOf(start.prior);
  const connections = connectionsFor(link);
  if (connections === undefined) return not(`a link of ${formatRate(link)} is faster than it`);
  const lacking = not(`processors for it are lacking: ${rounded(idleProcessors)} idle`);
  if (ratio === undefined) return lacking;
  if (ratio < worthwhileRatio) return not(`its memory shrinks only ${times(ratio)}`);
  if (!knowsOwnWrites(start.prior)) return not('what it writes is not known');
  const manner = mannerOf(start, { connections });
  if (manner.ratio < worthwhileRatio) return lacking;
  const compressed = begun(start, manner);
  const uncompressed = begun(start, mannerOf(start, undefined));
  if (!surelyFits(compressed)) return not('it might not fit if it wrote half as much again');
  const [it, other] = [foreseen(compressed), foreseen(uncompressed)];
  if (it.harm >= other.harm * clearlyLessShare)
    return not(`it would do hardly less harm: ${it.text} instead of ${other.text}`);
  return {
    taken: true,
    compression: { connections },
    because: `its memory shrinks ${times(ratio)}, and it is expected to fit ${it.text}, uncompressed ${other.text}`,
  };
}

/**
 * A guest may come to write more than it was seen to, and cannot be switched to post-copy then. (One that rewrites the
 * same part of its memory all the time writes more than a second shows; but that part, which it does show, then takes
 * less than two thirds of a second.)
 */
const moreWritesTimes = 1.5;

/** Whether it would end within the budget's pause and patience also if the guest wrote so much more. */
function surelyFits({ situation, view }: Begun): boolean {
  // A freeze within the pause that is allowed anyhow is a switch-over with a larger limit.
  const { forecast } = expect(situation, { ...view, workingSet: busier(view) });
  return forecast.completes && forecast.blackoutMs.p90 <= situation.budget.blackoutMs;
}

function busier({ workingSet }: Outlook): Outlook['workingSet'] {
  if (workingSet === undefined) return undefined;
  const rateBytesPerSecond = workingSet.rateBytesPerSecond * moreWritesTimes;
  return { ...workingSet, rateBytesPerSecond };
}

function foreseen({ situation, view }: Begun): { readonly harm: number; readonly text: string } {
  const { slaClass, importance } = situation;
  const { forecast } = expect(situation, view);
  if (!forecast.completes) return { harm: Infinity, text: 'never' };
  const { timeMs, blackoutMs } = forecast;
  return {
    harm: harmOf(forecast, slaClass, importance),
    text: `after ${formatDuration(timeMs.p50)} with a pause of ${formatDuration(blackoutMs.p50)}`,
  };
}

function times(ratio: number): string {
  return `${rounded(ratio)} times`;
}

function rounded(figure: number): string {
  return `${Number(figure.toPrecision(2))}`;
}
