import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from './engine.ts';
import { sqliteEngine } from './sqlite.ts';

let folder = '';
let engine: Engine;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-gathered-'));
  engine = sqliteEngine(join(folder, 'drover.db'), () => setImmediate());
  await sql`create table things (name text primary key)`.execute(engine.db);
});
afterEach(async () => {
  await engine.db.destroy();
  await rm(folder, { recursive: true });
});

function write(name: string, fails?: Error): Promise<string> {
  return engine.transaction(async (trx) => {
    await sql`insert into things (name) values (${name})`.execute(trx);
    if (fails !== undefined) throw fails;
    return name;
  });
}

async function kept(): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select name from things order by name`.execute(
    engine.db,
  );
  return rows.map(({ name }) => name);
}

describe('transactions that are ended together', () => {
  test('each gets its own answer, and all is kept', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `n${String(index).padStart(3, '0')}`);
    await expect(Promise.all(names.map((name) => write(name)))).resolves.toEqual(names);
    await expect(kept()).resolves.toEqual(names);
  });

  test('one that fails is undone alone, and only its caller hears of it', async () => {
    const fault = new Error('of ours');
    const all = [write('a'), write('b', fault), write('c'), write('a'), write('d')];
    const ended = await Promise.allSettled(all);
    expect(ended.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(ended[1]).toMatchObject({ reason: fault });
    await expect(kept()).resolves.toEqual(['a', 'c', 'd']);
  });

  test('where the engine undoes everything, nobody is told that his part was kept', async () => {
    const undone = engine.transaction(async (trx) => {
      // What SQLite does by itself where the disk is full.
      await sql`rollback`.execute(trx);
      throw new Error('no space');
    });
    const ended = await Promise.allSettled([write('a'), undone, write('b')]);
    const told = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    await expect(kept()).resolves.toEqual(told);
    expect(ended[1]).toMatchObject({ status: 'rejected', reason: { message: 'no space' } });
    await expect(write('c')).resolves.toBe('c');
  });

  test('a file that cannot be written answers everybody', async () => {
    await sql`pragma query_only = on`.execute(engine.db);
    const ended = await Promise.allSettled([write('a'), write('b')]);
    expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await sql`pragma query_only = off`.execute(engine.db);
    await expect(write('c')).resolves.toBe('c');
    await expect(kept()).resolves.toEqual(['c']);
  });
});
