import { type Selectable, sql } from 'kysely';
import { fromJson } from './json.ts';
import type { EventRow, NewEvent } from './rows.ts';
import type { Session } from './session.ts';
import type { Events, Replica, Replicas } from './store.ts';
import type { Tables } from './tables.ts';

export class EventTable implements Events {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  append(events: readonly NewEvent[]): Promise<void> {
    return this.#session.write((trx) => this.#session.tell(trx, events));
  }

  after(seq: number, limit: number): Promise<readonly EventRow[]> {
    return this.#session.read(async (db) => {
      const rows = await db
        .selectFrom('events')
        .selectAll()
        .where('seq', '>', seq)
        .orderBy('seq')
        .limit(limit)
        .execute();
      return rows.map(eventRow);
    });
  }

  range(): Promise<{ readonly first: number; readonly last: number }> {
    return this.#session.read(async (db) => {
      // One at a time: SQLite finds an end at once, but for both together it reads everything.
      const first = db.selectFrom('events').select(({ fn }) => fn.min('seq').as('seq'));
      const last = db.selectFrom('events').select(({ fn }) => fn.max('seq').as('seq'));
      const row = await db.selectNoFrom([first.as('first'), last.as('last')]).executeTakeFirst();
      return { first: row?.first ?? 0, last: row?.last ?? 0 };
    });
  }
}

function eventRow({ data, ...row }: Selectable<Tables['events']>): EventRow {
  return { ...row, data: fromJson(data) };
}

export class ReplicaTable implements Replicas {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  beat(name: string, steering: number, ttlMs: number): Promise<readonly Replica[]> {
    const { engine } = this.#session;
    return this.#session.writeNow(async (trx) => {
      await sql`
        insert into replicas (name, steering, until, boot)
        values (${name}, ${steering}, ${engine.leaseNow()} + ${ttlMs}, ${engine.boot})
        on conflict (name) do update set
          steering = excluded.steering, until = excluded.until, boot = excluded.boot`.execute(trx);
      const { rows } = await sql<Replica>`
        select name, steering from replicas
        where until > ${engine.leaseNow()} and boot = ${engine.boot} order by name`.execute(trx);
      return rows;
    });
  }

  leave(name: string): Promise<void> {
    return this.#session.write(async (trx) => {
      await trx.deleteFrom('replicas').where('name', '=', name).execute();
      await trx.deleteFrom('duties').where('owner', '=', name).execute();
    });
  }

  layDown(name: string, owner: string): Promise<void> {
    return this.#session.write(async (trx) => {
      await trx.deleteFrom('duties').where('name', '=', name).where('owner', '=', owner).execute();
    });
  }

  duty(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const { engine } = this.#session;
    return this.#session.write(async (trx) => {
      const { rows } = await sql<{ owner: string }>`
        insert into duties (name, owner, until, boot)
        values (${name}, ${owner}, ${engine.leaseNow()} + ${ttlMs}, ${engine.boot})
        on conflict (name) do update set
          owner = excluded.owner, until = excluded.until, boot = excluded.boot
        where duties.owner = excluded.owner or duties.until <= ${engine.leaseNow()}
          or duties.boot <> excluded.boot
        returning owner`.execute(trx);
      return rows.length > 0;
    });
  }
}
