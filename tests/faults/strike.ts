import type { Sample } from '../../src/forecast/telemetry.ts';
import type { Beat } from '../../src/lab/guest/index.ts';
import type { EventRow, MigrationPhase } from '../../src/store/rows.ts';
import type { Phase } from './matrix.ts';

/** A fault that has begun, and what is there to show afterwards in which phase it struck. */
export interface Strike {
  readonly phase: Phase;
  /** On the clock of the heartbeats, ms. */
  readonly atMs: number;
  /** The time of day, ms since 1970. */
  readonly wallMs: number;
  /** When the first order went to a host, ms since 1970. */
  readonly startedAt: number | undefined;
  /** Whether a host showed right after it that nothing of the guest was at its source any more. */
  readonly whole: boolean;
  /** What the guest and the controller's record tell in the end. */
  readonly beats: readonly Pick<Beat, 'host' | 'atMs'>[];
  readonly samples: readonly Pick<Sample, 'atMs' | 'phase' | 'memoryTotalBytes' | PageFigure>[];
  readonly events: readonly ToldEvent[];
}

type PageFigure = 'normalPages' | 'constantPages' | 'pageSizeBytes';
type ToldEvent = Pick<EventRow, 'at' | 'type' | 'data'>;

/** Why the phase was over when the fault struck; `undefined`: nothing says so. */
export function tooLate(strike: Strike): string | undefined {
  return proofsAgainst[strike.phase].map((proof) => proof(strike)).find((why) => why !== undefined);
}

type Proof = (strike: Strike) => string | undefined;

const switched = wasSaid('switching', 'post-copy', 'recovering');
const splitSaid = wasSaid('post-copy', 'recovering');

/** What would show that the phase was over. Who has completed, or was not asked to move yet, stays so. */
const proofsAgainst: Readonly<Record<Phase, readonly Proof[]>> = {
  'before start': [],
  'first pass': [beatElsewhere, switched, wasPassed],
  throttled: [beatElsewhere, switched],
  'switching over': [beatElsewhere, splitSaid],
  'post-copy': [({ whole }) => (whole ? 'its memory was across' : undefined), wasEnded],
  'just completed': [],
};

function beatElsewhere({ beats, atMs }: Strike): string | undefined {
  const elsewhere = beats.some((beat) => beat.host === 'h2' && beat.atMs < atMs);
  return elsewhere ? 'it beat at its destination' : undefined;
}

function wasSaid(...phases: readonly MigrationPhase[]): Proof {
  return (strike) => {
    const said = saidBefore(strike)
      .filter(({ type }) => type === 'migration.phase')
      .map(({ data }) => phaseIn(data));
    const late = phases.find((phase) => said.includes(phase));
    return late === undefined ? undefined : `it was said to be ${late}`;
  };
}

function wasEnded(strike: Strike): string | undefined {
  const ended = saidBefore(strike).some(({ type }) => type === 'migration.ended');
  return ended ? 'its end was told' : undefined;
}

/** A clock that was stepped back tells of times before the migration began: those are later. */
function saidBefore({ events, startedAt = 0, wallMs }: Strike): readonly ToldEvent[] {
  return events.filter(({ at }) => at >= startedAt && at < wallMs);
}

function phaseIn(data: unknown): unknown {
  return typeof data === 'object' && data !== null && 'phase' in data ? data.phase : undefined;
}

/** As many pages had gone as the guest has. */
function wasPassed({ samples, startedAt, wallMs }: Strike): string | undefined {
  if (startedAt === undefined) return undefined;
  const passed = samples
    .filter(({ atMs, phase }) => phase !== 'setup' && atMs < wallMs - startedAt)
    .some(
      ({ normalPages, constantPages, pageSizeBytes, memoryTotalBytes }) =>
        (normalPages + constantPages) * pageSizeBytes >= memoryTotalBytes,
    );
  return passed ? 'its first pass was over' : undefined;
}
