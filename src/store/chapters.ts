import { sql, type Transaction } from 'kysely';
import { decodeSamples, encodeSamples, type SampleColumns } from '../recording/columns.ts';
import { toJson } from './json.ts';
import type { Chapter } from './rows.ts';
import type { Session } from './session.ts';
import type { Tables } from './tables.ts';

/** Beyond this the samples of one migration are thinned when they are read: a curve needs no more. */
const mostSamples = 2_000;

export interface StoredChapter {
  readonly samples?: SampleColumns;
  readonly decisions?: Chapter['decisions'];
  readonly why?: readonly string[];
}

/** Adds to what migrations have shown, of many at once. */
export async function addChapters(
  { engine }: Session,
  trx: Transaction<Tables>,
  all: readonly { readonly id: string; readonly chapter: Partial<Chapter> }[],
): Promise<void> {
  const rows = all.flatMap(({ id, chapter }) => {
    const stored = storedChapter(chapter);
    return stored === undefined ? [] : [{ id, json: toJson(stored) }];
  });
  if (rows.length === 0) return;
  const added = engine.rows('added', { id: 'text', json: 'text' }, rows);
  await sql`insert into chapters (id, json) select id, json from ${added}`.execute(trx);
}

function storedChapter({ samples, decisions, why }: Partial<Chapter>): StoredChapter | undefined {
  const stored: StoredChapter = {
    ...(samples?.length ? { samples: encodeSamples(samples) } : {}),
    ...(decisions?.length ? { decisions } : {}),
    ...(why?.length ? { why } : {}),
  };
  return Object.keys(stored).length === 0 ? undefined : stored;
}

/** What one has shown, from its beginning to now. */
export function together(stored: readonly StoredChapter[]): Chapter {
  const samples = stored.flatMap((one) =>
    one.samples === undefined ? [] : decodeSamples(one.samples),
  );
  const every = Math.max(1, Math.ceil(samples.length / mostSamples));
  return {
    samples: samples.filter((_, index) => index % every === 0),
    decisions: stored.flatMap(({ decisions }) => decisions ?? []),
    why: stored.flatMap(({ why }) => why ?? []),
  };
}
