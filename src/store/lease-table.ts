import { sql, type Transaction } from 'kysely';
import { free, listed, stillHeld } from './leasing.ts';
import { joinedRows } from './migration-query.ts';
import { migrationRow } from './migration-rows.ts';
import { type Lease, type MigrationRow, unended, type Wishes } from './rows.ts';
import type { Session } from './session.ts';
import type { Claimant, Leases, Waiting } from './store.ts';
import type { Tables } from './tables.ts';

/** Who may steer which migration. */
export class LeaseTable implements Leases {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async admit(
    owner: string,
    ttlMs: number,
    choose: (waiting: Waiting) => readonly string[],
  ): Promise<readonly MigrationRow[]> {
    // Most of the time nobody waits: then nobody is kept waiting.
    if (!(await this.#anyQueued())) return [];
    return this.#session.write(async (trx) => {
      await this.#session.engine.gate(trx, 'admission');
      const all = await claimants(trx);
      const queued = all.filter(({ phase }) => phase === 'queued');
      const waits = new Set(queued.map(({ id }) => id));
      const chosen = choose({
        queued,
        running: all.filter(({ phase }) => phase !== 'queued' && phase !== 'unknown'),
      });
      // Each once, and only what waits: what runs may have a lease.
      const ids = [...new Set(chosen)].filter((id) => waits.has(id));
      if (ids.length === 0) return [];
      await trx
        .updateTable('migrations')
        .set({ phase: 'preflight' })
        .where('id', 'in', listed(this.#session.engine, ids))
        .where('phase', '=', 'queued')
        .execute();
      return this.#give(trx, owner, ttlMs, ids);
    });
  }

  claim(
    owner: string,
    ttlMs: number,
    limit: number,
    only?: readonly string[],
  ): Promise<readonly MigrationRow[]> {
    if (limit <= 0 || only?.length === 0) return Promise.resolve([]);
    const { engine } = this.#session;
    return this.#session.write(async (trx) => {
      const among =
        only === undefined
          ? sql`true`
          : sql`leases.id in (${sql.join(only.map((id) => sql.val(id)))})`;
      const { rows } = await sql<{ id: string }>`
        select leases.id from leases
        where ${free(engine)} and ${among}
        order by leases.id limit ${limit} ${engine.skipLocked}`.execute(trx);
      return this.#give(
        trx,
        owner,
        ttlMs,
        rows.map(({ id }) => id),
      );
    });
  }

  renew(leases: readonly Lease[], ttlMs: number): Promise<ReadonlyMap<string, Wishes>> {
    const { engine } = this.#session;
    return this.#session.writeNow(async (trx) => {
      // Locked before they are prolonged: a lease that another one is just taking is not.
      const held = await stillHeld(engine, trx, leases);
      if (held.size === 0) return new Map();
      const ids = engine.rows(
        'renewed',
        { id: 'text' },
        [...held].map((id) => ({ id })),
      );
      await sql`
        update leases set until = ${engine.leaseNow()} + ${ttlMs}
        where id in (select id from ${ids})`.execute(trx);
      const { rows } = await sql<WishesRow>`
        select m.id, m.importance, m.deadline_at, m.cancel_requested, m.revision
        from migrations as m where m.id in (select id from ${ids})`.execute(trx);
      return new Map(rows.map((row) => [row.id, wishesOf(row)]));
    });
  }

  release(leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return Promise.resolve();
    return this.#session.write(async (trx) => {
      const held = await stillHeld(this.#session.engine, trx, leases);
      if (held.size === 0) return;
      await trx
        .updateTable('leases')
        .set({ owner: null, until: 0 })
        .where('id', 'in', listed(this.#session.engine, [...held]))
        .execute();
    });
  }

  async #anyQueued(): Promise<boolean> {
    const row = await this.#session.read((db) =>
      db
        .selectFrom('migrations')
        .select('id')
        .where('phase', '=', 'queued')
        .limit(1)
        .executeTakeFirst(),
    );
    return row !== undefined;
  }

  /** Leases for one owner, each with an epoch that was never given before. */
  async #give(
    trx: Transaction<Tables>,
    owner: string,
    ttlMs: number,
    ids: readonly string[],
  ): Promise<readonly MigrationRow[]> {
    if (ids.length === 0) return [];
    const { engine } = this.#session;
    await sql`
      insert into leases (id, owner, epoch, until, boot)
      select id, ${owner}, 1, ${engine.leaseNow()} + ${ttlMs}, ${engine.boot}
      from ${listed(this.#session.engine, ids)} as given where true
      on conflict (id) do update set
        owner = excluded.owner, epoch = leases.epoch + 1, until = excluded.until, boot = excluded.boot
    `.execute(trx);
    const rows = await joinedRows(trx, engine)
      .where('migrations.id', 'in', listed(this.#session.engine, ids))
      .execute();
    // However short it is: it was just given.
    const known = new Map(rows.map((row) => [row.id, { ...migrationRow(row), owner }]));
    return ids.flatMap((id) => known.get(id) ?? []);
  }
}

/** All that wait and run. Read as they are: of ten thousand, every conversion would be felt. */
async function claimants(trx: Transaction<Tables>): Promise<readonly Claimant[]> {
  const { rows } = await sql<Nullable<Omit<Claimant, 'cancelRequested'>> & { cancelled: number }>`
    select id, origin, vm, vm_name as "vmName", vm_uuid as "vmUuid", from_host as "from",
      to_host as "to", phase, importance, deadline_at as "deadlineAt",
      operation_id as "operationId", requested_at as "requestedAt", cancel_requested as cancelled
    from migrations where phase in (${sql.join(unended)})`.execute(trx.withoutPlugins());
  return rows.map(({ cancelled, ...row }) => ({
    ...row,
    vmName: row.vmName ?? undefined,
    vmUuid: row.vmUuid ?? undefined,
    deadlineAt: row.deadlineAt ?? undefined,
    operationId: row.operationId ?? undefined,
    cancelRequested: cancelled !== 0,
  }));
}

/** What is not there, as the database says it. */
type Nullable<T> = {
  [K in keyof T]: undefined extends T[K] ? Exclude<T[K], undefined> | null : T[K];
};

interface WishesRow extends Pick<Wishes, 'importance' | 'revision'> {
  readonly id: string;
  readonly deadlineAt: number | null;
  readonly cancelRequested: number;
}

function wishesOf({ importance, deadlineAt, cancelRequested, revision }: WishesRow): Wishes {
  return {
    importance,
    deadlineAt: deadlineAt ?? undefined,
    cancelRequested: cancelRequested !== 0,
    revision,
  };
}
