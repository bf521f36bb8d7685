import type { Matrix } from '../policy/matrix.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import type { Recording } from '../recording/recording.ts';
import type { Decision } from '../steering/decision.ts';
import { steersmanFor } from '../steering/steersman.ts';
import { isTurn } from '../steering/turns.ts';
import { ends, rideAlong, type Step } from './ride-along.ts';

/** By what the decisions are taken again. */
export interface Terms {
  readonly matrix: Matrix;
  readonly slaClass: SlaClass;
  readonly importance: Importance;
}

/** A recorded migration beside the decisions that other terms would have led to. */
export interface Replay {
  readonly recorded: readonly Decision[];
  readonly replayed: readonly Decision[];
  /** The first decisions that differ in what they do; `undefined` where all do the same. */
  readonly firstDifference:
    | { readonly recorded: Decision | undefined; readonly replayed: Decision | undefined }
    | undefined;
}

/**
 * Takes a recorded migration's decisions again, over what was read then. From the first different
 * act on, the telemetry is no longer what would have been read: the replay is a guess from there.
 */
export function replay(recording: Recording, terms: Terms): Replay {
  const replayed = turnsOf(stepsOver(recording, terms));
  const recorded = untilTheEnd(recording.decisions);
  return { recorded, replayed, firstDifference: differenceOf(recorded, replayed) };
}

/** What is decided at each reading of a recorded migration. */
export function stepsOver(
  { deadlineMs, prior, vm, capabilities, samples }: Recording,
  { matrix, slaClass, importance }: Terms,
): readonly Step[] {
  const intent = { slaClass, importance, deadlineMs };
  const { memoryBytes } = vm;
  const steersman = steersmanFor({ intent: () => intent, matrix, prior, memoryBytes });
  return rideAlong(steersman, capabilities, samples);
}

/** The decisions that changed something. */
export function turnsOf(steps: readonly Step[]): readonly Decision[] {
  const turns: Decision[] = [];
  for (const { decision } of steps)
    if (isTurn(turns.at(-1)?.action.kind, decision)) turns.push(decision);
  return turns;
}

/** The act that ends pre-copy may be tried several times: the first one counts. */
function untilTheEnd(decisions: readonly Decision[]): readonly Decision[] {
  const index = decisions.findIndex(ends);
  return index < 0 ? decisions : decisions.slice(0, index + 1);
}

function differenceOf(
  recorded: readonly Decision[],
  replayed: readonly Decision[],
): Replay['firstDifference'] {
  const [was, is] = [actsOf(recorded), actsOf(replayed)];
  for (let index = 0; index < Math.max(was.length, is.length); index += 1) {
    const [a, b] = [was[index], is[index]];
    if (a === undefined || b === undefined || !alike(a, b)) return { recorded: a, replayed: b };
  }
  return undefined;
}

export function actsOf(decisions: readonly Decision[]): readonly Decision[] {
  return decisions.filter(({ action }) => action.kind !== 'wait');
}

/** Decisions over the same reading (they are 60 ms apart or more) that set nearly the same value do the same. */
const sameMs = 50;
const sameShare = 0.01;

/** Whether both were decided on the same reading of the job. */
export function atTheSameReading(a: Decision, b: Decision): boolean {
  return Math.abs(a.atMs - b.atMs) <= sameMs;
}

function alike(a: Decision, b: Decision): boolean {
  if (!atTheSameReading(a, b) || a.action.kind !== b.action.kind) return false;
  return near(amountOf(a) ?? 0, amountOf(b) ?? 0);
}

/** What an act sets, ms or bytes/s; `undefined` where it sets nothing. */
export function amountOf({ action }: Decision): number | undefined {
  if (action.kind === 'set-max-downtime') return action.ms;
  if (action.kind === 'set-max-speed' || action.kind === 'set-post-copy-speed')
    return action.bytesPerSecond;
  return action.kind === 'freeze' ? action.expectedMs : undefined;
}

function near(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= sameShare * Math.max(Math.abs(a), Math.abs(b));
}
