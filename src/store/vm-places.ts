import { sql, type Transaction } from 'kysely';
import type { Engine } from './engine.ts';
import type { Tables } from './tables.ts';

/**
 * Where a migration ended with its VM seen on one host, what was known of it on the other one gives way:
 * both were looked at.
 */
export async function settlePlace(
  engine: Engine,
  trx: Transaction<Tables>,
  id: string,
  runsOn: readonly string[],
  seenAt: number,
): Promise<void> {
  const [host, second] = runsOn;
  if (host === undefined || second !== undefined) return;
  const { vmUuid, fromHost, toHost } = await trx
    .selectFrom('migrations')
    .select(['vmUuid', 'fromHost', 'toHost'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (vmUuid === null) return;
  await engine.gate(trx, 'inventory');
  for (const other of [fromHost, toHost].filter((one) => one !== host))
    await giveWay(trx, vmUuid, other, host, seenAt);
}

async function giveWay(
  trx: Transaction<Tables>,
  vmUuid: string,
  other: string,
  host: string,
  seenAt: number,
): Promise<void> {
  await sql`
    update vms set host = ${host}, seen_at = ${seenAt}, busy_share = null, foreign_job = 0, split = 0
    where uuid = ${vmUuid} and host = ${other}
    and not exists (select 1 from vms as there where there.uuid = ${vmUuid} and there.host = ${host})
  `.execute(trx);
  await trx.deleteFrom('vms').where('uuid', '=', vmUuid).where('host', '=', other).execute();
}
