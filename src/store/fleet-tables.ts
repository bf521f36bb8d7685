import type { Selectable, Transaction } from 'kysely';
import type { HostRow, NewEvent, VmRow } from './rows.ts';
import { mostAtOnce, type Session } from './session.ts';
import type { Hosts, Vms } from './store.ts';
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

  seen(host: string, vms: readonly VmRow[], at: number): Promise<void> {
    return this.#session.write(async (trx) => {
      // Who looked at the same host meanwhile would have added what this deletes no more.
      await this.#session.engine.gate(trx, 'inventory');
      await trx.deleteFrom('vms').where('host', '=', host).where('seenAt', '<=', at).execute();
      // A host that names one twice means the same one.
      const once = [...new Map(vms.map((vm) => [vm.uuid, vm])).values()];
      for (let from = 0; from < once.length; from += mostAtOnce)
        await trx
          .insertInto('vms')
          .values(once.slice(from, from + mostAtOnce).map(storedVm))
          .onConflict((conflict) => conflict.columns(['host', 'uuid']).doNothing())
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
      return rows.map(({ foreignJob, split, busyShare, ...row }) => ({
        ...row,
        ...(busyShare === null ? {} : { busyShare }),
        foreignJob: foreignJob !== 0,
        split: split !== 0,
      }));
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

function storedVm({ foreignJob, split, busyShare, ...vm }: VmRow): Selectable<Tables['vms']> {
  return {
    ...vm,
    busyShare: busyShare ?? null,
    foreignJob: Number(foreignJob),
    split: Number(split),
  };
}
