import type { ClockReading } from '../hypervisor/probe.ts';
import { formatDuration } from '../units/format.ts';
import type { Finding } from './finding.ts';
import { findingsAt } from './hosts.ts';
import { orderedPairs } from './surveyed.ts';

/** How far one clock is ahead of another, and how far off that may be. ms */
export interface Skew {
  readonly aheadMs: number;
  readonly uncertaintyMs: number;
}

/** A host's, beside the clock of this machine. */
export interface HostSkew {
  readonly host: string;
  readonly skew: Skew;
}

/**
 * Clocks that anybody sets right (NTP) differ by ms. From a second on, nobody does; logs, which have
 * seconds, then tell what happened on two hosts in the wrong order, and a certificate that was just made
 * is not valid yet.
 */
export const mostSkewMs = 1_000;

const check = 'clocks';
const hint =
  'Have all machines set their clocks by the same source: chrony, ntpd, systemd-timesyncd.';

/**
 * The host's time lies between the question and the answer, so it is compared with the middle, and can be
 * wrong by half of what lies between: the quickest reading says most.
 */
export function skewOf(readings: readonly ClockReading[]): Skew | undefined {
  const [quickest] = readings.toSorted((a, b) => tookMs(a) - tookMs(b));
  if (quickest === undefined) return undefined;
  const { askedMs, hostMs, heardMs } = quickest;
  return { aheadMs: hostMs - (askedMs + heardMs) / 2, uncertaintyMs: tookMs(quickest) / 2 };
}

function tookMs({ askedMs, heardMs }: ClockReading): number {
  return heardMs - askedMs;
}

/** How far the first is ahead of the second, both known beside the same third. */
export function between(first: Skew, second: Skew): Skew {
  return {
    aheadMs: first.aheadMs - second.aheadMs,
    uncertaintyMs: first.uncertaintyMs + second.uncertaintyMs,
  };
}

/** Each host beside this machine, and the two hosts that are furthest apart. */
export function clockFindings(skews: readonly HostSkew[]): readonly Finding[] {
  const own = skews.map(({ host, skew }) => {
    const message = `its clock is ${amount(skew)} ${side(skew)} this machine's`;
    return finding(host, skew, message);
  });
  const [widest] = orderedPairs(skews)
    .map(([ahead, behind]) => ({ ahead, behind, skew: between(ahead.skew, behind.skew) }))
    .toSorted((a, b) => b.skew.aheadMs - a.skew.aheadMs);
  if (widest === undefined) return own;
  const { ahead, behind, skew } = widest;
  const message = `furthest apart: ${ahead.host} is ${amount(skew)} ahead of ${behind.host}`;
  return [...own, finding(`${ahead.host}, ${behind.host}`, skew, message)];
}

function finding(where: string, skew: Skew, message: string): Finding {
  const severity = severityOf(skew);
  const found = findingsAt(where)(severity, check, message);
  return severity === 'warning' ? { ...found, hint } : found;
}

/** `unseen`: the answer took too long to tell. */
function severityOf({ aheadMs, uncertaintyMs }: Skew): Finding['severity'] {
  if (Math.abs(aheadMs) - uncertaintyMs > mostSkewMs) return 'warning';
  return Math.abs(aheadMs) + uncertaintyMs > mostSkewMs ? 'unseen' : 'ok';
}

function amount({ aheadMs, uncertaintyMs }: Skew): string {
  return `${formatDuration(Math.abs(aheadMs))} (± ${formatDuration(Math.ceil(uncertaintyMs))})`;
}

function side({ aheadMs }: Skew): string {
  return aheadMs < 0 ? 'behind' : 'ahead of';
}
