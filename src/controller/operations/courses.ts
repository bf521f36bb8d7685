import { type Outcome, outcomes } from '../../migration/transition.ts';
import type { Course, Stage } from '../../operations/sight.ts';
import type { MigrationPhase, MigrationRow } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';

const pageSize = 500;
/** What may help whoever stayed. */
const wayOut =
  'What may help: more importance, more bandwidth, or a quieter hour (drover operations expedite, with --vm).';

/** The migrations of operations, with the reason why each ended as it did, which is read once. */
export class Courses {
  readonly #store: Store;
  readonly #why = new Map<string, string | undefined>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Oldest first. */
  async of(operationId: string): Promise<readonly Course[]> {
    const rows: MigrationRow[] = [];
    let after: string | undefined;
    do {
      const page = await this.#store.migrations.list({ operationId }, { limit: pageSize, after });
      rows.push(...page.items);
      after = page.next;
    } while (after !== undefined);
    return Promise.all(rows.toReversed().map((row) => this.#courseOf(row)));
  }

  async #courseOf(row: MigrationRow): Promise<Course> {
    const stage = stageOf(row.phase);
    return {
      id: row.id,
      vm: row.vm,
      uuid: row.vmUuid,
      from: row.from,
      to: row.to,
      stage,
      importance: row.importance,
      requestedAt: row.requestedAt,
      startedAt: row.startedAt,
      noReturnAt: row.pointOfNoReturnAt,
      endedAt: row.endedAt,
      arrivesAt: arrivesAt(row),
      share: (row.progress?.percent ?? 0) / 100,
      remainingBytes: row.progress?.remainingBytes,
      throughputBytesPerSecond: row.progress?.bandwidthBytesPerSecond,
      sentBytes: row.progress?.sentBytes,
      dirtyRateBytesPerSecond: row.progress?.dirtyRateBytesPerSecond,
      deadlineAt: row.deadlineAt,
      blackoutMs: row.end?.blackout?.ms,
      why: stage === 'live' || stage === 'arrived' ? undefined : await this.#whyOf(row),
    };
  }

  async #whyOf({ id, error, phase }: MigrationRow): Promise<string | undefined> {
    if (error !== undefined) return error.message;
    if (phase === 'unknown') return undefined;
    if (!this.#why.has(id)) {
      const { why, decisions } = await this.#store.migrations.chapters(id);
      const stay = decisions.findLast(({ action }) => action.kind === 'stay');
      this.#why.set(id, stay === undefined ? why.at(-1) : `${stay.why} ${wayOut}`);
    }
    return this.#why.get(id);
  }
}

function arrivesAt({ startedAt, progress }: MigrationRow): number | undefined {
  if (startedAt === undefined || progress?.etaMs === undefined) return undefined;
  return startedAt + progress.atMs + progress.etaMs;
}

const stages: Readonly<Record<Outcome, Stage>> = {
  completed: 'arrived',
  stayed: 'stayed',
  aborted: 'cancelled',
  'failed-safe': 'failed',
  unknown: 'unknown',
  lost: 'lost',
};

function stageOf(phase: MigrationPhase): Stage {
  const outcome = outcomes.find((one) => one === phase);
  return outcome === undefined ? 'live' : stages[outcome];
}
