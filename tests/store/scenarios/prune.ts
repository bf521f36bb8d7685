import { expect } from 'vitest';
import type { MigrationRow } from '../../../src/store/rows.ts';
import type { Retention, Store } from '../../../src/store/store.ts';
import {
  beginningOf,
  endedAs,
  idAt,
  lessonOf,
  longMs,
  newEvent,
  newMigration,
  nothing,
  queue,
  sampleAt,
  steered,
} from '../rows.ts';
import type { Scenario } from './scenario.ts';

const now = 1_000_000;
/** Each of its own, so that none stands for another. */
const keep: Retention = {
  migrationsMs: 400_000,
  telemetryMs: 300_000,
  eventsMs: 200_000,
  auditMs: 100_000,
};
const everything: Retention = {
  migrationsMs: longMs * 10,
  telemetryMs: longMs * 10,
  eventsMs: longMs * 10,
  auditMs: longMs * 10,
};

/** Asked for at 500, 550, ... 1000 thousand; ended, with telemetry and a lesson, but where it says otherwise. */
async function migrationsOfAllAges(store: Store): Promise<readonly string[]> {
  const ids = Array.from({ length: 11 }, (_, index) => idAt(index));
  await queue(
    store,
    ...ids.map((_, index) => newMigration(index, { requestedAt: 500_000 + index * 50_000 })),
  );
  const rows = await store.leases.admit('a', longMs, ({ queued }) => queued.map(({ id }) => id));
  for (const { id, owner = '', epoch } of rows) {
    const lease = { id, owner, epoch };
    await store.migrations.begin(lease, beginningOf({ name: id, uuid: id }), 1, []);
    const last = { ...nothing, samples: [sampleAt(1)] };
    // The first is old, and nobody knows how it ended; the second is under way still.
    if (id === idAt(1)) await store.migrations.report([{ lease, ...last }], []);
    else {
      const phase = id === idAt(0) ? 'unknown' : 'completed';
      const ended = endedAs(phase, { lesson: lessonOf(7) });
      await store.migrations.finish(lease, ended, last, []);
    }
  }
  return ids;
}

async function idsWith(
  ids: readonly string[],
  has: (id: string) => Promise<unknown>,
): Promise<readonly string[]> {
  const found = await Promise.all(ids.map(async (id) => ((await has(id)) ? [id] : [])));
  return found.flat();
}

const key = (at: number) => ({ who: 'a', key: `k${at}`, fingerprint: 'f' });

const numbers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => idAt(from + index));

export const pruneScenarios: readonly Scenario[] = [
  {
    name: 'prune: of migrations what has ended goes in its time, its telemetry before it',
    run: async (open) => {
      const store = await open();
      const ids = await migrationsOfAllAges(store);
      const { migrations } = store;
      await store.prune(keep, now);
      // 0 and 1 have not ended; 2 to 10 were asked for at 600 to 1000 thousand.
      expect(await idsWith(ids, (id) => migrations.get(id))).toEqual(numbers(0, 10));
      const told = async (id: string): Promise<boolean> =>
        (await migrations.chapters(id)).samples.length > 0;
      expect(await idsWith(ids, told)).toEqual([...numbers(0, 1), ...numbers(4, 10)]);
      await store.prune(keep, now + 250_000);
      const left = [...numbers(0, 1), ...numbers(7, 10)];
      expect(await idsWith(ids, (id) => migrations.get(id))).toEqual(left);
      expect(await idsWith(ids, (id) => migrations.beginning(id))).toEqual(left);
      expect(await idsWith(ids, told)).toEqual([...numbers(0, 1), ...numbers(9, 10)]);
      const lessons = async (id: string): Promise<boolean> =>
        (await migrations.lessons({ of: 'guest', vmUuid: id }, 9)).length > 0;
      // 1 has not ended, and so has none.
      expect(await idsWith(ids, lessons)).toEqual([idAt(0), ...numbers(7, 10)]);
      // What has not ended can still be taken up, and what is under way is held still.
      const claimed = await store.leases.claim('b', longMs, 20);
      expect(claimed.map(({ id }: MigrationRow) => id)).toEqual([idAt(0)]);
      expect((await migrations.get(idAt(1)))?.owner).toBe('a');
    },
  },
  {
    name: 'prune: events and audit go from their beginning on, each in its time',
    run: async (open) => {
      const store = await open();
      const entry = { who: 'a', what: 'x', subject: 's', from: 'local', details: 1, outcome: 'ok' };
      const times = Array.from({ length: 1_300 }, (_, index) => 300_000 + index * 500);
      await store.events.append(times.map((at) => newEvent('m', { at })));
      for (const at of [700_000, 899_999, 900_000, 999_999])
        await store.audit.append({ ...entry, at });
      const before = await store.events.range();
      await store.prune(keep, now);
      const left = times.filter((at) => at >= 800_000);
      const events = await store.events.after(0, 5_000);
      expect(events.map(({ at }) => at)).toEqual(left);
      // Numbers go on where they were: a follower never meets an old number again.
      expect(await store.events.range()).toEqual({ first: events[0]?.seq, last: before.last });
      expect((await store.audit.list({}, { limit: 9 })).items.map(({ at }) => at)).toEqual([
        999_999, 900_000,
      ]);
      await store.prune(keep, now * 10);
      expect(await store.events.range()).toEqual({ first: 0, last: 0 });
      await store.events.append([newEvent('m', { at: now * 10 })]);
      expect((await store.events.range()).first).toBeGreaterThan(before.last);
    },
  },
  {
    name: 'prune: operations that have ended, readings of VMs, and answers go in their time',
    run: async (open) => {
      const store = await open();
      const { operations, vms, requests } = store;
      for (const [id, endedAt] of [
        ['old', 599_999],
        ['new', 600_000],
        ['running', undefined],
      ] as const)
        await operations.create(
          {
            id,
            kind: 'drain',
            host: id,
            aims: {},
            reason: 'maintenance',
            importance: 'low',
            deadlineAt: undefined,
            requestedBy: 'a',
            requestedAt: 1,
            endedAt,
            state: endedAt === undefined ? 'running' : 'completed',
          },
          { at: 1, type: 'operation.began', subject: id, data: {} },
        );
      for (const at of [1, 599_999, 600_000, now]) await vms.measured('u', at, 5);
      for (const at of [799_999, 800_000]) await requests.take(key(at), at);
      await store.prune(keep, now);
      expect((await operations.list({ limit: 9 })).items.map(({ id }) => id)).toEqual([
        'running',
        'new',
      ]);
      expect((await vms.writes('u')).map(({ at }) => at)).toEqual([now, 600_000]);
      expect(await requests.take(key(799_999), now)).toBe('taken');
      expect(await requests.take(key(800_000), now)).toMatchObject({ fingerprint: 'f' });
    },
  },
  {
    name: 'prune: what is to be kept stays, and what has no age is not touched',
    run: async (open) => {
      const store = await open();
      await migrationsOfAllAges(store);
      const host = {
        name: 'h1',
        uri: 'test://h1',
        peerUri: undefined,
        postCopy: 'allowed',
        bandwidthBytesPerSecond: undefined,
        maxOutgoing: undefined,
        maxIncoming: undefined,
        link: undefined,
      } as const;
      await store.hosts.put(host, newEvent('h1'));
      const token = { id: 't', name: 't', role: 'viewer', createdAt: 1, expiresAt: 2 } as const;
      await store.tokens.create(token, 'hash');
      await store.replicas.beat('alive', 1, longMs);
      await store.replicas.beat('dead', 1, 0);
      await store.replicas.duty('inventory', 'alive', longMs);
      const all = async (): Promise<unknown> => ({
        migrations: (await store.migrations.list({}, { limit: 50 })).items,
        events: await store.events.after(0, 50),
        hosts: await store.hosts.list(),
        tokens: await store.tokens.list(),
      });
      const before = await all();
      await store.prune(everything, now);
      expect(await all()).toEqual(before);
      await store.prune({ migrationsMs: 0, telemetryMs: 0, eventsMs: 0, auditMs: 0 }, now * 2);
      expect(await store.hosts.list()).toHaveLength(1);
      expect(await store.tokens.list()).toHaveLength(1);
      expect(await store.replicas.beat('new', 0, longMs)).toMatchObject([
        { name: 'alive' },
        { name: 'new' },
      ]);
      expect(await store.replicas.duty('inventory', 'new', longMs)).toBe(false);
    },
  },
  {
    name: 'prune: more than a batch of everything, by several at once, while others write',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open()]);
      const [store] = stores;
      const held = await steered(store, 'a', 1_100);
      for (const lease of held)
        await store.migrations.finish(lease, endedAs('completed'), { ...nothing, why: ['x'] }, []);
      await store.audit.append({
        at: now,
        who: 'a',
        what: 'x',
        subject: 's',
        from: 'local',
        details: 1,
        outcome: 'ok',
      });
      await Promise.all([
        ...stores.map((one) => one.prune(keep, now)),
        queue(
          store,
          ...[1, 2, 3].map((index) => newMigration(5_000 + index, { requestedAt: now })),
        ),
      ]);
      const { items } = await store.migrations.list({}, { limit: 10 });
      expect(items.map(({ id }) => id)).toEqual([idAt(5_003), idAt(5_002), idAt(5_001)]);
      expect(
        await idsWith(
          held.map(({ id }) => id).slice(0, 20),
          async (id) => (await store.migrations.chapters(id)).why.length > 0,
        ),
      ).toEqual([]);
      expect((await store.audit.list({}, { limit: 9 })).items).toHaveLength(1);
    },
  },
];
