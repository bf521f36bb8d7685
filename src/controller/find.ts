import { DroverError } from '../errors/catalogue.ts';
import type { Recording } from '../recording/recording.ts';
import type { MigrationRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';

/**
 * The migration that a person means: an id, its beginning, or a VM's name or UUID, which stands for
 * its latest. Rejects with `migration.not-found`, or `usage.invalid` where a beginning fits several.
 */
export async function findMigration({ migrations }: Store, wanted: string): Promise<MigrationRow> {
  const exact = await migrations.get(wanted);
  if (exact !== undefined) return exact;
  const { items } = await migrations.list({ vm: wanted }, { limit: 1 });
  const [latest] = items;
  if (latest !== undefined) return latest;
  const fitting = wanted === '' ? [] : await migrations.idsFrom(wanted);
  if (fitting.length > 1)
    throw new DroverError('usage.invalid', `${wanted} fits several migrations`, {
      hint: `Say more of the id: ${fitting.slice(0, 3).join(', ')}`,
    });
  const [id] = fitting;
  const found = id === undefined ? undefined : await migrations.get(id);
  if (found !== undefined) return found;
  throw new DroverError('migration.not-found', `No migration ${wanted} is kept`, {
    hint: '`drover migrations` lists those that are.',
  });
}

/** Rejects with `recording.not-found` where it never came to a beginning. */
export async function recordingOf({ migrations }: Store, id: string): Promise<Recording> {
  const row = await migrations.get(id);
  const beginning = await migrations.beginning(id);
  if (row === undefined || beginning === undefined)
    throw new DroverError('recording.not-found', `Nothing is recorded of the migration ${id}`, {
      hint: row === undefined ? '`drover migrations` lists those that are kept.' : whyNone(row),
    });
  const { samples, decisions, why } = await migrations.chapters(id);
  const startedAt = new Date(row.startedAt ?? row.requestedAt).toISOString();
  // Samples that are no longer kept leave a recording without a curve.
  return { ...beginning.head, id, startedAt, samples: [...samples], decisions, why, end: row.end };
}

function whyNone({ phase, error }: MigrationRow): string {
  return error === undefined ? `It is ${phase}.` : `It never began: ${error.message}`;
}
