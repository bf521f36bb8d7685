import { leastConnections } from '../forecast/shrinking.ts';
import { formatDuration, formatRate } from '../units/format.ts';
import type { Decision } from './decision.ts';
import type { SteeringState } from './situation.ts';

/** A pause that was asked for, and the limit that it was made. */
export interface AskedPause {
  readonly ms: number;
  readonly limitMs: number;
}

/**
 * Memory that shrinks to next to nothing may be followed by some that does not, and QEMU looks more often than Drover:
 * no limit is set that would make more than so many times the pause then.
 */
const mostTimes = 4;

function timesOf(ratio: number): number {
  return Math.min(mostTimes, ratio);
}

/**
 * QEMU compares what is left, in pages, with what goes over the wire within the limit. Where that is compressed,
 * `ratio` times as many pages are across in that time: a limit makes so many times shorter a pause. Pauses are
 * steered by, and limits are set.
 */
export function asPauses(state: SteeringState, ratio: number): SteeringState {
  return ratio === 1 ? state : { ...state, maxDowntimeMs: state.maxDowntimeMs / timesOf(ratio) };
}

/** A decision over pauses, with the limits that make them and the bytes that go over the wire. */
export function asReckoned(decision: Decision, ratio: number): Decision {
  if (ratio === 1) return decision;
  const { action, forecast, why } = decision;
  const onWire = { ...decision, forecast: { ...forecast, bytes: forecast.bytes / ratio } };
  if (action.kind === 'freeze')
    return { ...onWire, action: { ...action, reckonedMs: action.expectedMs * ratio } };
  if (action.kind === 'set-max-speed' && Number.isFinite(action.bytesPerSecond)) {
    const bytesPerSecond = capOf(action.bytesPerSecond / ratio, ratio);
    const told = `By QEMU's count, which is over the wire and late, that is ${formatRate(bytesPerSecond)}.`;
    return { ...onWire, action: { kind: action.kind, bytesPerSecond }, why: `${why} ${told}` };
  }
  if (action.kind !== 'set-max-downtime') return onWire;
  const ms = Math.ceil(action.ms * timesOf(ratio));
  const told = `QEMU reckons it uncompressed: its limit is set to ${formatDuration(ms)}.`;
  return { ...onWire, action: { kind: action.kind, ms }, why: `${why} ${told}` };
}

/**
 * QEMU looks ten times a second whether the stream has had its share, and each connection's packet of 512 KiB of pages
 * goes out beyond it. Held to 8, 14, 17 and 20 MiB/s, streams of two connections that were compressed 3.1 to 1 went at
 * 11.7, 17.2, 20.3 and 22.7; over a link of 23.8 pauses were 15 ms, 15 to 23, 17 to 33 and 159 to 198.
 */
const overrunBytesPerSecond = 10 * leastConnections * 512 * 1024;
/** An overrun that does not come must not look like another link. */
const leastCapShare = 0.65;

/** The cap that holds a stream to so much on the wire. */
function capOf(wireBytesPerSecond: number, ratio: number): number {
  const capped = wireBytesPerSecond - overrunBytesPerSecond / ratio;
  return Math.max(capped, wireBytesPerSecond * leastCapShare);
}

/** A limit makes a longer pause than was asked for once memory shrinks by so much less. */
const longerTimes = 1.1;

/** The limit that makes the pause that was asked for, where the one in force has come to make a longer one. */
export function lowered(
  decision: Decision,
  asked: AskedPause | undefined,
  { maxDowntimeMs }: SteeringState,
  ratio: number,
): Decision {
  const { kind } = decision.action;
  // What froze it, or was set by others, is no pause that was asked for.
  if (kind !== 'wait' || asked === undefined || asked.limitMs !== maxDowntimeMs) return decision;
  if (maxDowntimeMs <= asked.ms * timesOf(ratio) * longerTimes) return decision;
  const why = `Its memory shrinks less than before, ${ratio.toFixed(1)} to 1: the pause would be longer than ${formatDuration(asked.ms)}.`;
  return { ...decision, action: { kind: 'set-max-downtime', ms: asked.ms }, why };
}
