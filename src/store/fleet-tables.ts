import type { Selectable, Transaction } from 'kysely';
import { pageOf } from './paging.ts';
import type { HostRow, NewEvent, OperationRow, VmRow } from './rows.ts';
import { mostAtOnce, type Session } from './session.ts';
import type { Hosts, OperationChange, Operations, Page, PageRequest, Vms } from './store.ts';
import type { Tables } from './tables.ts';

/** So many measurements of what one VM writes are kept. */
const mostWrites = 100;

export class HostTable implements Hosts {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  list(): Promise<readonly HostRow[]> {
    return this.#session.read(async (db) => {
      const rows = await db.selectFrom('hosts').selectAll().orderBy('name').execute();
      return rows.map(hostRow);
    });
  }

  put(
    host: Omit<HostRow, 'revision'>,
    event: NewEvent,
    ifRevision?: number,
  ): Promise<HostRow | 'stale'> {
    return this.#session.write(async (trx) => {
      await this.#session.engine.gate(trx, 'admission');
      const before = await revisionOf(trx, host.name);
      if (ifRevision !== undefined && ifRevision !== before) return 'stale';
      const row = { ...host, revision: before + 1 };
      const values = nulled(row);
      await trx
        .insertInto('hosts')
        .values(values)
        .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
        .execute();
      await this.#session.tell(trx, [event]);
      return row;
    });
  }

  remove(
    name: string,
    event: NewEvent,
    ifRevision?: number,
  ): Promise<'removed' | 'missing' | 'stale'> {
    return this.#session.write(async (trx) => {
      await this.#session.engine.gate(trx, 'admission');
      const before = await revisionOf(trx, name);
      if (before === 0) return 'missing';
      if (ifRevision !== undefined && ifRevision !== before) return 'stale';
      await trx.deleteFrom('hosts').where('name', '=', name).execute();
      await this.#session.tell(trx, [event]);
      return 'removed';
    });
  }
}

/** 0: there is none. */
async function revisionOf(trx: Transaction<Tables>, name: string): Promise<number> {
  const row = await trx
    .selectFrom('hosts')
    .select('revision')
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.revision ?? 0;
}

function nulled(row: HostRow): Selectable<Tables['hosts']> {
  return {
    ...row,
    peerUri: row.peerUri ?? null,
    bandwidthBytesPerSecond: row.bandwidthBytesPerSecond ?? null,
    maxOutgoing: row.maxOutgoing ?? null,
    maxIncoming: row.maxIncoming ?? null,
    link: row.link ?? null,
  };
}

function hostRow(row: Selectable<Tables['hosts']>): HostRow {
  return {
    ...row,
    peerUri: row.peerUri ?? undefined,
    bandwidthBytesPerSecond: row.bandwidthBytesPerSecond ?? undefined,
    maxOutgoing: row.maxOutgoing ?? undefined,
    maxIncoming: row.maxIncoming ?? undefined,
    link: row.link ?? undefined,
  };
}

export class VmTable implements Vms {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  seen(host: string, vms: readonly VmRow[]): Promise<void> {
    return this.#session.write(async (trx) => {
      // Who looked at the same host meanwhile would have added what this deletes no more.
      await this.#session.engine.gate(trx, 'inventory');
      await trx.deleteFrom('vms').where('host', '=', host).execute();
      // A host that names one twice means the same one.
      const once = [...new Map(vms.map((vm) => [vm.uuid, vm])).values()];
      for (let from = 0; from < once.length; from += mostAtOnce)
        await trx
          .insertInto('vms')
          .values(once.slice(from, from + mostAtOnce).map(storedVm))
          .execute();
    });
  }

  list({
    host,
    name,
  }: {
    readonly host?: string;
    readonly name?: string;
  }): Promise<readonly VmRow[]> {
    return this.#session.read(async (db) => {
      let query = db.selectFrom('vms').selectAll().orderBy('host').orderBy('name');
      if (host !== undefined) query = query.where('host', '=', host);
      if (name !== undefined)
        query = query.where((eb) => eb.or([eb('name', '=', name), eb('uuid', '=', name)]));
      const rows = await query.execute();
      return rows.map(({ foreignJob, ...row }) => ({ ...row, foreignJob: foreignJob !== 0 }));
    });
  }

  measured(uuid: string, at: number, bytesPerSecond: number): Promise<void> {
    return this.#session.write(async (trx) => {
      await trx
        .insertInto('vmWrites')
        .values({ uuid, at, bytesPerSecond })
        .onConflict((conflict) => conflict.columns(['uuid', 'at']).doUpdateSet({ bytesPerSecond }))
        .execute();
      const oldest = await trx
        .selectFrom('vmWrites')
        .select('at')
        .where('uuid', '=', uuid)
        .orderBy('at', 'desc')
        .offset(mostWrites - 1)
        .limit(1)
        .executeTakeFirst();
      if (oldest === undefined) return;
      await trx
        .deleteFrom('vmWrites')
        .where('uuid', '=', uuid)
        .where('at', '<', oldest.at)
        .execute();
    });
  }

  writes(
    uuid: string,
  ): Promise<readonly { readonly at: number; readonly bytesPerSecond: number }[]> {
    return this.#session.read((db) =>
      db
        .selectFrom('vmWrites')
        .select(['at', 'bytesPerSecond'])
        .where('uuid', '=', uuid)
        .orderBy('at', 'desc')
        .execute(),
    );
  }
}

function storedVm({ foreignJob, ...vm }: VmRow): Selectable<Tables['vms']> {
  return { ...vm, foreignJob: Number(foreignJob) };
}

export class OperationTable implements Operations {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  create(operation: Omit<OperationRow, 'revision'>): Promise<OperationRow> {
    return this.#session.write(async (trx) => {
      const values = {
        ...operation,
        reason: operation.reason ?? null,
        deadlineAt: operation.deadlineAt ?? null,
        endedAt: operation.endedAt ?? null,
        revision: 1,
      };
      await trx.insertInto('operations').values(values).execute();
      return operationRow(values);
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

  change(
    id: string,
    change: OperationChange,
    ifRevision?: number,
  ): Promise<OperationRow | 'stale' | 'missing'> {
    return this.#session.write(async (trx) => {
      let query = trx
        .updateTable('operations')
        .set(({ eb }) => ({ ...change, revision: eb('revision', '+', 1) }))
        .where('id', '=', id);
      if (ifRevision !== undefined) query = query.where('revision', '=', ifRevision);
      const { numUpdatedRows } = await query.executeTakeFirst();
      const row = await trx
        .selectFrom('operations')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      if (row === undefined) return 'missing';
      return numUpdatedRows === 0n ? 'stale' : operationRow(row);
    });
  }
}

function operationRow(row: Selectable<Tables['operations']>): OperationRow {
  return {
    ...row,
    reason: row.reason ?? undefined,
    deadlineAt: row.deadlineAt ?? undefined,
    endedAt: row.endedAt ?? undefined,
  };
}
