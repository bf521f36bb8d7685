import type { Selectable } from 'kysely';
import { fromJson, toJson } from './json.ts';
import { pageOf } from './paging.ts';
import type { AuditRow, NewAudit, TokenRow } from './rows.ts';
import type { Session } from './session.ts';
import type { Audit, Page, PageRequest, Requests, StoredAnswer, Tokens } from './store.ts';
import type { Tables } from './tables.ts';

export class AuditTable implements Audit {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  append({ from, details, ...entry }: NewAudit): Promise<void> {
    return this.#session.write(async (trx) => {
      await trx
        .insertInto('audit')
        .values({ ...entry, fromAddress: from, details: toJson(details) })
        .execute();
    });
  }

  list(
    { who, subject, since }: { who?: string; subject?: string; since?: number },
    { limit, after }: PageRequest,
  ): Promise<Page<AuditRow>> {
    return this.#session.read(async (db) => {
      let query = db.selectFrom('audit').selectAll().orderBy('seq', 'desc');
      if (who !== undefined) query = query.where('who', '=', who);
      if (subject !== undefined) query = query.where('subject', '=', subject);
      if (since !== undefined) query = query.where('at', '>=', since);
      if (after !== undefined) query = query.where('seq', '<', Number(after));
      const rows = await query.limit(limit + 1).execute();
      return pageOf(rows.map(auditRow), limit, ({ seq }) => String(seq));
    });
  }
}

function auditRow({ fromAddress, details, ...row }: Selectable<Tables['audit']>): AuditRow {
  return { ...row, from: fromAddress, details: fromJson(details) };
}

export class TokenTable implements Tokens {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  create(token: Omit<TokenRow, 'lastUsedAt' | 'revokedAt'>, hash: string): Promise<TokenRow> {
    return this.#session.write(async (trx) => {
      const { expiresAt, ...rest } = token;
      await trx
        .insertInto('tokens')
        .values({ ...rest, hash, expiresAt: expiresAt ?? null })
        .execute();
      return { ...token, revokedAt: undefined, lastUsedAt: undefined };
    });
  }

  byHash(hash: string): Promise<TokenRow | undefined> {
    return this.#session.read(async (db) => {
      const row = await db
        .selectFrom('tokens')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst();
      return row === undefined ? undefined : tokenRow(row);
    });
  }

  used(id: string, at: number): Promise<void> {
    return this.#session.write(async (trx) => {
      await trx.updateTable('tokens').set({ lastUsedAt: at }).where('id', '=', id).execute();
    });
  }

  list(): Promise<readonly TokenRow[]> {
    return this.#session.read(async (db) => {
      const rows = await db
        .selectFrom('tokens')
        .selectAll()
        .orderBy('createdAt')
        .orderBy('id')
        .execute();
      return rows.map(tokenRow);
    });
  }

  revoke(id: string, at: number): Promise<TokenRow | undefined> {
    return this.#session.write(async (trx) => {
      await trx
        .updateTable('tokens')
        .set({ revokedAt: at })
        .where('id', '=', id)
        .where('revokedAt', 'is', null)
        .execute();
      const row = await trx
        .selectFrom('tokens')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? undefined : tokenRow(row);
    });
  }
}

function tokenRow(row: Selectable<Tables['tokens']>): TokenRow {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt ?? undefined,
    revokedAt: row.revokedAt ?? undefined,
    lastUsedAt: row.lastUsedAt ?? undefined,
  };
}

export class RequestTable implements Requests {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  take(
    { who, key, fingerprint }: { who: string; key: string; fingerprint: string },
    at: number,
  ): ReturnType<Requests['take']> {
    return this.#session.write(async (trx) => {
      // Whoever has the key may give it back between the two statements: then it is free.
      for (;;) {
        const { numInsertedOrUpdatedRows } = await trx
          .insertInto('requests')
          .values({ who, requestKey: key, fingerprint, at })
          .onConflict((conflict) => conflict.columns(['who', 'requestKey']).doNothing())
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows === 1n) return 'taken';
        const row = await trx
          .selectFrom('requests')
          .select(['fingerprint', 'status', 'body'])
          .where('who', '=', who)
          .where('requestKey', '=', key)
          .executeTakeFirst();
        if (row !== undefined) return knownRequest(row);
      }
    });
  }

  answer(who: string, key: string, { status, body }: StoredAnswer): Promise<void> {
    return this.#session.write(async (trx) => {
      await trx
        .updateTable('requests')
        .set({ status, body })
        .where('who', '=', who)
        .where('requestKey', '=', key)
        .execute();
    });
  }

  drop(who: string, key: string): Promise<void> {
    return this.#session.write(async (trx) => {
      await trx
        .deleteFrom('requests')
        .where('who', '=', who)
        .where('requestKey', '=', key)
        .execute();
    });
  }
}

function knownRequest({
  fingerprint,
  status,
  body,
}: Pick<Selectable<Tables['requests']>, 'fingerprint' | 'status' | 'body'>): Exclude<
  Awaited<ReturnType<Requests['take']>>,
  'taken'
> {
  const answered = status !== null && body !== null;
  return { fingerprint, answer: answered ? { status, body } : undefined };
}
