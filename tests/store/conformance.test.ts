import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore, type StorePlace } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { scenarios } from './conformance.ts';
import { type OwnPostgres, startPostgres } from './postgres.ts';

/**
 * Opens one place again and again, and closes all in the end. An SQLite file is opened once: a
 * process has one connection to it, whose writers wait in line; a second one would block them all.
 */
async function withPlace(
  place: StorePlace,
  run: (open: () => Promise<Store>) => Promise<void>,
): Promise<void> {
  const opened: Store[] = [];
  try {
    const first = await openStore(place);
    opened.push(first);
    await run(async () => {
      if (place.kind === 'sqlite') return first;
      const store = await openStore(place);
      opened.push(store);
      return store;
    });
  } finally {
    await Promise.all(opened.map((store) => store.close()));
  }
}

/** As a server writes, and as a command does. */
const turns = [
  ['each by itself', {}],
  ['together', { turn: () => setImmediate() }],
] as const;

describe.each(turns)('SQLite, written %s', (_, turn) => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drover-store-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(scenarios.map((one, index) => ({ ...one, index })))('$name', async ({ run, index }) => {
    expect.hasAssertions();
    await withPlace({ kind: 'sqlite', path: join(folder, `${index}.db`), ...turn }, run);
  });
});

describe('PostgreSQL', () => {
  let server: OwnPostgres | undefined;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.remove());

  /** With a collation that is not that of bytes, as most databases have. */
  async function database(name: string): Promise<string> {
    const url = server?.url ?? '';
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(
      `create database ${name} template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US' locale 'C.UTF-8'`,
    );
    await client.end();
    return url.replace(/\/postgres$/, `/${name}`);
  }

  test.each(scenarios.map((one, index) => ({ ...one, index })))('$name', async ({ run, index }) => {
    expect.hasAssertions();
    await withPlace({ kind: 'postgres', url: await database(`s${index}`) }, run);
  });
});
