import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Engine } from './engine.ts';
import type { Lease } from './rows.ts';
import type { Tables } from './tables.ts';

/** A lease that lasts now. */
export function lasts(engine: Engine): RawBuilder<boolean> {
  return sql<boolean>`leases.until > ${engine.leaseNow()} and leases.boot = ${engine.boot}`;
}

/** One that nobody holds. */
export function free(engine: Engine): RawBuilder<boolean> {
  return sql<boolean>`(leases.owner is null or leases.until <= ${engine.leaseNow()} or leases.boot <> ${engine.boot})`;
}

/** However many there are, it is one statement with one parameter. */
export function listed(engine: Engine, ids: readonly string[]): RawBuilder<string> {
  const rows = ids.map((id) => ({ id }));
  return sql<string>`(select id from ${engine.rows('listed', { id: 'text' }, rows)})`;
}

/**
 * Of these leases those that still hold, whose rows nobody else can take until the transaction
 * ends: what is written in it is written by who may.
 */
export async function stillHeld(
  engine: Engine,
  trx: Transaction<Tables>,
  leases: readonly Lease[],
): Promise<ReadonlySet<string>> {
  const asked = engine.rows('asked', { id: 'text', owner: 'text', epoch: 'bigint' }, leases);
  const { rows } = await sql<{ id: string }>`
    select leases.id from leases
    where (leases.id, leases.owner, leases.epoch) in (select id, owner, epoch from ${asked})
    and ${lasts(engine)}
    order by leases.id ${engine.forUpdate}`.execute(trx);
  return new Set(rows.map(({ id }) => id));
}
