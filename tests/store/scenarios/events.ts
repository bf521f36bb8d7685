import { expect } from 'vitest';
import type { EventRow, NewEvent } from '../../../src/store/rows.ts';
import type { Store } from '../../../src/store/store.ts';
import { idAt, newEvent, newMigration, oneOf, queue } from '../rows.ts';
import type { Scenario } from './scenario.ts';

/** Reads what comes, a few at a time, until so many were read. */
async function readAsTheyCome({ events }: Store, count: number): Promise<readonly EventRow[]> {
  const read: EventRow[] = [];
  while (read.length < count) {
    const more = await events.after(read.at(-1)?.seq ?? 0, 7);
    read.push(...more);
    if (more.length === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return read;
}

const writers = 8;
const turns = 12;

/** What one writer appends, in his order: one, two, then three at a time. */
function batches(writer: number): readonly (readonly NewEvent[])[] {
  return Array.from({ length: turns }, (_, turn) =>
    Array.from({ length: 1 + (turn % 3) }, (_unused, part) =>
      newEvent(`w${writer}`, { at: turn * 10 + part }),
    ),
  );
}

export const eventScenarios: readonly Scenario[] = [
  {
    name: 'events: kept as they were told, in order, after any number, as many as are asked for',
    run: async (open) => {
      const { events } = await open();
      expect(await events.range()).toEqual({ first: 0, last: 0 });
      expect(await events.after(0, 10)).toEqual([]);
      const told = [
        newEvent('m1', { data: { eta: Infinity, text: '🐄 \u0000' } }),
        newEvent('h1', { type: 'host.changed', at: 5, data: null }),
        newEvent('m1', { data: [1, { a: 2 }] }),
      ];
      await events.append(told);
      await events.append([]);
      const all = await (await open()).events.after(0, 10);
      expect(all).toEqual(told.map((event) => ({ ...event, seq: expect.any(Number) })));
      const seqs = all.map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
      expect(await events.range()).toEqual({ first: seqs[0], last: seqs[2] });
      expect(await events.after(0, 2)).toEqual(all.slice(0, 2));
      expect(await events.after(seqs[0] ?? 0, 10)).toEqual(all.slice(1));
      expect(await events.after(seqs[2] ?? 0, 10)).toEqual([]);
      expect(await events.after(0, 0)).toEqual([]);
    },
  },
  {
    name: 'events: three thousand in one batch keep their order',
    run: async (open) => {
      const { events } = await open();
      const all = Array.from({ length: 3_000 }, (_, at) => newEvent('m1', { at }));
      await events.append(all);
      const kept = await events.after(0, 5_000);
      expect(kept.map(({ at }) => at)).toEqual(all.map(({ at }) => at));
    },
  },
  {
    name: 'events: who reads while many write misses none and reads none twice',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open(), open()]);
      const count = batches(0).flat().length * writers;
      const reading = Promise.all([
        readAsTheyCome(stores[0], count),
        readAsTheyCome(stores[1], count),
      ]);
      await Promise.all(
        Array.from({ length: writers }, async (_, writer) => {
          for (const batch of batches(writer)) await oneOf(stores, writer).events.append(batch);
        }),
      );
      const [read, alsoRead] = await reading;
      expect(alsoRead).toEqual(read);
      expect(await stores[2].events.after(0, count + 1)).toEqual(read);
      expect(new Set(read.map(({ seq }) => seq)).size).toBe(count);
      for (let writer = 0; writer < writers; writer += 1) {
        const own = read.filter(({ subject }) => subject === `w${writer}`);
        expect(own.map(({ at }) => at)).toEqual(
          batches(writer)
            .flat()
            .map(({ at }) => at),
        );
      }
    },
  },
  {
    name: 'events: told with a change, or neither is there',
    run: async (open) => {
      const store = await open();
      await queue(store, newMigration(1));
      const [queued] = await store.events.after(0, 10);
      expect(queued).toMatchObject({ subject: idAt(1), type: 'migration.queued' });
      const before = await store.events.range();
      // A second migration of the same id cannot be: nothing of it may be told.
      const twin = newMigration(1, { vm: 'another' });
      await expect(store.migrations.create(twin, newEvent('twin'))).rejects.toThrow(/unique/i);
      expect(await store.events.range()).toEqual(before);
      expect(await store.migrations.get(idAt(1))).toMatchObject({ vm: 'vm-1' });
    },
  },
];
