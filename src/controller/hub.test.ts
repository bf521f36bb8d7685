import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Events, Store } from '../store/store.ts';
import type { LiveEvent } from './controller.ts';
import { Hub } from './hub.ts';
import { me, type Stage, setStage } from './testing/stage.ts';

const progress = {
  atMs: 500,
  percent: 12.5,
  sentBytes: 1_000,
  remainingBytes: 2_000,
  dirtyRateBytesPerSecond: 10,
  bandwidthBytesPerSecond: 20,
  throttlePercent: 0,
  etaMs: 100,
};

let stage: Stage;
let hub: Hub;
let logged: string[];
beforeEach(async () => {
  stage = await setStage();
  logged = [];
  hub = hubOver(stage.store);
});
afterEach(async () => {
  hub.close();
  await stage.end();
});

function hubOver(store: Store): Hub {
  return new Hub(store, stage.clock, (message, error) =>
    logged.push(`${message}: ${String(error)}`),
  );
}

function happen(subject: string): Promise<void> {
  return stage.store.events.append([{ at: 1, type: 'host.changed', subject, data: {} }]);
}

function subjectsOf(heard: readonly LiveEvent[]): readonly string[] {
  return heard.flatMap((event) => (event.kind === 'event' ? [event.subject] : []));
}

test('a listener that fails is logged, and everybody else hears each event once', async () => {
  const before: LiveEvent[] = [];
  const after: LiveEvent[] = [];
  await hub.subscribe((event) => before.push(event));
  await hub.subscribe(() => {
    throw new Error('deaf');
  });
  await hub.subscribe((event) => after.push(event));
  await happen('h1');
  await happen('h2');
  await stage.clock.run(stage.clock.sleep(2_000));
  expect(subjectsOf(before)).toEqual(['h1', 'h2']);
  expect(subjectsOf(after)).toEqual(['h1', 'h2']);
  expect(logged).toEqual(Array(2).fill('a listener failed at an event: Error: deaf'));
});

test('who leaves while he is told hears no more, and the others do', async () => {
  const first: LiveEvent[] = [];
  const others: LiveEvent[] = [];
  const leave = await hub.subscribe((event) => {
    first.push(event);
    leave();
  });
  await hub.subscribe((event) => others.push(event));
  await happen('h1');
  await happen('h2');
  await stage.clock.run(stage.clock.sleep(2_000));
  expect([subjectsOf(first), subjectsOf(others)]).toEqual([['h1'], ['h1', 'h2']]);
});

test('who could not be let in is told nothing later', async () => {
  const { events } = stage.store;
  let silent = true;
  const half: Events = {
    append: (all) => events.append(all),
    after: (seq, limit) => events.after(seq, limit),
    range: () => (silent ? Promise.reject(new Error('silent')) : events.range()),
  };
  hub = hubOver({ ...stage.store, events: half });
  const refused: LiveEvent[] = [];
  const heard: LiveEvent[] = [];
  await expect(hub.subscribe((event) => refused.push(event))).rejects.toThrow('silent');
  silent = false;
  await hub.subscribe((event) => heard.push(event));
  await happen('h1');
  await stage.clock.run(stage.clock.sleep(2_000));
  expect([subjectsOf(refused), subjectsOf(heard)]).toEqual([[], ['h1']]);
});

test('progress is told of all replicas, whatever day it is on their own clocks', async () => {
  const heard: LiveEvent[] = [];
  await hub.subscribe((event) => heard.push(event));
  await stage.clock.run(stage.clock.sleep(1_500));
  const { row } = await stage.controller().migrate({ vm: 'vm', from: 'h1', to: 'h2' }, me);
  const [held] = await stage.store.leases.admit('another', 60_000, () => [row.id]);
  if (held === undefined) throw new Error('it was not admitted');
  const lease = { id: row.id, owner: 'another', epoch: held.epoch };
  await stage.store.migrations.report([{ lease, progress }], []);
  await stage.clock.run(stage.clock.sleep(3_000));
  const told = heard.filter(({ kind }) => kind === 'progress');
  expect(told[0]).toMatchObject({ migration: { id: row.id, owner: 'another', progress } });
});

/** Has another replica steer a migration of this VM; returns how it reports progress. */
async function steeredElsewhere(vm: string): Promise<{ id: string; report: () => Promise<void> }> {
  const { row } = await stage.controller().migrate({ vm, from: 'h1', to: 'h2' }, me);
  const [held] = await stage.store.leases.admit('another', 60_000, () => [row.id]);
  if (held === undefined) throw new Error('it was not admitted');
  const lease = { id: row.id, owner: 'another', epoch: held.epoch };
  return { id: row.id, report: () => stage.store.migrations.report([{ lease, progress }], []) };
}

function progressIn(heard: readonly LiveEvent[]): readonly string[] {
  return heard.flatMap((event) => (event.kind === 'progress' ? [event.migration.id] : []));
}

test('everybody hears the progress that he follows, and nobody else what he does not', async () => {
  const [one, other] = [await steeredElsewhere('vm'), await steeredElsewhere('vm2')];
  const [first, none, all]: LiveEvent[][] = [[], [], []];
  await hub.subscribe((event) => first?.push(event), { migration: one.id });
  await hub.subscribe((event) => none?.push(event), 'none');
  await stage.clock.run(stage.clock.sleep(1_500));
  const leave = await hub.subscribe((event) => all?.push(event));
  await Promise.all([one.report(), other.report()]);
  await happen('h1');
  await stage.clock.run(stage.clock.sleep(3_000));
  leave();
  expect(new Set(progressIn(first ?? []))).toEqual(new Set([one.id]));
  expect(progressIn(none ?? [])).toEqual([]);
  expect(new Set(progressIn(all ?? []))).toEqual(new Set([one.id, other.id]));
  expect([first, none, all].map((heard) => subjectsOf(heard ?? []).at(-1))).toEqual([
    'h1',
    'h1',
    'h1',
  ]);
  await other.report();
  await one.report();
  const before = first?.length ?? 0;
  await stage.clock.run(stage.clock.sleep(3_000));
  expect(progressIn(first?.slice(before) ?? [])).toContain(one.id);
  expect(progressIn(first ?? [])).not.toContain(other.id);
});
