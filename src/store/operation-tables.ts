import type { Insertable, Selectable, Transaction } from 'kysely';
import { isLiveOperation, liveOperationStates } from '../operations/report.ts';
import { fromJson, maybe, toJson } from './json.ts';
import { pageOf } from './paging.ts';
import type { Closure, NewEvent, OperationRow } from './rows.ts';
import type { Session } from './session.ts';
import type { Closures, OperationChange, Operations, Page, PageRequest } from './store.ts';
import type { Tables } from './tables.ts';

export class OperationTable implements Operations {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  create(
    operation: Omit<OperationRow, 'revision' | 'report'>,
    event: NewEvent,
  ): ReturnType<Operations['create']> {
    return this.#session.write(async (trx) => {
      await this.#session.engine.gate(trx, 'admission');
      const busy = (await live(trx)).find((other) => meets(operation, other));
      if (busy !== undefined) return { how: 'busy', row: busy };
      const row = { ...operation, revision: 1, report: undefined };
      await trx.insertInto('operations').values(stored(row)).execute();
      if (row.kind === 'drain' && row.host !== undefined) await close(trx, row.host, row);
      await this.#session.tell(trx, [event]);
      return { how: 'created', row };
    });
  }

  get(id: string): Promise<OperationRow | undefined> {
    return this.#session.read(async (db) => {
      const row = await db
        .selectFrom('operations')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? undefined : operationRow(row);
    });
  }

  list({ limit, after }: PageRequest): Promise<Page<OperationRow>> {
    return this.#session.read(async (db) => {
      let query = db.selectFrom('operations').selectAll().orderBy('id', 'desc');
      if (after !== undefined) query = query.where('id', '<', after);
      const rows = await query.limit(limit + 1).execute();
      return pageOf(rows.map(operationRow), limit, ({ id }) => id);
    });
  }

  live(): Promise<readonly OperationRow[]> {
    return this.#session.read(live);
  }

  change(
    id: string,
    { aims, ...change }: OperationChange,
    event: NewEvent,
    ifRevision?: number,
  ): ReturnType<Operations['change']> {
    return this.#session.write(async (trx) => {
      let query = trx
        .updateTable('operations')
        .set(({ eb }) => ({
          ...change,
          ...(aims === undefined ? {} : { aims: toJson(aims) }),
          revision: eb('revision', '+', 1),
        }))
        .where('id', '=', id)
        .where('state', 'in', liveOperationStates);
      if (ifRevision !== undefined) query = query.where('revision', '=', ifRevision);
      const { numUpdatedRows } = await query.executeTakeFirst();
      const row = await trx
        .selectFrom('operations')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      if (row === undefined) return 'missing';
      if (numUpdatedRows === 0n) return isLiveOperation(row.state) ? 'stale' : 'ended';
      await this.#session.tell(trx, [event]);
      return operationRow(row);
    });
  }

  report(
    id: string,
    report: NonNullable<OperationRow['report']>,
    events: readonly NewEvent[],
  ): Promise<void> {
    return this.#session.write(async (trx) => {
      await trx
        .updateTable('operations')
        .set({ report: toJson(report) })
        .where('id', '=', id)
        .execute();
      await this.#session.tell(trx, events);
    });
  }
}

export class ClosureTable implements Closures {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  list(): Promise<readonly Closure[]> {
    return this.#session.read((db) =>
      db.selectFrom('closures').selectAll().orderBy('host').execute(),
    );
  }

  open(host: string, event: NewEvent): Promise<boolean> {
    return this.#session.write(async (trx) => {
      const { numDeletedRows } = await trx
        .deleteFrom('closures')
        .where('host', '=', host)
        .executeTakeFirst();
      if (numDeletedRows === 0n) return false;
      await this.#session.tell(trx, [event]);
      return true;
    });
  }
}

async function live(db: Pick<Transaction<Tables>, 'selectFrom'>): Promise<readonly OperationRow[]> {
  const rows = await db
    .selectFrom('operations')
    .selectAll()
    .where('state', 'in', liveOperationStates)
    .orderBy('id')
    .execute();
  return rows.map(operationRow);
}

/** Two that would pull at the same VMs: of one host, or both of the whole fleet. */
function meets(a: Pick<OperationRow, 'host'>, b: Pick<OperationRow, 'host'>): boolean {
  return a.host === b.host;
}

async function close(
  trx: Transaction<Tables>,
  host: string,
  { id, requestedAt, requestedBy }: OperationRow,
): Promise<void> {
  const closure = { at: requestedAt, by: requestedBy, operationId: id };
  await trx
    .insertInto('closures')
    .values({ host, ...closure })
    .onConflict((conflict) => conflict.column('host').doUpdateSet(closure))
    .execute();
}

function stored({ report, aims, ...row }: OperationRow): Insertable<Tables['operations']> {
  return {
    ...row,
    host: row.host ?? null,
    deadlineAt: row.deadlineAt ?? null,
    endedAt: row.endedAt ?? null,
    aims: toJson(aims),
    report: report === undefined ? null : toJson(report),
  };
}

function operationRow(row: Selectable<Tables['operations']>): OperationRow {
  return {
    ...row,
    host: row.host ?? undefined,
    aims: fromJson(row.aims),
    deadlineAt: row.deadlineAt ?? undefined,
    endedAt: row.endedAt ?? undefined,
    report: maybe(row.report),
  };
}
