import { expect } from 'vitest';
import type { HostRow, NewEvent, OperationRow, VmRow } from '../../../src/store/rows.ts';
import {
  beginningOf,
  endedAs,
  everyPage,
  newEvent,
  nothing,
  oneOf,
  steeredOne,
  vmOn,
} from '../rows.ts';
import type { Scenario } from './scenario.ts';

type NewHost = Omit<HostRow, 'revision'>;

function hostOf(name: string, change: Partial<NewHost> = {}): NewHost {
  return {
    name,
    uri: `qemu+tls://${name}/system`,
    peerUri: undefined,
    postCopy: 'allowed',
    bandwidthBytesPerSecond: undefined,
    maxOutgoing: undefined,
    maxIncoming: undefined,
    link: undefined,
    ...change,
  };
}

const whole = {
  peerUri: 'qemu+tcp://10.0.0.1/system',
  postCopy: 'forbidden',
  bandwidthBytesPerSecond: 2 ** 40,
  maxOutgoing: 3,
  maxIncoming: 4,
  link: 'rack-a',
} as const;

const changed = (name: string) => newEvent(name, { type: 'host.changed' });

function vmsOn(host: string, ...indexes: readonly number[]): readonly VmRow[] {
  return indexes.map((index) => vmOn(host, index));
}

function byName(vms: readonly VmRow[]): readonly VmRow[] {
  return vms.toSorted((a, b) => a.name.localeCompare(b.name));
}

function operationAt(
  index: number,
  change: Partial<OperationRow> = {},
): Omit<OperationRow, 'revision' | 'report'> {
  return {
    id: `o${index}`,
    kind: 'drain',
    host: `h${index}`,
    aims: {},
    reason: 'maintenance',
    importance: 'low',
    deadlineAt: undefined,
    requestedBy: 'alice',
    requestedAt: 1_000,
    endedAt: undefined,
    state: 'running',
    ...change,
  };
}

const hostScenarios: readonly Scenario[] = [
  {
    name: 'hosts: kept as they were set, anew each time, and listed by name',
    run: async (open) => {
      const { hosts, events } = await open();
      const bare = hostOf('h2');
      const full = hostOf('h1', whole);
      expect(await hosts.put(bare, changed('h2'))).toEqual({ ...bare, revision: 1 });
      await hosts.put(full, changed('h1'));
      const both = [
        { ...full, revision: 1 },
        { ...bare, revision: 1 },
      ];
      expect(await (await open()).hosts.list()).toEqual(both);
      // What is not said any more is not kept.
      await hosts.put(hostOf('h1'), changed('h1'));
      expect((await hosts.list())[0]).toEqual({ ...hostOf('h1'), revision: 2 });
      expect((await events.after(0, 10)).map(({ subject }) => subject)).toEqual(['h2', 'h1', 'h1']);
    },
  },
  {
    name: 'hosts: a stale revision changes nothing, and nothing is told of it',
    run: async (open) => {
      const { hosts, events } = await open();
      const put = (revision?: number) => hosts.put(hostOf('h1'), changed('h1'), revision);
      expect(await put(1)).toBe('stale');
      expect(await put(0)).toMatchObject({ revision: 1 });
      expect(await put(0)).toBe('stale');
      expect(await put(1)).toMatchObject({ revision: 2 });
      expect(await put()).toMatchObject({ revision: 3 });
      const remove = (revision?: number) => hosts.remove('h1', newEvent('h1'), revision);
      expect(await remove(2)).toBe('stale');
      expect(await events.after(0, 10)).toHaveLength(3);
      expect(await remove(3)).toBe('removed');
      expect(await remove()).toBe('missing');
      expect(await hosts.list()).toEqual([]);
      expect(await events.after(0, 10)).toHaveLength(4);
    },
  },
  {
    name: 'hosts: of changes to one revision at once one holds; without one, all do in turn',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open()]);
      const put = (index: number, revision?: number) =>
        oneOf(stores, index).hosts.put(
          hostOf('h1', { link: `l${index}` }),
          changed('h1'),
          revision,
        );
      const first = await Promise.all(Array.from({ length: 9 }, (_, index) => put(index, 0)));
      expect(first.filter((row) => row === 'stale')).toHaveLength(8);
      const all = await Promise.all(Array.from({ length: 9 }, (_, index) => put(index)));
      const revisions = all.map((row) => (row === 'stale' ? 0 : row.revision));
      expect(revisions.toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const last = all.find((row) => row !== 'stale' && row.revision === 10);
      expect(await stores[0].hosts.list()).toEqual([last]);
    },
  },
];

const vmScenarios: readonly Scenario[] = [
  {
    name: 'VMs: those of the last look at each host, found by host, name and UUID',
    run: async (open) => {
      const { vms } = await open();
      const odd = vmOn('h1', 3, {
        foreignJob: true,
        busyShare: 0.375,
        slaClass: 'cattle',
        state: 'paused',
      });
      await vms.seen('h1', [...vmsOn('h1', 1, 2), odd], 1_000);
      await vms.seen('h2', vmsOn('h2', 2), 1_000);
      expect(await vms.list({})).toEqual([...vmsOn('h1', 1, 2), odd, ...vmsOn('h2', 2)]);
      expect(await vms.list({ host: 'h2' })).toEqual(vmsOn('h2', 2));
      expect(await vms.list({ name: 'vm-2' })).toEqual([...vmsOn('h1', 2), ...vmsOn('h2', 2)]);
      expect(await vms.list({ name: 'uuid-3' })).toEqual([odd]);
      expect(await vms.list({ name: 'vm-2', host: 'h2' })).toEqual(vmsOn('h2', 2));
      await vms.seen('h1', vmsOn('h1', 3), 1_000);
      expect(await vms.list({ host: 'h1' })).toEqual(vmsOn('h1', 3));
      await vms.seen('h1', [], 1_000);
      expect(await vms.list({})).toEqual(vmsOn('h2', 2));
    },
  },
  {
    name: 'VMs: one that was moved is where it was seen at the end, whatever an earlier look says later',
    run: async (open) => {
      const store = await open();
      const { vms, migrations } = store;
      const lease = await steeredOne(store, 'a');
      await vms.seen('h1', vmsOn('h1', 1, 2), 1_000);
      await migrations.begin(lease, beginningOf({ name: 'vm-1', uuid: 'uuid-1' }), 2_000, []);
      const end = {
        outcome: 'completed',
        runsOn: ['h2'],
        totalMs: 7_000,
        blackout: undefined,
        sentBytes: 1,
        switchedToPostCopy: false,
        postCopyBreaks: 0,
        stalledMs: 0,
      } as const;
      await migrations.finish(lease, endedAs('completed', { end }), nothing, []);
      const moved = vmOn('h2', 1, { seenAt: 9_000 });
      expect(await vms.list({})).toEqual([vmOn('h1', 2), moved]);
      await vms.seen('h2', [], 8_000);
      expect(await vms.list({})).toEqual([vmOn('h1', 2), moved]);
      await vms.seen('h2', [vmOn('h2', 1, { seenAt: 9_500, state: 'paused' })], 9_500);
      expect(await vms.list({ name: 'vm-1' })).toMatchObject([{ host: 'h2', state: 'paused' }]);
    },
  },
  {
    name: 'VMs: one that a host names twice is one',
    run: async (open) => {
      const { vms } = await open();
      const [first, second] = [vmOn('h1', 1), vmOn('h1', 1, { name: 'renamed' })];
      await vms.seen('h1', [first, vmOn('h1', 2), second], 1_000);
      const seen = await vms.list({});
      expect(seen.map(({ uuid, name }) => `${uuid} ${name}`).toSorted()).toEqual([
        'uuid-1 renamed',
        'uuid-2 vm-2',
      ]);
    },
  },
  {
    name: 'VMs: of looks at one host at once one holds whole; two thousand are no trouble',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open(), open()]);
      const looks = [[1, 2, 3], [3, 2, 1], [2, 3, 4], [4], []].map((indexes, look) =>
        indexes.map((index) => vmOn('h1', index, { seenAt: look })),
      );
      for (let round = 0; round < 5; round += 1) {
        await Promise.all(
          looks.map((seen, index) => oneOf(stores, index + round).vms.seen('h1', seen, 1_000)),
        );
        const held = await stores[0].vms.list({ host: 'h1' });
        expect(looks.map(byName)).toContainEqual(held);
      }
      const many = Array.from({ length: 2_000 }, (_, index) => vmOn('h2', index));
      await stores[1].vms.seen('h2', many, 1_000);
      expect(await stores[0].vms.list({ host: 'h2' })).toHaveLength(2_000);
    },
  },
  {
    name: 'VMs: what they write is kept, newest first, a hundred readings of each',
    run: async (open) => {
      const { vms } = await open();
      for (let at = 1; at <= 103; at += 1) await vms.measured('uuid-1', at * 10, at / 3);
      await vms.measured('uuid-2', 5, 2 ** 41);
      const kept = await vms.writes('uuid-1');
      expect(kept).toHaveLength(100);
      expect(kept[0]).toEqual({ at: 1_030, bytesPerSecond: 103 / 3 });
      expect(kept.at(-1)).toEqual({ at: 40, bytesPerSecond: 4 / 3 });
      await vms.measured('uuid-2', 5, 7);
      expect(await vms.writes('uuid-2')).toEqual([{ at: 5, bytesPerSecond: 7 }]);
      expect(await vms.writes('nobody')).toEqual([]);
    },
  },
  {
    name: 'VMs: measured at once, also at one moment',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open()]);
      await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          oneOf(stores, index).vms.measured('uuid-1', Math.floor(index / 3), 5),
        ),
      );
      expect((await stores[0].vms.writes('uuid-1')).map(({ at }) => at)).toEqual([
        9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
      ]);
    },
  },
];

/** What somebody did to an operation. */
const told: NewEvent = { at: 1, type: 'operation.changed', subject: 'o1', data: {} };

const operationScenarios: readonly Scenario[] = [
  {
    name: 'operations: kept as they were begun, and listed in pages, newest first',
    run: async (open) => {
      const { operations } = await open();
      const aims = { to: ['h2'], targets: { u: 'h3' }, vms: { u: { leave: true } } };
      const full = operationAt(1, { reason: 'evacuation', deadlineAt: 9_000, aims });
      const kept = { ...full, revision: 1, report: undefined };
      expect(await operations.create(full, told)).toEqual({ how: 'created', row: kept });
      expect(await (await open()).operations.get('o1')).toEqual(kept);
      expect(await operations.get('o')).toBeUndefined();
      for (const index of [3, 2, 5, 4]) await operations.create(operationAt(index), told);
      for (const limit of [1, 2, 5, 9]) {
        const all = await everyPage((after) => operations.list({ limit, after }));
        expect(all.map(({ id }) => id)).toEqual(['o5', 'o4', 'o3', 'o2', 'o1']);
      }
      expect((await operations.live()).map(({ id }) => id)).toEqual(['o1', 'o2', 'o3', 'o4', 'o5']);
    },
  },
  {
    name: 'operations: what is named changes, unless it is stale, ended or missing',
    run: async (open) => {
      const { operations } = await open();
      const begun = operationAt(1, { deadlineAt: 9_000 });
      await operations.create(begun, told);
      const rest = { ...begun, report: undefined };
      expect(await operations.change('o1', { state: 'paused' }, told, 1)).toEqual({
        ...rest,
        state: 'paused',
        revision: 2,
      });
      expect(await operations.change('o1', { state: 'running' }, told, 1)).toBe('stale');
      const aims = { vms: { u: { importance: 'high' } } } as const;
      const wished = { importance: 'high', deadlineAt: null, aims } as const;
      expect(await operations.change('o1', wished, told)).toEqual({
        ...rest,
        state: 'paused',
        importance: 'high',
        deadlineAt: undefined,
        aims,
        revision: 3,
      });
      const over = { state: 'completed', endedAt: 9_500 } as const;
      expect(await operations.change('o1', over, told, 3)).toMatchObject({ ...over, revision: 4 });
      expect(await operations.change('o1', { state: 'running' }, told)).toBe('ended');
      expect(await operations.change('o2', over, told)).toBe('missing');
      expect(await operations.live()).toEqual([]);
      expect(await operations.get('o1')).toMatchObject({
        ...over,
        importance: 'high',
        revision: 4,
      });
    },
  },
  {
    name: 'operations: what they come to is kept beside what is wanted of them',
    run: async (open) => {
      const { operations, events } = await open();
      await operations.create(operationAt(1), told);
      const { last } = await events.range();
      const report = {
        at: 5,
        importance: 'low',
        parts: [],
        schedule: '',
        eta: { p50: 1, p90: Infinity },
        boundMs: 0,
        share: 0.5,
        totalBytes: 0,
        late: [],
        silent: ['h2'],
        assumed: [],
        says: 'so it is',
      } as const;
      await operations.report(
        'o1',
        { ...report, plannedAt: undefined, firstEta: undefined, stuckSince: undefined },
        [{ ...told, type: 'operation.part' }],
      );
      expect(await operations.get('o1')).toMatchObject({ revision: 1, report });
      expect((await events.after(last, 9)).map(({ type }) => type)).toEqual(['operation.part']);
    },
  },
  {
    name: 'operations: of many that are asked for at once for one host one is begun',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open()]);
      const answers = await Promise.all(
        Array.from({ length: 9 }, (_, index) =>
          oneOf(stores, index).operations.create(operationAt(index, { host: 'h1' }), told),
        ),
      );
      expect(answers.filter(({ how }) => how === 'created')).toHaveLength(1);
      const begun = answers.find(({ how }) => how === 'created');
      expect(answers.map(({ row }) => row.id)).toEqual(answers.map(() => begun?.row.id));
      const other = await stores[0].operations.create(
        operationAt(20, { kind: 'balance', host: undefined }),
        told,
      );
      expect(other.how).toBe('created');
    },
  },
  {
    name: 'operations: a drain closes its host with the same stroke, until it is opened',
    run: async (open) => {
      const { operations, closures } = await open();
      await operations.create(operationAt(1), told);
      await operations.create(operationAt(2, { kind: 'restore' }), told);
      const closure = { host: 'h1', at: 1_000, by: 'alice', operationId: 'o1' };
      expect(await (await open()).closures.list()).toEqual([closure]);
      await operations.change('o1', { state: 'completed', endedAt: 2_000 }, told);
      expect(await closures.list()).toEqual([closure]);
      await operations.create(operationAt(3, { host: 'h1', requestedAt: 3_000 }), told);
      expect(await closures.list()).toEqual([{ ...closure, at: 3_000, operationId: 'o3' }]);
      expect(await closures.open('h1', told)).toBe(true);
      expect(await closures.open('h1', told)).toBe(false);
      expect(await closures.list()).toEqual([]);
    },
  },
  {
    name: 'operations: of changes to one revision at once one holds',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open()]);
      await stores[0].operations.create(operationAt(1), told);
      const answers = await Promise.all(
        Array.from({ length: 9 }, (_, index) =>
          oneOf(stores, index).operations.change('o1', { deadlineAt: index }, told, 1),
        ),
      );
      expect(answers.filter((answer) => answer === 'stale')).toHaveLength(8);
      const kept = answers.find((answer) => answer !== 'stale');
      expect(await stores[0].operations.get('o1')).toEqual(kept);
    },
  },
];

export const fleetScenarios: readonly Scenario[] = [
  ...hostScenarios,
  ...vmScenarios,
  ...operationScenarios,
];
