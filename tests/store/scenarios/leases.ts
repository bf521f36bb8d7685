import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Waiting } from '../../../src/store/store.ts';
import {
  endedAs,
  idAt,
  leaseOf,
  longMs,
  newEvent,
  newMigration,
  noneMs,
  nothing,
  queue,
  steered,
  steeredOne,
} from '../rows.ts';
import type { Scenario } from './scenario.ts';

/** At most four run at once. */
function upToFour({ queued, running }: Waiting): readonly string[] {
  return queued.slice(0, Math.max(0, 4 - running.length)).map(({ id }) => id);
}

function idsOf(rows: readonly { readonly id: string }[]): readonly string[] {
  return rows.map(({ id }) => id);
}

export const leaseScenarios: readonly Scenario[] = [
  {
    name: 'admission gives what was chosen, in its order, and once',
    run: async (open) => {
      const store = await open();
      await queue(store, newMigration(1), newMigration(2), newMigration(3));
      const rows = await store.leases.admit('a', longMs, () => [idAt(3), idAt(1)]);
      expect(idsOf(rows)).toEqual([idAt(3), idAt(1)]);
      for (const row of rows)
        expect(row).toMatchObject({ phase: 'preflight', owner: 'a', epoch: 1 });
      let shown: Waiting | undefined;
      await store.leases.admit('b', longMs, (waiting) => {
        shown = waiting;
        return [];
      });
      expect(idsOf(shown?.queued ?? [])).toEqual([idAt(2)]);
      expect(idsOf(shown?.running ?? []).toSorted()).toEqual([idAt(1), idAt(3)]);
    },
  },
  {
    name: 'admission gives nothing that does not wait, whatever is chosen',
    run: async (open) => {
      const store = await open();
      const lease = await steeredOne(store, 'a');
      await queue(store, newMigration(2));
      const rows = await store.leases.admit('b', longMs, () => [idAt(1), idAt(2), idAt(2), 'none']);
      expect(idsOf(rows)).toEqual([idAt(2)]);
      expect([...(await store.leases.renew([lease], longMs)).keys()]).toEqual([idAt(1)]);
    },
  },
  {
    name: 'many that admit at once never exceed what may be chosen',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open(), open()]);
      await queue(stores[0], ...Array.from({ length: 30 }, (_, index) => newMigration(index)));
      const rounds = await Promise.all(
        Array.from({ length: 24 }, (_, index) =>
          (stores[index % stores.length] ?? stores[0]).leases.admit(`o${index}`, longMs, upToFour),
        ),
      );
      const given = rounds.flat();
      expect(given).toHaveLength(4);
      expect(new Set(idsOf(given)).size).toBe(4);
      const { items } = await stores[0].migrations.list({ phases: ['preflight'] }, { limit: 50 });
      expect(idsOf(items).toSorted()).toEqual(idsOf(given).toSorted());
    },
  },
  {
    name: 'claimed is what nobody holds: never the queued, the held or the ended',
    run: async (open) => {
      const store = await open();
      const [, two, three, four] = await steered(store, 'a', 4);
      if (two === undefined || three === undefined || four === undefined) throw new Error('none');
      await queue(store, newMigration(5));
      expect(await store.leases.claim('b', longMs, 10)).toEqual([]);
      await store.migrations.finish(two, endedAs('completed'), nothing, []);
      await store.migrations.finish(three, endedAs('unknown'), nothing, []);
      await store.leases.release([four]);
      const claimed = await store.leases.claim('b', longMs, 10);
      expect(claimed.map(({ id, owner, epoch }) => [id, owner, epoch])).toEqual([
        [idAt(3), 'b', 2],
        [idAt(4), 'b', 2],
      ]);
      expect(await store.leases.claim('c', longMs, 10)).toEqual([]);
    },
  },
  {
    name: 'claimed are the oldest, so many as were asked for, and only those',
    run: async (open) => {
      const store = await open();
      await store.leases.release(await steered(store, 'a', 6));
      const { leases } = store;
      expect(await leases.claim('b', longMs, 0)).toEqual([]);
      expect(await leases.claim('b', longMs, 5, [])).toEqual([]);
      expect(idsOf(await leases.claim('b', longMs, 2))).toEqual([idAt(1), idAt(2)]);
      expect(idsOf(await leases.claim('b', longMs, 5, [idAt(1), idAt(5), 'none']))).toEqual([
        idAt(5),
      ]);
      expect(idsOf(await leases.claim('b', longMs, 1, [idAt(4), idAt(3)]))).toEqual([idAt(3)]);
      expect(idsOf(await leases.claim('b', longMs, 10))).toEqual([idAt(4), idAt(6)]);
    },
  },
  {
    name: 'claims at once never overlap, and leave nothing',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open(), open()]);
      await stores[0].leases.release(await steered(stores[0], 'a', 120));
      const claimed = await Promise.all(
        Array.from({ length: 16 }, (_, index) =>
          (stores[index % stores.length] ?? stores[0]).leases.claim(`o${index}`, longMs, 10),
        ),
      );
      // Who meets another one passes over what that one is taking, and so may find less.
      const rest = await stores[0].leases.claim('rest', longMs, 1_000);
      const ids = idsOf([...claimed.flat(), ...rest]);
      expect(ids).toHaveLength(120);
      expect(new Set(ids).size).toBe(120);
    },
  },
  {
    name: 'renewed in one batch; the answer has the wishes, and lacks what is lost',
    run: async (open) => {
      const store = await open();
      const held = await steered(store, 'a', 3);
      const [one, two, three] = held;
      if (one === undefined || two === undefined || three === undefined) throw new Error('none');
      await store.leases.release([two]);
      await store.leases.claim('b', longMs, 1);
      await store.migrations.wish(one.id, { importance: 'high', deadlineAt: 5 }, newEvent(one.id));
      await store.migrations.wish(three.id, { cancelRequested: true }, newEvent(three.id));
      const strange = { ...three, id: 'none' };
      const renewed = await store.leases.renew([...held, strange], longMs);
      expect(Object.fromEntries(renewed)).toEqual({
        [one.id]: { importance: 'high', deadlineAt: 5, cancelRequested: false, revision: 2 },
        [three.id]: {
          importance: 'medium',
          deadlineAt: undefined,
          cancelRequested: true,
          revision: 2,
        },
      });
      expect(await store.leases.renew([], longMs)).toEqual(new Map());
    },
  },
  {
    name: 'a thousand are renewed at once',
    run: async (open) => {
      const store = await open();
      const held = await steered(store, 'a', 1_000);
      expect((await store.leases.renew(held, longMs)).size).toBe(1_000);
    },
  },
  {
    name: 'a renewal makes a lease last',
    run: async (open) => {
      const store = await open();
      // Long enough to be renewed on any machine; then it is waited for the other one's end.
      const held = await steered(store, 'a', 2, { ttlMs: 3_000 });
      expect((await store.leases.renew(held.slice(0, 1), longMs)).size).toBe(1);
      let claimed: readonly string[] = [];
      while (claimed.length === 0) {
        await sleep(50);
        claimed = idsOf(await store.leases.claim('b', longMs, 10));
      }
      expect(claimed).toEqual([idAt(2)]);
    },
  },
  {
    name: 'a lease that is over is taken over, and its epoch grows',
    run: async (open) => {
      const store = await open();
      let lease = await steeredOne(store, 'a', { ttlMs: noneMs });
      expect((await store.migrations.get(lease.id))?.owner).toBeUndefined();
      for (const [turn, owner] of ['b', 'a', 'c', 'c'].entries()) {
        expect((await store.leases.renew([lease], longMs)).size).toBe(0);
        const [row] = await store.leases.claim(owner, noneMs, 1);
        expect(row).toMatchObject({ id: lease.id, owner, epoch: turn + 2 });
        if (row !== undefined) lease = leaseOf(row);
      }
    },
  },
  {
    name: 'renewing and claiming at once: nobody is told to hold what another has',
    run: async (open) => {
      const [ours, theirs] = await Promise.all([open(), open()]);
      const held = await steered(ours, 'a', 150, { ttlMs: 40 });
      const claims: string[] = [];
      let renewed: ReadonlySet<string> = new Set();
      const [, last] = await Promise.all([
        (async () => {
          for (let turn = 0; turn < 60; turn += 1) {
            claims.push(...idsOf(await theirs.leases.claim('b', longMs, 7)));
            await sleep(2);
          }
        })(),
        (async () => {
          let kept = held;
          for (let turn = 0; turn < 30; turn += 1) {
            const answer = await ours.leases.renew(kept, 5);
            kept = kept.filter(({ id }) => answer.has(id));
            await sleep(3);
          }
          return ours.leases.renew(kept, longMs);
        })(),
      ]);
      renewed = new Set(last.keys());
      claims.push(...idsOf(await theirs.leases.claim('b', longMs, 1_000)));
      expect(new Set(claims).size).toBe(claims.length);
      expect(claims.filter((id) => renewed.has(id))).toEqual([]);
      expect(claims.length + renewed.size).toBe(150);
    },
  },
];
