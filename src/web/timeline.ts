import type { OperationDocument, PartDocument } from '../api/operations.ts';

type Report = NonNullable<OperationDocument['report']>;

/** A stretch of a row, as shares of its whole width, 0 to 1. */
export interface Bar {
  readonly kind:
    | ('planned' | 'planned-late' | 'done' | 'moving' | 'failed')
    /** Past the point of no return, where it begins. */
    | 'split'
    | ('ahead' | 'ahead-late');
  readonly from: number;
  readonly to: number;
}

/** What a timeline covers, ms since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** From the first that begins, or was to, to the last that may end; the deadline is always in it. */
export function spanOf(report: Report, startAt: string, deadlineAt: string | null): Span {
  const times = [startAt, report.at, ...(deadlineAt === null ? [] : [deadlineAt])];
  for (const { planned, expected, startedAt, endedAt } of report.parts) {
    for (const plan of [planned, expected])
      if (plan !== null) times.push(plan.startAt, plan.endAt.p90);
    for (const time of [startedAt, endedAt]) if (time !== null) times.push(time);
  }
  const all = times.map((time) => Date.parse(time));
  const from = Math.min(...all);
  // A span of no length has no shares.
  return { from, to: Math.max(...all, from + 1_000) };
}

export function shareOf({ from, to }: Span, time: string): number {
  return Math.min(1, Math.max(0, (Date.parse(time) - from) / (to - from)));
}

/** What was planned first: until it is half sure, and until it is nearly sure that it has arrived. */
export function plannedBars({ planned }: PartDocument, span: Span): readonly Bar[] {
  if (planned === null) return [];
  const p50 = shareOf(span, planned.endAt.p50);
  return [
    { kind: 'planned', from: shareOf(span, planned.startAt), to: p50 },
    { kind: 'planned-late', from: p50, to: shareOf(span, planned.endAt.p90) },
  ];
}

/** What has come of it, and what is still to come. */
export function actualBars(part: PartDocument, span: Span, at: string): readonly Bar[] {
  const { startedAt, noReturnAt, endedAt, expected, state } = part;
  const bars: Bar[] = [];
  const now = shareOf(span, at);
  if (startedAt !== null) {
    const to = endedAt === null ? now : shareOf(span, endedAt);
    const split = noReturnAt === null ? to : Math.min(to, shareOf(span, noReturnAt));
    bars.push({ kind: kindOf(state), from: shareOf(span, startedAt), to: split });
    if (noReturnAt !== null) bars.push({ kind: 'split', from: split, to });
  }
  if (expected === null || (state !== 'waiting' && state !== 'moving')) return bars;
  const from = state === 'moving' ? now : Math.max(now, shareOf(span, expected.startAt));
  const p50 = Math.max(from, shareOf(span, expected.endAt.p50));
  const p90 = Math.max(p50, shareOf(span, expected.endAt.p90));
  return [...bars, { kind: 'ahead', from, to: p50 }, { kind: 'ahead-late', from: p50, to: p90 }];
}

function kindOf(state: PartDocument['state']): Bar['kind'] {
  if (state === 'moved') return 'done';
  return state === 'moving' || state === 'waiting' ? 'moving' : 'failed';
}
