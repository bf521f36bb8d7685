import type { Selectable } from 'kysely';
import { maybe } from './json.ts';
import type { MigrationRow } from './rows.ts';
import type { MigrationsTable } from './tables.ts';

/** A row as the database gives it, with its lease and its progress beside. */
export interface Joined extends Selectable<MigrationsTable> {
  readonly owner: string | null;
  readonly epoch: number | null;
  readonly progressJson: string | null;
}

export function migrationRow(joined: Joined): MigrationRow {
  const { fromHost, toHost, cancelRequested, progressJson, error, ending, owner, epoch } = joined;
  return {
    id: joined.id,
    origin: joined.origin,
    vm: joined.vm,
    vmName: joined.vmName ?? undefined,
    vmUuid: joined.vmUuid ?? undefined,
    from: fromHost,
    to: toHost,
    slaClass: joined.slaClass ?? undefined,
    reason: joined.reason ?? undefined,
    importance: joined.importance,
    deadlineAt: joined.deadlineAt ?? undefined,
    operationId: joined.operationId ?? undefined,
    requestedBy: joined.requestedBy,
    requestedAt: joined.requestedAt,
    startedAt: joined.startedAt ?? undefined,
    endedAt: joined.endedAt ?? undefined,
    phase: joined.phase,
    cancelRequested: cancelRequested !== 0,
    pointOfNoReturnAt: joined.pointOfNoReturnAt ?? undefined,
    owner: owner ?? undefined,
    epoch: epoch ?? 0,
    revision: joined.revision,
    progress: maybe(progressJson),
    error: maybe(error),
    end: maybe(ending),
  };
}
