import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { type OwnPostgres, startPostgres } from './postgres.ts';
import { idAt, longMs, newEvent, newMigration, queue, steeredOne } from './rows.ts';

let server: OwnPostgres;
const leftovers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.remove());
afterEach(async () => {
  for (const leave of leftovers.splice(0).toReversed()) await leave();
});

async function asAdmin(...statements: readonly string[]): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    const answers: unknown[] = [];
    for (const statement of statements) answers.push(...(await client.query(statement)).rows);
    return answers;
  } finally {
    await client.end();
  }
}

/** A database of its own; its name is its purpose. */
async function database(name: string): Promise<string> {
  await asAdmin(`create database ${name}`);
  return server.url.replace(/\/postgres$/, `/${name}`);
}

async function opened(url: string): Promise<Store> {
  const store = await openStore({ kind: 'postgres', url });
  leftovers.push(() => store.close());
  return store;
}

const entry = { at: 1, who: 'me', what: 'x', subject: 's', from: 'local', outcome: 'ok' };
const gone = { code: 'store.unavailable', hint: expect.stringMatching(/tried again/) };

/** Everything that a store is asked for while it is away. */
const questions: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  read: ({ migrations }) => migrations.list({}, { limit: 1 }),
  write: ({ audit }) => audit.append({ ...entry, details: 'while away' }),
  'a transaction': ({ migrations }) => migrations.create(newMigration(9), newEvent(idAt(9))),
  renew: ({ leases }) => leases.renew([{ id: idAt(1), owner: 'a', epoch: 1 }], longMs),
  claim: ({ leases }) => leases.claim('b', longMs, 1),
  admit: ({ leases }) => leases.admit('b', longMs, () => []),
  events: ({ events }) => events.after(0, 10),
  check: (store) => store.check(),
  prune: (store) =>
    store.prune({ migrationsMs: 0, telemetryMs: 0, eventsMs: 0, auditMs: 0 }, 1_000_000),
};

test('a database that ends and comes back: errors say so, nothing is lost, and it goes on', async () => {
  const store = await opened(await database('away'));
  const lease = await steeredOne(store, 'a');
  await queue(store, newMigration(2));
  const before = await store.events.after(0, 100);
  for (let time = 0; time < 2; time += 1) {
    await server.stop();
    for (const [name, ask] of Object.entries(questions))
      expect({ name, error: await ask(store).catch((error: unknown) => error) }).toMatchObject({
        name,
        error: gone,
      });
    await server.begin();
    await store.check();
    expect(await store.events.after(0, 100)).toEqual(before);
    expect(await store.migrations.get(idAt(9))).toBeUndefined();
    expect((await store.audit.list({}, { limit: 5 })).items).toEqual([]);
    expect([...(await store.leases.renew([lease], longMs)).keys()]).toEqual([lease.id]);
  }
});

test('it ends amid many writes: each was kept or is told, and none is kept by halves', async () => {
  const url = await database('amid');
  const stores = [await opened(url), await opened(url), await opened(url)];
  const kept: number[] = [];
  const errors: unknown[] = [];
  let asked = 0;
  const writeOn = async (store: Store): Promise<void> => {
    while (errors.length === 0) {
      const index = (asked += 1);
      try {
        await store.migrations.create(newMigration(index), newEvent(idAt(index)));
        kept.push(index);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  const writing = stores.flatMap((store) => [writeOn(store), writeOn(store), writeOn(store)]);
  while (kept.length < 30) await stores[0]?.events.range();
  await server.stop();
  await Promise.all(writing);
  await server.begin();
  for (const error of errors) expect(error).toMatchObject(gone);
  expect(errors.length).toBeGreaterThan(0);
  const { items } = (await stores[0]?.migrations.list({}, { limit: 10_000 })) ?? { items: [] };
  const found = new Set(items.map(({ id }) => id));
  expect(kept.map(idAt).filter((id) => !found.has(id))).toEqual([]);
  // Who is told that it failed cannot know whether it was kept; but never the row without its event.
  const told = new Set((await stores[0]?.events.after(0, 10_000))?.map(({ subject }) => subject));
  expect(told).toEqual(found);
});

test('a connection that is cut while others go on is no trouble of theirs', async () => {
  const store = await opened(await database('cut'));
  await queue(store, newMigration(1));
  const cut = `select pg_terminate_backend(pid) from pg_stat_activity where datname = 'cut'`;
  for (let time = 0; time < 5; time += 1) {
    await asAdmin(cut);
    const answers = await Promise.allSettled([store.check(), store.events.after(0, 10)]);
    for (const one of answers)
      if (one.status === 'rejected') expect(one.reason).toMatchObject(gone);
    await untilItAnswers(store);
  }
  expect(await store.migrations.get(idAt(1))).toMatchObject({ id: idAt(1) });
});

/** Each connection that was cut costs one answer at most; the test's own limit ends it. */
async function untilItAnswers(store: Store): Promise<void> {
  for (;;) {
    const error: unknown = await store.check().catch((one: unknown) => one);
    if (error === undefined) return;
    expect(error).toMatchObject(gone);
  }
}

test('what only serves reading is told as such', async () => {
  const url = await database('standby');
  const store = await opened(url);
  await asAdmin('alter database standby set default_transaction_read_only = on');
  const reader = openStore({ kind: 'postgres', url });
  await expect(reader.then(keep).then((one) => one.check())).rejects.toMatchObject({
    code: 'store.unavailable',
    hint: expect.stringMatching(/read-only/),
  });
  await store.check();
});

function keep(store: Store): Store {
  leftovers.push(() => store.close());
  return store;
}

test('a database that takes no more connections is told as full', async () => {
  const url = await database('crowded');
  await (await openStore({ kind: 'postgres', url })).close();
  await asAdmin('create role guest login', 'alter role guest connection limit 0');
  await expect(
    openStore({ kind: 'postgres', url: url.replace('drover@', 'guest@') }),
  ).rejects.toMatchObject({
    code: 'store.unavailable',
    hint: expect.stringMatching(/no room or connections left/),
  });
});

/** From now on `guarded` has to say a password, as a database on the network has it. */
async function guard(password: string): Promise<void> {
  const [place] = await asAdmin('show hba_file');
  const { hba_file: path } = { hba_file: '', ...(typeof place === 'object' ? place : {}) };
  const lines = [
    'host all guarded 127.0.0.1/32 scram-sha-256',
    'host all nobody 127.0.0.1/32 reject',
    'host all all 127.0.0.1/32 trust',
  ];
  const rows = lines.map((line) => `('${line}')`).join(', ');
  await asAdmin(
    `create role guarded login superuser password '${password}'`,
    `copy (values ${rows}) to '${path}'`,
    'select pg_reload_conf()',
  );
}

test('who is not let in is told where to look, and no password is', async () => {
  await guard('s3cret');
  const url = (user: string, name = 'postgres'): string =>
    server.url.replace('drover@', `${user}@`).replace(/\/postgres$/, `/${name}`);
  const { port } = new URL(server.url);
  const access = /user, the password and the name of the database/;
  const cases: readonly (readonly [url: string, said: RegExp, hint: RegExp])[] = [
    [url('guarded:wr0ng'), /password authentication failed/, access],
    [url('guarded'), /password/, access],
    [url('drover', 'nothing'), /"nothing" does not exist/, access],
    [url('stranger'), /"stranger" does not exist/, access],
    [url('nobody'), /pg_hba/, access],
    [`${url('guarded:s3cret')}?sslmode=verify-full`, /SSL/, /sslmode and sslrootcert/],
    [`${url('drover')}?sslrootcert=/nowhere.pem`, /nowhere\.pem/, /file that the URL names/],
    [`postgres://u:wr0ng@nowhere.invalid:${port}/x`, /nowhere\.invalid/, /name of the host/],
    ['postgres://u:wr0ng@127.0.0.1:1/x', /ECONNREFUSED/, /does not answer/],
    ['postgres://u:wr0ng@localhost:1/x', /ECONNREFUSED/, /does not answer/],
  ];
  for (const [at, said, hint] of cases) {
    const error: unknown = await openStore({ kind: 'postgres', url: at })
      .then(keep)
      .catch((one: unknown) => one);
    expect({ at, error }).toMatchObject({
      at,
      error: {
        code: 'store.unavailable',
        message: expect.stringMatching(said),
        hint: expect.stringMatching(hint),
      },
    });
    expect(String(error)).not.toMatch(/wr0ng|s3cret/);
  }
  await opened(url('guarded:s3cret'));
});

test.each([
  'postgres://u:wr0/ng@127.0.0.1/x',
  'postgres://u:wr0#ng@127.0.0.1/x',
  'postgres://u:wr0ng@127.0.0.1:99999/x',
  'postgres://u:wr0ng@[/x',
])('an address that is none is refused, and not shown: %s', async (url) => {
  const error: unknown = await openStore({ kind: 'postgres', url }).catch((one: unknown) => one);
  expect(error).toMatchObject({ code: 'usage.invalid', hint: expect.stringMatching(/%2F/) });
  expect(JSON.stringify(error)).not.toContain('wr0');
});
