import type { Plan } from '../planner/plan.ts';
import type { Importance } from '../policy/vocabulary.ts';
import { formatDuration } from '../units/format.ts';
import type { OperationKind, OperationState, Part, Report, Span } from './report.ts';
import { type Sight, seenOn } from './sight.ts';

/** What an operation is judged by as a whole. */
export interface Matter {
  readonly kind: OperationKind;
  readonly host: string | undefined;
  readonly state: OperationState;
  readonly deadlineAt: number | undefined;
}

/** Without a deadline it is given up when nothing could be done for so long, ms. */
const givenUpAfterMs = 30_000;

/** Whether it has ended, and how. */
export function verdictOf(
  matter: Matter,
  { parts, stuckSince }: Pick<Report, 'parts' | 'stuckSince'>,
  sight: Sight,
  now: number,
): 'running' | 'completed' | 'incomplete' | 'cancelled' {
  if (parts.some(({ state }) => state === 'moving' || state === 'unknown')) return 'running';
  if (isReached(matter, parts, sight)) return 'completed';
  if (matter.state === 'cancelling') return 'cancelled';
  const waits = parts.some(
    ({ state, againAt }) => state === 'waiting' || (state === 'stays' && againAt !== undefined),
  );
  const source = matter.host === undefined ? [] : sight.hosts.get(matter.host);
  const mayChange = waits || (matter.kind === 'drain' && source === undefined);
  if (!mayChange) return allSettled(parts, sight) ? 'incomplete' : 'running';
  const until = matter.deadlineAt ?? (stuckSince ?? now) + givenUpAfterMs;
  return stuckSince !== undefined && now >= until ? 'incomplete' : 'running';
}

/** The host is empty, or all are where they were wanted; and they were seen to run there. */
function isReached({ kind, host }: Matter, parts: readonly Part[], sight: Sight): boolean {
  if (kind === 'drain') {
    const source = host === undefined ? undefined : sight.hosts.get(host);
    if (source === undefined || source.some(occupies)) return false;
  }
  return (
    parts.every(({ state }) => state === 'moved' || state === 'gone') && allSettled(parts, sight)
  );
}

/** A guest that runs, or stands still with its memory. */
function occupies({ state }: { readonly state: string }): boolean {
  return state !== 'shut-off' && state !== 'crashed';
}

/** Whether each that moved was looked at where it is. */
function allSettled(parts: readonly Part[], sight: Sight): boolean {
  return parts
    .filter(({ state }) => state === 'moved')
    .every(({ to, uuid }) => to !== undefined && seenOn(sight, to, uuid) !== undefined);
}

/** Hosts that have to be looked at: where VMs leave, and where they have arrived. */
export function hostsToSee({ host }: Matter, parts: readonly Part[]): readonly string[] {
  return [
    ...new Set([
      ...(host === undefined ? [] : [host]),
      ...parts.flatMap(({ from, to, state }) =>
        state === 'moved' && to !== undefined ? [to] : state === 'gone' ? [] : [from],
      ),
    ]),
  ];
}

/** When the last one arrives. */
export function etaOf(
  planned: { readonly plan: Plan; readonly at: number } | undefined,
): Span | undefined {
  if (planned === undefined || planned.plan.moves.length === 0) return undefined;
  const { p50, p90 } = planned.plan.makespanMs;
  return { p50: planned.at + p50, p90: planned.at + p90 };
}

/** How much of the memory of all has arrived, 0 to 1. */
export function shareOf(parts: readonly Part[]): number {
  const all = parts.reduce((sum, part) => sum + weightOf(part), 0);
  const done = parts.reduce((sum, part) => sum + weightOf(part) * part.share, 0);
  return all === 0 ? 1 : done / all;
}

function weightOf({ planned, memoryBytes }: Part): number {
  return planned?.bytes ?? memoryBytes;
}

/** All of it in a sentence or two. */
export function saysOf(
  matter: Matter,
  report: Pick<Report, 'parts' | 'eta' | 'late' | 'silent' | 'importance'>,
  state: OperationState,
  now: number,
): string {
  const { parts } = report;
  const some = (wanted: Part['state']): readonly Part[] =>
    parts.filter((part) => part.state === wanted);
  const moved = some('moved').length;
  const sentences = [
    `${moved} of ${parts.length} moved${underWay(some('moving').length, some('waiting').length)}`,
    ...some('lost').map(({ vm, why }) => `${vm} is LOST: ${why}`),
    ...some('unknown').map(({ vm, why }) => `where ${vm} is is not known: ${why}`),
    ...staying(parts, state),
    ...expectedToStay(parts),
    ...some('gone').map(({ vm, why }) => `${vm}: ${why}`),
    ...time(matter, report, state, now),
    ...(report.silent.length === 0 ? [] : [`${report.silent.join(', ')}: no answer`]),
  ];
  return sentences.join('; ');
}

function underWay(moving: number, waiting: number): string {
  const words = [
    ...(moving === 0 ? [] : [`${moving} under way`]),
    ...(waiting === 0 ? [] : [`${waiting} waiting`]),
  ];
  return words.length === 0 ? '' : `, ${words.join(', ')}`;
}

function staying(parts: readonly Part[], state: OperationState): readonly string[] {
  const isOver = state !== 'running' && state !== 'paused';
  return parts
    .filter(
      (part) => part.state === 'stays' || (part.state === 'waiting' && (isOver || isStuck(part))),
    )
    .map(({ vm, why }) => `${vm} stays${why === '' ? '' : `: ${why}`}`);
}

/** By the forecast, within its budget; steering may find another way. */
function expectedToStay(parts: readonly Part[]): readonly string[] {
  const names = parts
    .filter(({ state, expected }) => state === 'waiting' && expected?.ending === 'stay')
    .map(({ vm }) => vm);
  if (names.length === 0) return [];
  return [`${names.join(', ')} would stay, by the forecast: more importance would move it`];
}

/** It waits, but not for its turn. */
function isStuck({ expected, tries, why }: Part): boolean {
  return expected === undefined && (tries > 0 || why !== '');
}

function time(
  { deadlineAt }: Matter,
  { eta, late, importance }: Pick<Report, 'eta' | 'late' | 'importance'>,
  state: OperationState,
  now: number,
): readonly string[] {
  if (state !== 'running' || eta === undefined) return [];
  const left = (at: number): string => formatDuration(Math.max(0, at - now));
  const done = `done in ${left(eta.p50)} (up to ${left(eta.p90)})`;
  if (deadlineAt === undefined) return [done];
  if (late.length > 0)
    return [`${done}: ${late.join(', ')} would come after the deadline${wayOut(importance)}`];
  return [`${done}, ${left(deadlineAt)} to the deadline`];
}

function wayOut(importance: Importance): string {
  return importance === 'high'
    ? ', at the highest importance already: give it a faster link, or more time'
    : '';
}
