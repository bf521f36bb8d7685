import { expect } from 'vitest';
import type { Chapter, Lease } from '../../../src/store/rows.ts';
import type { Store } from '../../../src/store/store.ts';
import {
  beginningOf,
  decisionAt,
  endedAs,
  leaseOf,
  lessonOf,
  longMs,
  newEvent,
  nothing,
  progress,
  sampleAt,
  steered,
  steeredOne,
} from '../rows.ts';
import type { Scenario } from './scenario.ts';

function chapterAt(index: number): Chapter {
  return {
    samples: [sampleAt(2 * index), sampleAt(2 * index + 1)],
    decisions: [decisionAt(index)],
    why: [`because ${index}`],
  };
}

interface Ending {
  readonly uuid: string;
  readonly bandwidth: number | undefined;
  /** Where it is not from h1 to h2. */
  readonly back?: true;
}

/** Begins and ends one; with a lesson where there is a bandwidth. */
async function end(store: Store, lease: Lease, { uuid, bandwidth }: Ending): Promise<void> {
  await store.migrations.begin(lease, beginningOf({ name: uuid, uuid }), 2_000, []);
  const lesson = bandwidth === undefined ? undefined : lessonOf(bandwidth);
  await store.migrations.finish(lease, endedAs('completed', { lesson }), nothing, []);
}

export const keptScenarios: readonly Scenario[] = [
  {
    name: 'a beginning is kept before the first order, and read by whoever takes over',
    run: async (open) => {
      const store = await open();
      const lease = await steeredOne(store, 'a');
      const vm = { name: 'web', uuid: 'uuid-1' };
      expect(await store.migrations.beginning(lease.id)).toBeUndefined();
      expect(await store.migrations.begin(lease, beginningOf(vm), 2_000, [])).toBe(true);
      const { migrations } = await open();
      expect(await migrations.beginning(lease.id)).toEqual(beginningOf(vm));
      expect(await migrations.get(lease.id)).toMatchObject({
        phase: 'copying',
        startedAt: 2_000,
        vmName: 'web',
        vmUuid: 'uuid-1',
        slaClass: 'panda',
      });
      // Who begins anew, as after a first try that came to nothing, says how.
      const other = { ...beginningOf(vm), persistent: false };
      await store.migrations.begin(lease, other, 3_000, []);
      expect(await migrations.beginning(lease.id)).toEqual(other);
    },
  },
  {
    name: 'chapters of several holders are one story, in order',
    run: async (open) => {
      const store = await open();
      let lease = await steeredOne(store, 'a');
      const all: Chapter[] = [];
      for (const [index, owner] of ['a', 'a', 'b', 'c'].entries()) {
        if (owner !== lease.owner) {
          await store.leases.release([lease]);
          const [row] = await store.leases.claim(owner, longMs, 1);
          if (row === undefined) throw new Error('nothing was claimed');
          lease = leaseOf(row);
        }
        all.push(chapterAt(index));
        await store.migrations.report([{ lease, ...chapterAt(index) }], []);
      }
      await store.migrations.report([{ lease, why: ['alone'] }, { lease }], []);
      const last = { ...nothing, why: ['the end'] };
      await store.migrations.finish(lease, endedAs('completed'), last, []);
      expect(await (await open()).migrations.chapters(lease.id)).toEqual({
        samples: all.flatMap(({ samples }) => samples),
        decisions: all.flatMap(({ decisions }) => decisions),
        why: [...all.flatMap(({ why }) => why), 'alone', 'the end'],
      });
      expect(await store.migrations.chapters('none')).toEqual(nothing);
    },
  },
  {
    name: 'a curve of very many samples is read thinned, from its first on, in order',
    run: async (open) => {
      const store = await open();
      const lease = await steeredOne(store, 'a');
      for (let from = 0; from < 5_000; from += 500) {
        const samples = Array.from({ length: 500 }, (_, index) => sampleAt(from + index));
        await store.migrations.report([{ lease, samples, decisions: [decisionAt(from)] }], []);
      }
      const { samples, decisions } = await store.migrations.chapters(lease.id);
      expect(samples.length).toBeGreaterThan(1_000);
      expect(samples.length).toBeLessThanOrEqual(2_000);
      expect(samples[0]).toEqual(sampleAt(0));
      const at = samples.map(({ atMs }) => atMs);
      expect(at).toEqual(at.toSorted((a, b) => a - b));
      expect(decisions).toHaveLength(10);
    },
  },
  {
    name: 'a report of many leaves out what is of a lost lease, and keeps the rest',
    run: async (open) => {
      const store = await open();
      const held = await steered(store, 'a', 30);
      const lost = held.slice(0, 5);
      await store.leases.release(lost);
      await store.leases.claim('b', longMs, 5);
      const at = await store.events.range();
      await store.migrations.report(
        held.map((lease, index) => ({ lease, progress, ...chapterAt(index) })),
        held.map(({ id }) => newEvent(id, { type: 'migration.notice' })),
      );
      const kept = held.slice(5).map(({ id }) => id);
      const told = await store.events.after(at.last, 100);
      expect(told.map(({ subject }) => subject)).toEqual(kept);
      for (const [index, { id }] of held.entries()) {
        const ours = kept.includes(id);
        expect((await store.migrations.get(id))?.progress).toEqual(ours ? progress : undefined);
        expect((await store.migrations.chapters(id)).why).toEqual(ours ? [`because ${index}`] : []);
      }
    },
  },
  {
    name: 'progress is the latest, is told since a time, and goes with the end',
    run: async (open) => {
      const [store, watcher] = await Promise.all([open(), open()]);
      const [one, two] = await steered(store, 'a', 2);
      if (one === undefined || two === undefined) throw new Error('no leases');
      const since = async (at: number): Promise<readonly string[]> =>
        (await watcher.migrations.progressSince(at)).items.map(({ id }) => id);
      const { now: before, items } = await watcher.migrations.progressSince(undefined);
      expect(items).toEqual([]);
      expect(await since(0)).toEqual([]);
      await store.migrations.report([{ lease: one, progress }], []);
      await store.migrations.report([{ lease: one, progress: { ...progress, percent: 50 } }], []);
      await store.migrations.report([{ lease: two, progress }], []);
      expect(await since(before)).toEqual([one.id, two.id]);
      expect(await since(before + longMs)).toEqual([]);
      const again = await watcher.migrations.progressSince(before);
      expect(again.now).toBeGreaterThanOrEqual(before);
      expect(again.items[0]).toMatchObject({ id: one.id, owner: 'a', progress: { percent: 50 } });
      await store.migrations.finish(one, endedAs('completed'), nothing, []);
      expect(await since(0)).toEqual([two.id]);
      expect((await store.migrations.get(one.id))?.progress).toBeUndefined();
    },
  },
  {
    name: 'lessons: of a guest, a way to and fro, or a class without the guest; newest first',
    run: async (open) => {
      const store = await open();
      const endings: readonly Ending[] = [
        { uuid: 'u1', bandwidth: 10 },
        { uuid: 'u2', bandwidth: 20 },
        { uuid: 'u1', bandwidth: undefined },
        { uuid: 'u1', bandwidth: 30 },
      ];
      for (const [index, ending] of endings.entries())
        await end(store, await steeredOne(store, 'a', { first: index + 1 }), ending);
      const learnt = async (...asked: Parameters<typeof store.migrations.lessons>) =>
        (await store.migrations.lessons(...asked)).map((lesson) => lesson.bandwidthBytesPerSecond);
      expect(await learnt({ of: 'guest', vmUuid: 'u1' }, 10)).toEqual([30, 10]);
      expect(await learnt({ of: 'guest', vmUuid: 'u1' }, 1)).toEqual([30]);
      expect(await learnt({ of: 'guest', vmUuid: 'nobody' }, 1)).toEqual([]);
      expect(await learnt({ of: 'way', hosts: ['h1', 'h2'] }, 10)).toEqual([30, 20, 10]);
      expect(await learnt({ of: 'way', hosts: ['h2', 'h1'] }, 2)).toEqual([30, 20]);
      expect(await learnt({ of: 'way', hosts: ['h1', 'h3'] }, 10)).toEqual([]);
      const others = { of: 'class', slaClass: 'panda', butVmUuid: 'u1' } as const;
      expect(await learnt(others, 10)).toEqual([20]);
      expect(await learnt({ ...others, slaClass: 'pet' }, 10)).toEqual([]);
    },
  },
  {
    name: 'an end is kept with why; what nobody knows the end of can be ended later',
    run: async (open) => {
      const store = await open();
      const lease = await steeredOne(store, 'a');
      const error = { code: 'host.unreachable', message: 'gone', hint: undefined } as const;
      await store.migrations.finish(lease, endedAs('unknown', { error }), nothing, []);
      expect(await store.migrations.get(lease.id)).toMatchObject({
        phase: 'unknown',
        endedAt: 9_000,
        owner: undefined,
        error: { code: 'host.unreachable', message: 'gone' },
      });
      const [row] = await store.leases.claim('b', longMs, 1);
      if (row === undefined) throw new Error('nothing was claimed');
      const over = endedAs('completed', { endedAt: 9_500 });
      expect(await store.migrations.finish(leaseOf(row), over, nothing, [])).toBe(true);
      expect(await store.migrations.finish(leaseOf(row), over, nothing, [])).toBe(false);
      expect(await store.migrations.get(lease.id)).toMatchObject({
        phase: 'completed',
        endedAt: 9_500,
        error: undefined,
      });
      expect(await store.leases.claim('c', longMs, 9)).toEqual([]);
    },
  },
];
