import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';

const run = promisify(execFile);
let folder: string;
const leftovers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-sqlite-'));
});
afterEach(async () => {
  for (const leave of leftovers.splice(0).toReversed()) await leave();
  await rm(folder, { recursive: true, force: true });
});

/** A file system of its own, so small that it is soon full. */
async function smallDisk(): Promise<string> {
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'drover-test', folder]);
  leftovers.push(() => run('umount', [folder]));
  return folder;
}

async function opened(path: string): Promise<Store> {
  const store = await openStore({ kind: 'sqlite', path });
  leftovers.push(() => store.close());
  return store;
}

const entry = { at: 1, who: 'me', what: 'x', subject: 's', from: 'local', outcome: 'ok' };

test('a full disk is told, what was kept is there, and it goes on when there is room', async () => {
  const disk = await smallDisk();
  const store = await opened(join(disk, 'drover.db'));
  await store.audit.append({ ...entry, details: 'before' });
  const ballast = join(disk, 'ballast');
  await writeFile(ballast, Buffer.alloc(2 ** 20)).catch(() => undefined);
  const filling = async (): Promise<void> => {
    for (let index = 0; index < 200; index += 1)
      await store.audit.append({ ...entry, details: 'x'.repeat(20_000) });
  };
  await expect(filling()).rejects.toMatchObject({
    code: 'store.unavailable',
    message: expect.stringMatching(/^Disk full: .*no space left/),
  });
  await rm(ballast);
  await store.audit.append({ ...entry, details: 'after' });
  const { items } = await store.audit.list({}, { limit: 500 });
  expect(items.at(-1)?.details).toBe('before');
  expect(items[0]?.details).toBe('after');
});

test.each(['drover.db', 'new.db', 'folder/new.db'])(
  'a disk that was full before %s is opened is told to be full, with what is free',
  async (name) => {
    const disk = await smallDisk();
    await (await openStore({ kind: 'sqlite', path: join(disk, 'drover.db') })).close();
    await writeFile(join(disk, 'ballast'), Buffer.alloc(2 ** 20)).catch(() => undefined);
    const path = join(disk, name);
    const opening = openStore({ kind: 'sqlite', path }).then((store) => store.close());
    await expect(opening).rejects.toMatchObject({
      code: 'store.unavailable',
      message: expect.stringMatching(
        new RegExp(`^Disk full: the store ${path} .*: \\d+ \\w+ free$`),
      ),
      hint: expect.stringMatching(/Free space/),
    });
  },
);

test('a file system that is read-only is told, and what was kept is there afterwards', async () => {
  const disk = await smallDisk();
  const path = join(disk, 'drover.db');
  const before = await openStore({ kind: 'sqlite', path });
  await before.audit.append({ ...entry, details: 'before' });
  await before.close();
  await run('mount', ['-o', 'remount,ro', disk]);
  await expect(openStore({ kind: 'sqlite', path })).rejects.toMatchObject({
    code: 'store.unavailable',
    hint: expect.stringMatching(/writable/),
  });
  await run('mount', ['-o', 'remount,rw', disk]);
  const store = await opened(path);
  expect((await store.audit.list({}, { limit: 5 })).items).toMatchObject([{ details: 'before' }]);
});

test.each([
  ['is no SQLite file', 'drover.db', /no SQLite file/],
  ['has a file for a folder', 'drover.db/x/drover.db', /cannot be made/],
])('a place that %s is told', async (_, place, message) => {
  await writeFile(
    join(folder, 'drover.db'),
    'a letter to nobody, and longer than a page header is',
  );
  await expect(openStore({ kind: 'sqlite', path: join(folder, place) })).rejects.toMatchObject({
    code: 'store.unavailable',
    message: expect.stringMatching(message),
  });
});

test('a store that a newer Drover has changed is refused, and not touched', async () => {
  const path = join(folder, 'drover.db');
  await (await openStore({ kind: 'sqlite', path })).close();
  const sql = `insert into schema_step (name, timestamp) values ('9999-later', '2030-01-01')`;
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
  await expect(openStore({ kind: 'sqlite', path })).rejects.toMatchObject({
    code: 'store.unsupported',
    message: expect.stringContaining('9999-later'),
  });
});

test('several processes that open one new file and write to it lose nothing', async () => {
  const path = join(folder, 'drover.db');
  const writers = Array.from({ length: 4 }, (_, index) =>
    fork(new URL('writer.ts', import.meta.url), [path, `w${index}`, '50']),
  );
  const codes = await Promise.all(writers.map((writer) => once(writer, 'exit')));
  expect(codes.map(([code]) => code)).toEqual([0, 0, 0, 0]);
  const store = await opened(path);
  const { items } = await store.audit.list({}, { limit: 500 });
  expect(items).toHaveLength(200);
  const seqs = items.map(({ seq }) => seq);
  expect(new Set(seqs).size).toBe(200);
});
