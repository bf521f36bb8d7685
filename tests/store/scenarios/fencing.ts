import { expect } from 'vitest';
import type { Lease } from '../../../src/store/rows.ts';
import type { Store } from '../../../src/store/store.ts';
import {
  beginningOf,
  decisionAt,
  endedAs,
  lessonOf,
  longMs,
  newEvent,
  noneMs,
  progress,
  sampleAt,
  steeredOne,
} from '../rows.ts';
import type { Scenario } from './scenario.ts';

/** Leases that hold no more, of a migration that somebody else steers, or nobody. */
const lost: Readonly<Record<string, (store: Store) => Promise<Lease>>> = {
  'an old epoch': async (store) => {
    const lease = await steeredOne(store, 'a', { ttlMs: noneMs });
    await store.leases.claim('a', longMs, 1);
    return lease;
  },
  'another owner': async (store) => ({ ...(await steeredOne(store, 'a')), owner: 'b' }),
  'an epoch to come': async (store) => {
    const lease = await steeredOne(store, 'a');
    return { ...lease, epoch: lease.epoch + 1 };
  },
  'an expired lease': (store) => steeredOne(store, 'a', { ttlMs: noneMs }),
  'a released lease': async (store) => {
    const lease = await steeredOne(store, 'a');
    await store.leases.release([lease]);
    return lease;
  },
};

const chapter = { samples: [sampleAt(1)], decisions: [decisionAt(1)], why: ['because'] };

/** Everything that takes a lease; each says whether it wrote. */
const writes: Readonly<Record<string, (store: Store, lease: Lease) => Promise<boolean>>> = {
  advance: (store, lease) =>
    store.migrations.advance(lease, { phase: 'switching', vmName: 'x' }, [newEvent(lease.id)]),
  begin: (store, lease) =>
    store.migrations.begin(lease, beginningOf({ name: 'x', uuid: 'u' }), 5, [newEvent(lease.id)]),
  report: async (store, lease) => {
    await store.migrations.report([{ lease, progress, ...chapter }], [newEvent(lease.id)]);
    return false;
  },
  finish: (store, lease) =>
    store.migrations.finish(lease, endedAs('completed', { lesson: lessonOf(1) }), chapter, [
      newEvent(lease.id),
    ]),
  release: async (store, lease) => {
    await store.leases.release([lease]);
    return false;
  },
  renew: async (store, lease) => (await store.leases.renew([lease], longMs)).size > 0,
};

async function everything(store: Store, id: string): Promise<unknown> {
  return {
    row: await store.migrations.get(id),
    chapters: await store.migrations.chapters(id),
    beginning: await store.migrations.beginning(id),
    lessons: await store.migrations.lessons({ of: 'way', hosts: ['h1', 'h2'] }, 10),
    events: await store.events.after(0, 100),
  };
}

async function writesNothing(store: Store, lease: Lease): Promise<void> {
  const before = await everything(store, lease.id);
  for (const [name, write] of Object.entries(writes)) {
    const wrote = await write(store, lease);
    expect({ name, wrote, after: await everything(store, lease.id) }).toEqual({
      name,
      wrote: false,
      after: before,
    });
  }
}

export const fencingScenarios: readonly Scenario[] = Object.entries(lost).map(([why, make]) => ({
  name: `with ${why} nothing is written`,
  run: async (open) => {
    const store = await open();
    await writesNothing(store, await make(store));
  },
}));
