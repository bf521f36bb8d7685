import type { Plan } from '../planner/plan.ts';
import type { Importance } from '../policy/vocabulary.ts';
import type { Part, Report } from './report.ts';
import type { Sight } from './sight.ts';
import { etaOf, type Matter, saysOf, shareOf } from './standing.ts';

/** What a report is made from. */
export interface Findings {
  readonly matter: Matter;
  readonly importance: Importance;
  readonly parts: readonly Part[];
  readonly sight: Sight;
  readonly planned: ReportedPlan | undefined;
  readonly now: number;
}

/** The plan that holds, and when it was made, ms since 1970. */
export interface ReportedPlan {
  readonly plan: Plan;
  readonly at: number;
  /** Whether it was made by what those that leave were seen to write. */
  readonly measured: boolean;
  readonly assumed: readonly string[];
}

/** How an operation stands. `before`: the report of the round before; what never falls is taken from it. */
export function reportOf(findings: Findings, before: Report | undefined): Report {
  const { matter, importance, parts, sight, planned, now } = findings;
  const eta = etaOf(planned);
  const told = { parts, eta, late: lateOf(findings), silent: silentIn(sight), importance };
  return {
    ...told,
    ...planOf(planned, before),
    at: now,
    firstEta: before?.firstEta ?? (planned?.measured === false ? undefined : eta),
    boundMs: planned?.plan.boundMs ?? 0,
    share: Math.max(before?.share ?? 0, shareOf(parts)),
    totalBytes: parts.reduce((sum, part) => sum + (part.planned?.bytes ?? part.memoryBytes), 0),
    stuckSince: isStuck(findings) ? (before?.stuckSince ?? now) : undefined,
    says: saysOf(matter, told, matter.state, now),
  };
}

function planOf(
  planned: ReportedPlan | undefined,
  before: Report | undefined,
): Pick<Report, 'plannedAt' | 'schedule' | 'assumed'> {
  if (planned !== undefined)
    return { plannedAt: planned.at, schedule: planned.plan.schedule, assumed: planned.assumed };
  const { plannedAt, schedule = '', assumed = [] } = before ?? {};
  return { plannedAt, schedule, assumed };
}

function lateOf({ planned, parts }: Findings): readonly string[] {
  const names = new Map(parts.map(({ uuid, vm }) => [uuid, vm]));
  return (planned?.plan.late ?? []).map((uuid) => names.get(uuid) ?? uuid);
}

function silentIn({ hosts }: Sight): readonly string[] {
  return [...hosts].flatMap(([name, vms]) => (vms === undefined ? [name] : []));
}

/** Nothing is under way, and nothing can be begun. */
function isStuck({ matter, parts, planned }: Findings): boolean {
  if (matter.state !== 'running') return false;
  if (parts.some(({ state }) => state === 'moving' || state === 'unknown')) return false;
  return (planned?.plan.moves.length ?? 0) === 0;
}
