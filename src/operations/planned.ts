import type { Plan, PlannedMove } from '../planner/plan.ts';
import type { Part, PlannedPart } from './report.ts';

/**
 * Parts with what the plan says of them. `measured`: whether it was made by what they were seen to write; what was
 * planned first is kept of such a one. `nameOf`: of a UUID.
 */
export function withPlan(
  parts: readonly Part[],
  { plan, measured }: { readonly plan: Plan; readonly measured: boolean },
  now: number,
  nameOf: (uuid: string) => string,
): readonly Part[] {
  // Of several moves of one VM the first is its next.
  const moves = new Map(plan.moves.toReversed().map((move) => [move.vm, move]));
  const remaining = new Map(plan.remaining.map((one) => [one.vm, one]));
  return parts.map((part) => {
    if (part.state !== 'waiting' && part.state !== 'moving') return part;
    const move = moves.get(part.uuid);
    if (move !== undefined) {
      const expected = plannedPart(move, now);
      const to = part.state === 'moving' ? part.to : move.to;
      return {
        ...part,
        to,
        expected,
        planned: part.planned ?? (measured ? expected : undefined),
        why: move.running ? part.why : named(move.why, nameOf),
      };
    }
    const stuck = remaining.get(part.uuid);
    if (stuck === undefined || part.state === 'moving') return part;
    const why = stuck.obstacles.map((one) => `${one.hosts.join(', ')}: ${one.why}`).join('; ');
    return {
      ...part,
      to: undefined,
      expected: undefined,
      why: named(why === '' ? 'there is no other host' : why, nameOf),
    };
  });
}

function plannedPart(move: PlannedMove, now: number): PlannedPart {
  const { expected, startMs, endMs, to, bytes } = move;
  const { forecast, ending } = expected;
  return {
    to,
    startAt: now + startMs,
    endAt: { p50: now + endMs.p50, p90: now + endMs.p90 },
    bytes,
    blackoutMs: forecast.completes ? forecast.blackoutMs : undefined,
    ending,
  };
}

/** The planner's words, with names for UUIDs. */
function named(text: string, nameOf: (uuid: string) => string): string {
  return text.replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, nameOf);
}
