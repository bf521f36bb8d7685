import { expect } from 'vitest';
import { type NewMigration, unended } from '../../../src/store/rows.ts';
import type { MigrationFilter } from '../../../src/store/store.ts';
import {
  beginningOf,
  endedAs,
  everyPage,
  idAt,
  leaseOf,
  longMs,
  newEvent,
  newMigration,
  nothing,
  queue,
  steered,
  steeredOne,
  vmOn,
} from '../rows.ts';
import type { Scenario } from './scenario.ts';

/** Each with the numbers of those among 1 to 8 that it finds, newest first. */
const filters: readonly (readonly [MigrationFilter, readonly number[]])[] = [
  [{}, [8, 7, 6, 5, 4, 3, 2, 1]],
  [{ phases: ['queued'] }, [8, 7, 6, 5, 4]],
  [{ phases: ['copying', 'stayed'] }, [3, 1]],
  [{ phases: [] }, []],
  [{ phases: unended }, [8, 7, 6, 5, 4, 3, 2]],
  [{ vm: 'vm-4' }, [4]],
  [{ vm: 'web' }, [3]],
  [{ vm: 'uuid-3' }, [3]],
  [{ vm: 'nobody' }, []],
  [{ host: 'h3' }, [6, 5]],
  [{ from: 'h3' }, [5]],
  [{ to: 'h3' }, [6]],
  [{ from: 'h1', to: 'h3' }, [6]],
  [{ host: 'h3', vm: 'vm-5' }, [5]],
  [{ slaClass: 'panda' }, [3]],
  [{ importance: 'high' }, [7]],
  [{ reason: 'evacuation' }, [8]],
  [{ operationId: 'drain-1' }, [4]],
  [{ since: 1_006 }, [8, 7, 6]],
  [{ until: 1_003 }, [2, 1]],
  [{ since: 1_003, until: 1_005 }, [4, 3]],
  [{ phases: ['queued', 'queued'], host: 'h3', since: 1_005 }, [6, 5]],
];

async function ofEveryKind(store: Parameters<typeof queue>[0]): Promise<void> {
  const [one, , three] = await steered(store, 'a', 3);
  if (one === undefined || three === undefined) throw new Error('no leases');
  await store.migrations.finish(one, endedAs('stayed'), nothing, []);
  await store.migrations.begin(three, beginningOf({ name: 'web', uuid: 'uuid-3' }), 2_000, []);
  await queue(
    store,
    newMigration(4, { operationId: 'drain-1' }),
    newMigration(5, { from: 'h3' }),
    newMigration(6, { to: 'h3' }),
    newMigration(7, { importance: 'high' }),
    newMigration(8, { reason: 'evacuation' }),
  );
}

export const migrationScenarios: readonly Scenario[] = [
  {
    name: 'a migration is kept as it was asked for',
    run: async (open) => {
      const store = await open();
      const asked = newMigration(1, { deadlineAt: 1_800_000_000_000, operationId: 'drain-1' });
      const { row, how } = await store.migrations.create(asked, newEvent(asked.id));
      const { requestKey: _, ...kept } = asked;
      expect(how).toBe('created');
      expect(row).toMatchObject({ ...kept, phase: 'queued', revision: 1, epoch: 0 });
      expect(row).toMatchObject({ cancelRequested: false, owner: undefined, progress: undefined });
      expect(await (await open()).migrations.get(asked.id)).toEqual(row);
      expect(await store.migrations.get('another')).toBeUndefined();
    },
  },
  {
    name: 'the same key of the same person is the same request',
    run: async (open) => {
      const store = await open();
      const create = (index: number, requestedBy: string, requestKey: string | undefined) =>
        store.migrations.create(
          newMigration(index, { requestedBy, requestKey }),
          newEvent(idAt(index)),
        );
      expect(await create(1, 'alice', 'key')).toMatchObject({ how: 'created' });
      const again = await create(2, 'alice', 'key');
      expect(again).toMatchObject({ how: 'again', row: { id: idAt(1) } });
      expect(await create(3, 'bob', 'key')).toMatchObject({ how: 'created' });
      expect(await create(4, 'alice', 'other')).toMatchObject({ how: 'created' });
      expect(await create(5, 'alice', undefined)).toMatchObject({ how: 'created' });
      expect(await create(6, 'alice', undefined)).toMatchObject({ how: 'created' });
      const events = await store.events.after(0, 100);
      expect(events.map(({ subject }) => subject)).toEqual([1, 3, 4, 5, 6].map(idAt));
    },
  },
  {
    name: 'twenty requests with one key at once make one migration',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open()]);
      const made = await Promise.all(
        Array.from({ length: 21 }, (_, index) => {
          const store = stores[index % stores.length] ?? stores[0];
          const migration = newMigration(index, { requestKey: 'key' });
          return store.migrations.create(migration, newEvent(migration.id));
        }),
      );
      expect(made.filter(({ how }) => how === 'created')).toHaveLength(1);
      expect(new Set(made.map(({ row }) => row.id)).size).toBe(1);
      expect(await stores[0].events.after(0, 100)).toHaveLength(1);
    },
  },
  {
    name: 'a VM that is being moved is not moved again from there, by whatever name it is called',
    run: async (open) => {
      const store = await open();
      const vm = { name: 'web', uuid: 'uuid-1' };
      const lease = await steeredOne(store, 'a');
      await store.migrations.begin(lease, beginningOf(vm), 2_000, []);
      const ask = async (index: number, change: Partial<NewMigration>) => {
        const one = newMigration(index, change);
        const { how, row } = await store.migrations.create(one, newEvent(one.id));
        return [how, row.id];
      };
      const events = await store.events.range();
      for (const name of ['vm-1', vm.name, vm.uuid])
        expect(await ask(2, { vm: name, requestKey: 'k' })).toEqual(['busy', idAt(1)]);
      expect(await store.migrations.get(idAt(2))).toBeUndefined();
      expect(await store.events.range()).toEqual(events);
      // Another VM of that name, on another host.
      expect(await ask(3, { vm: vm.name, from: 'h3' })).toEqual(['created', idAt(3)]);
      await store.migrations.finish(lease, endedAs('unknown'), nothing, []);
      expect(await ask(4, { vm: vm.name })).toEqual(['busy', idAt(1)]);
      const [row] = await store.leases.claim('b', longMs, 1);
      if (row === undefined) throw new Error('nothing was claimed');
      await store.migrations.finish(leaseOf(row), endedAs('aborted'), nothing, []);
      expect(await ask(5, { vm: vm.name })).toEqual(['created', idAt(5)]);
    },
  },
  {
    name: 'a VM that may have arrived with nobody looking is not moved on before somebody has looked',
    run: async (open) => {
      const store = await open();
      const vm = { name: 'web', uuid: 'uuid-1' };
      const [first, second] = await steered(store, 'a', 2);
      if (first === undefined || second === undefined) throw new Error('no leases');
      await store.migrations.begin(first, beginningOf(vm), 2_000, []);
      await store.vms.seen('h2', [vmOn('h2', 1, vm)], 1_000);
      const onwards = newMigration(3, { vm: vm.name, from: 'h2', to: 'h1' });
      const ask = () => store.migrations.create(onwards, newEvent(onwards.id));
      expect(await ask()).toMatchObject({ how: 'busy', row: { id: idAt(1) } });
      // Somebody whom nobody had told its UUID learns it at the latest when it begins.
      await queue(store, newMigration(4, { vm: vm.name, from: 'h3' }));
      const [fourth] = await store.leases.admit('a', longMs, () => [idAt(4)]);
      if (fourth === undefined) throw new Error('it was not admitted');
      const begun = store.migrations.begin(leaseOf(fourth), beginningOf(vm), 2_000, []);
      await expect(begun).rejects.toMatchObject({ code: 'domain.busy' });
      await store.migrations.finish(first, endedAs('completed'), nothing, []);
      expect(await ask()).toMatchObject({ how: 'created' });
    },
  },
  {
    name: 'of twenty requests for one VM at once, each with its own key, one is queued',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open(), open()]);
      const made = await Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          const store = stores[index % stores.length] ?? stores[0];
          const migration = newMigration(index, { vm: 'web', requestKey: `key-${index}` });
          return store.migrations.create(migration, newEvent(migration.id));
        }),
      );
      const [queued, ...more] = made.filter(({ how }) => how === 'created');
      expect(more).toEqual([]);
      expect(made.filter(({ how }) => how === 'busy')).toHaveLength(19);
      expect(new Set(made.map(({ row }) => row.id))).toEqual(new Set([queued?.row.id]));
      expect(await stores[0].events.after(0, 100)).toHaveLength(1);
    },
  },
  {
    name: 'of twenty requests for one VM at once, by its name and by its UUID, one is queued',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open(), open()]);
      const web = { name: 'web', uuid: 'uuid-1' };
      await stores[0].vms.seen('h1', [vmOn('h1', 1, web)], 1_000);
      const made = await Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          const store = stores[index % stores.length] ?? stores[0];
          const vm = index % 2 === 0 ? web.name : web.uuid;
          const migration = newMigration(index, { vm, requestKey: `key-${index}` });
          return store.migrations.create(migration, newEvent(migration.id));
        }),
      );
      const [queued, ...more] = made.filter(({ how }) => how === 'created');
      expect(more).toEqual([]);
      expect(made.filter(({ how }) => how === 'busy')).toHaveLength(19);
      expect(new Set(made.map(({ row }) => row.id))).toEqual(new Set([queued?.row.id]));
    },
  },
  {
    name: 'of those that turn out to be one VM on one host, one begins',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open()]);
      const leases = await steered(stores[0], 'a', 6);
      const [last, ...others] = leases.map((lease, index) => ({ lease, index }));
      const begin = ({ lease, index }: NonNullable<typeof last>): Promise<boolean> =>
        (stores[index % stores.length] ?? stores[0]).migrations.begin(
          lease,
          beginningOf({ name: 'web', uuid: 'uuid-1' }),
          2_000,
          [],
        );
      const begun = await Promise.allSettled(others.map(begin));
      expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const refused = begun.flatMap((one): unknown[] =>
        one.status === 'rejected' ? [one.reason] : [],
      );
      expect(refused).toHaveLength(4);
      const [first] = others.filter((_, index) => begun[index]?.status === 'fulfilled');
      if (first === undefined || last === undefined) throw new Error('none began');
      for (const error of refused)
        expect(error).toMatchObject({
          code: 'domain.busy',
          message: expect.stringContaining(first.lease.id),
        });
      for (const { lease } of others.filter((one) => one !== first))
        expect(await stores[0].migrations.beginning(lease.id)).toBeUndefined();
      // The same one may begin once more, and another when it has ended.
      expect(await begin(first)).toBe(true);
      await stores[0].migrations.finish(first.lease, endedAs('aborted'), nothing, []);
      expect(await begin(last)).toBe(true);
    },
  },
  {
    name: 'every filter finds what it says, newest first',
    run: async (open) => {
      const store = await open();
      await ofEveryKind(store);
      for (const [filter, found] of filters) {
        const all = await store.migrations.list(filter, { limit: 50 });
        const paged = await everyPage((after) =>
          store.migrations.list(filter, { limit: 2, after }),
        );
        const ids = found.map(idAt);
        expect({
          filter,
          all: all.items.map(({ id }) => id),
          next: all.next,
          paged: paged.map(({ id }) => id),
        }).toEqual({ filter, all: ids, next: undefined, paged: ids });
      }
    },
  },
  {
    name: 'a thousand are paged without loss or repetition, while others come',
    run: async (open) => {
      const store = await open();
      const count = 1_000;
      // Several of one moment, and ids that do not go with time.
      const at = (index: number): number => 1_000 + Math.floor(((index * 7) % count) / 5);
      const all = Array.from({ length: count }, (_, index) =>
        newMigration(index, { requestedAt: at(index) }),
      );
      await queue(store, ...all);
      let late = count;
      const paged = await everyPage(async (after) => {
        const page = await store.migrations.list({}, { limit: 37, after });
        late += 1;
        await queue(store, newMigration(late, { requestedAt: 5_000 }));
        return page;
      });
      const newestFirst = all
        .toSorted((a, b) => b.requestedAt - a.requestedAt || (a.id < b.id ? 1 : -1))
        .map(({ id }) => id);
      expect(paged.map(({ id }) => id)).toEqual(newestFirst);
      await expect(store.migrations.list({}, { limit: 1, after: 'x' })).rejects.toMatchObject({
        code: 'usage.invalid',
      });
    },
  },
  {
    name: 'ids are found by their beginning: at most ten, newest first',
    run: async (open) => {
      const store = await open();
      for (const id of ['Ab1', 'ab1', 'ab_', 'ab-2', 'abc', 'b%1', 'b21'])
        await queue(store, newMigration(1, { id, vm: id }));
      const found = async (beginning: string) =>
        (await store.migrations.idsFrom(beginning)).toSorted();
      expect(await found('ab')).toEqual(['ab-2', 'ab1', 'ab_', 'abc']);
      expect(await found('A')).toEqual(['Ab1']);
      expect(await found('ab_')).toEqual(['ab_']);
      expect(await found('b%')).toEqual(['b%1']);
      expect(await found('c')).toEqual([]);
      await queue(store, ...Array.from({ length: 12 }, (_, index) => newMigration(index)));
      expect(await store.migrations.idsFrom('m')).toEqual(
        Array.from({ length: 10 }, (_, index) => idAt(11 - index)),
      );
    },
  },
  {
    name: 'VMs move from the beginning of their migration to its end',
    run: async (open) => {
      const store = await open();
      const moving = async () => [...(await store.migrations.moving())];
      const lease = await steeredOne(store, 'a');
      await queue(store, newMigration(2));
      expect(await moving()).toEqual([]);
      await store.migrations.begin(lease, beginningOf({ name: 'web', uuid: 'u1' }), 2_000, []);
      expect(await moving()).toEqual(['u1']);
      await store.migrations.finish(lease, endedAs('completed'), nothing, []);
      expect(await moving()).toEqual([]);
    },
  },
  {
    name: 'a wish is kept, unless it is stale, over or of nothing',
    run: async (open) => {
      const store = await open();
      const lease = await steeredOne(store, 'a');
      const { id } = lease;
      const event = newEvent(id, { type: 'migration.changed' });
      const { migrations } = store;
      const high = await migrations.wish(id, { importance: 'high' }, event);
      expect(high).toMatchObject({ importance: 'high', revision: 2, deadlineAt: undefined });
      expect(await migrations.wish(id, { deadlineAt: 7 }, event, 1)).toBe('stale');
      const due = await migrations.wish(id, { deadlineAt: 7 }, event, 2);
      expect(due).toMatchObject({ importance: 'high', deadlineAt: 7, revision: 3 });
      const cancel = await migrations.wish(id, { cancelRequested: true }, event);
      expect(cancel).toMatchObject({ cancelRequested: true, deadlineAt: 7, revision: 4 });
      expect(await migrations.wish('none', { importance: 'low' }, event)).toBe('missing');
      await migrations.finish(lease, endedAs('aborted'), nothing, []);
      expect(await migrations.wish(id, { importance: 'low' }, event)).toBe('ended');
      expect(await migrations.wish(id, { importance: 'low' }, event, 1)).toBe('ended');
      expect(await migrations.get(id)).toMatchObject({ importance: 'high', revision: 4 });
      const told = (await store.events.after(0, 100)).filter(({ type }) => type === event.type);
      expect(told).toHaveLength(3);
    },
  },
  {
    name: 'of wishes for one revision at once, one is kept',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open()]);
      await queue(stores[0], newMigration(1));
      const answers = await Promise.all(
        stores.map(({ migrations }, index) =>
          migrations.wish(idAt(1), { deadlineAt: index }, newEvent(idAt(1)), 1),
        ),
      );
      expect(answers.filter((answer) => answer === 'stale')).toHaveLength(2);
      expect(await stores[0].migrations.get(idAt(1))).toMatchObject({ revision: 2 });
    },
  },
  {
    name: 'counts: all under way, and the ended since then',
    run: async (open) => {
      const store = await open();
      const [one, two] = await steered(store, 'a', 2);
      if (one === undefined || two === undefined) throw new Error('no leases');
      await store.migrations.finish(one, endedAs('completed'), nothing, []);
      await store.migrations.finish(two, endedAs('unknown'), nothing, []);
      await queue(store, newMigration(3), newMigration(4), newMigration(5, { importance: 'low' }));
      const counted = async (since: number) =>
        (await store.migrations.counts(since)).map(
          ({ phase, importance, count }) => `${phase} ${importance} ${count}`,
        );
      const underWay = ['queued low 1', 'queued medium 2', 'unknown medium 1'];
      expect((await counted(0)).toSorted()).toEqual(['completed medium 1', ...underWay]);
      expect((await counted(1_002)).toSorted()).toEqual(underWay);
    },
  },
];
