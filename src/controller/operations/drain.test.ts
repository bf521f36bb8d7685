import { afterEach, expect, test } from 'vitest';
import { isLiveOperation, type OperationState, type Part } from '../../operations/report.ts';
import type { OperationRow } from '../../store/rows.ts';
import { makeController } from '../make.ts';
import { mortal } from '../testing/mortal.ts';
import { me, type Stage, setStage, tempers } from '../testing/stage.ts';
import type { OperationRequest, OperationWish } from './desk.ts';

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.end();
  stage = undefined;
});

async function staged(...hosts: readonly string[]): Promise<Stage> {
  stage = await setStage(hosts, undefined, 'virtual');
  return stage;
}

const drainOfH1: OperationRequest = {
  kind: 'drain',
  host: 'h1',
  to: undefined,
  reason: 'evacuation',
  importance: undefined,
  deadlineAt: undefined,
};

async function until(
  { store, clock }: Stage,
  id: string,
  holds: (row: OperationRow) => boolean,
): Promise<OperationRow> {
  const look = async (): Promise<OperationRow> => {
    for (;;) {
      const row = await store.operations.get(id);
      if (row !== undefined && holds(row)) return row;
      await clock.sleep(200);
    }
  };
  return clock.run(look(), 3_600_000);
}

const hasEnded = (row: OperationRow): boolean => !isLiveOperation(row.state);

function told(row: OperationRow): {
  readonly state: OperationState;
  readonly parts: Readonly<Record<string, Part['state']>>;
} {
  const parts = (row.report?.parts ?? []).map(({ vm, state }) => [vm, state] as const);
  return { state: row.state, parts: Object.fromEntries(parts) };
}

function runningOn(on: Stage, name: string): readonly string[] {
  return on
    .host(name)
    .register.all()
    .filter(({ state }) => state.state === 'running')
    .map(({ guest }) => guest.name)
    .toSorted();
}

test('a host is emptied onto the others, and takes nobody in meanwhile nor after', async () => {
  const on = await staged('h1', 'h2', 'h3');
  for (const name of ['a', 'b', 'c', 'd']) on.addGuest(name, name === 'd' ? 'furious' : 'idle');
  on.addGuest('e', 'idle', 'pet', 'h2');
  const controller = on.controller();
  await on.clock.run(controller.start());
  const { id } = await on.clock.run(controller.operations.begin(drainOfH1, me));
  const back = {
    vm: 'e',
    from: 'h2',
    to: 'h1',
    importance: 'high',
    requestKey: undefined,
  } as const;
  const { row: refused } = await on.clock.run(controller.migrate(back, me));
  expect((await on.ended(refused.id)).error?.code).toBe('host.closed');
  const row = await until(on, id, hasEnded);
  expect(told(row)).toEqual({
    state: 'completed',
    parts: { a: 'moved', b: 'moved', c: 'moved', d: 'moved' },
  });
  expect(row.report?.says).toBe('4 of 4 moved');
  expect(runningOn(on, 'h1')).toEqual([]);
  expect([...runningOn(on, 'h2'), ...runningOn(on, 'h3')].toSorted()).toEqual([
    'a',
    'b',
    'c',
    'd',
    'e',
  ]);
  expect(row.report?.share).toBe(1);
});

const four = ['a', 'b', 'c', 'd'] as const;

async function drained(
  on: Stage,
  change: Partial<OperationRequest> = {},
): Promise<{ readonly id: string; readonly controller: ReturnType<Stage['controller']> }> {
  const controller = on.controller();
  await on.clock.run(controller.start());
  const { id } = await on.clock.run(controller.operations.begin({ ...drainOfH1, ...change }, me));
  return { id, controller };
}

function silent(): void {}

const moving = (row: OperationRow): boolean =>
  row.report?.parts.some(({ state, share }) => state === 'moving' && share > 0.1) === true;

test.each([
  { reason: 'evacuation', first: 'b', atOnce: true },
  { reason: 'maintenance', first: 'c', atOnce: false },
] as const)(
  'of a drain for $reason one begins while all are measured: $atOnce',
  async ({ reason, ...expected }) => {
    const on = await staged('h1', 'h2');
    for (const name of ['a', 'b', 'c']) on.addGuest(name, name === 'b' ? 'idle' : 'furious');
    const { id } = await drained(on, { reason });
    const { requestedAt } = await until(on, id, hasEnded);
    const { items } = await on.store.migrations.list({ operationId: id }, { limit: 9 });
    const asked = items
      .toReversed()
      .map((row) => ({ ...row, afterMs: row.requestedAt - requestedAt }));
    const [first, ...others] = asked;
    const atOnce = first !== undefined && first.afterMs < 1_000;
    expect({ first: first?.vm, atOnce }).toEqual(expected);
    for (const { afterMs } of others) expect(afterMs).toBeGreaterThan(1_000);
  },
);

test('what is planned before all are measured is not held to what comes', async () => {
  const on = await staged('h1', 'h2');
  for (const name of ['a', 'b', 'c']) on.addGuest(name, 'furious');
  const { id } = await drained(on);
  const { report: guess } = await until(on, id, ({ report }) => report?.eta !== undefined);
  expect(guess?.firstEta).toBeUndefined();
  expect(guess?.parts.map(({ planned }) => planned)).toEqual([undefined, undefined, undefined]);
  const { report, requestedAt } = await until(on, id, hasEnded);
  expect(report?.firstEta?.p50).toBeGreaterThan(requestedAt + 1_000);
  for (const { planned } of report?.parts ?? [])
    expect(planned?.endAt.p50).toBeGreaterThan(requestedAt + 1_000);
});

test('who began before it was known what it writes is given as little time then as any other', async () => {
  const on = await staged('h1', 'h2');
  on.addGuest('a', 'furious');
  const { id } = await drained(on);
  await until(on, id, hasEnded);
  const { items } = await on.store.migrations.list({ operationId: id }, { limit: 9 });
  expect(items).toHaveLength(1);
  expect(items[0]?.deadlineAt).toBeLessThan(Number(items[0]?.startedAt) + 30_000);
});

test('who fetches the rest of its memory is still on its way in a plan that is made anew: the next waits', async () => {
  const on = await staged('h1', 'h2', 'h3');
  on.addGuest('a', 'furious');
  for (const name of ['b', 'c']) on.addGuest(name, 'furious');
  const { id, controller } = await drained(on);
  const isSplit = async (): Promise<string> => {
    for (;;) {
      const { items } = await on.store.migrations.list({ operationId: id }, { limit: 9 });
      const split = items.find(({ phase }) => phase === 'post-copy');
      if (split !== undefined) return split.id;
      await on.clock.sleep(50);
    }
  };
  const split = await on.clock.run(isSplit());
  await on.clock.run(controller.operations.change(id, { importance: 'high' }, me));
  await until(on, id, hasEnded);
  const { items } = await on.store.migrations.list({ operationId: id }, { limit: 9 });
  const first = items.find((row) => row.id === split);
  const next = items.filter(({ requestedAt }) => requestedAt > Number(first?.requestedAt));
  const leastWaitedMs = Number(first?.endedAt) - 2_500;
  for (const { requestedAt } of next) expect(requestedAt).toBeGreaterThan(leastWaitedMs);
  expect(next).toHaveLength(2);
});

test('each is asked for before the one before it has ended, however their times fall', async () => {
  const on = await staged('h1', 'h2');
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) on.addGuest(name, 'large');
  const { id } = await drained(on);
  await until(on, id, hasEnded);
  const { items } = await on.store.migrations.list({ operationId: id }, { limit: 99 });
  const rows = items.toReversed();
  const late = rows.slice(1).filter((row, index) => row.requestedAt > Number(rows[index]?.endedAt));
  expect(late.map(({ vm }) => vm)).toEqual([]);
});

test('what was measured of a guest goes along with its migration', async () => {
  const on = await staged('h1', 'h2');
  for (const name of ['a', 'b']) on.addGuest(name, 'furious');
  const { id } = await drained(on);
  await until(on, id, hasEnded);
  const { items } = await on.store.migrations.list({ operationId: id }, { limit: 9 });
  const later = await on.store.migrations.beginning(items[0]?.id ?? '');
  expect(later?.head.prior.written.map(({ ms }) => ms)).toContain(1_000);
});

test('the controller dies amid a drain: the next one carries it on, and nobody moves twice', async () => {
  const on = await staged('h1', 'h2', 'h3');
  for (const name of four) on.addGuest(name, 'large');
  const body = mortal(on.store, on.world);
  const { store, world } = body;
  const { config } = on;
  const first = makeController({ store, world, config, name: 'first', scope: 'all', log: silent });
  await on.clock.run(first.start());
  const { id } = await on.clock.run(first.operations.begin(drainOfH1, me));
  await until(on, id, moving);
  body.die();
  await on.clock.run(on.controller().start());
  const row = await until(on, id, hasEnded);
  expect(told(row).state).toBe('completed');
  expect(runningOn(on, 'h1')).toEqual([]);
  const { items } = await on.store.migrations.list({ operationId: id }, { limit: 99 });
  expect(items.map(({ phase }) => phase)).toEqual(four.map(() => 'completed'));
});

test('a destination dies amid a drain: who was under way to it goes elsewhere, and nobody is lost', async () => {
  const on = await staged('h1', 'h2', 'h3');
  for (const name of four) on.addGuest(name, 'large');
  const { id } = await drained(on);
  await until(on, id, moving);
  on.sim.killHost(on.host('h2'));
  on.host('h2').setReachable(false);
  const row = await until(on, id, hasEnded);
  expect(row.report?.parts.filter(({ state }) => state === 'lost')).toEqual([]);
  expect(told(row).state).toBe('completed');
  expect(runningOn(on, 'h3')).toEqual([...four]);
});

test('a destination that fills up amid a drain: nobody else is sent there', async () => {
  const on = await staged('h1', 'h2', 'h3');
  const all = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  for (const name of all) on.addGuest(name, 'large');
  const { id } = await drained(on);
  const before = await until(on, id, moving);
  const begun = (before.report?.parts ?? []).filter(({ state }) => state !== 'waiting');
  expect(before.report?.parts.some(({ state, to }) => state === 'waiting' && to === 'h2')).toBe(
    true,
  );
  const full = { ...tempers.idle, name: 'full', memoryBytes: 63 * 2 ** 30, throttleEffect: 1 };
  on.host('h2').addGuest(full, 'pet');
  const row = await until(on, id, hasEnded);
  expect(row.report?.says).toBe('8 of 8 moved');
  const wasUnderWay = begun.filter(({ to }) => to === 'h2').map(({ vm }) => vm);
  expect(runningOn(on, 'h2')).toEqual([...wasUnderWay, 'full'].toSorted());
});

test('a host that nobody fits stays full: who and why is said, at every host', async () => {
  const on = await staged('h1');
  on.addGuest('a', 'idle');
  const { id } = await drained(on);
  const row = await until(on, id, hasEnded);
  expect(told(row)).toEqual({ state: 'incomplete', parts: { a: 'waiting' } });
  expect(row.report?.says).toBe('0 of 1 moved, 1 waiting; a stays: there is no other host');
  expect(runningOn(on, 'h1')).toEqual(['a']);
});

test('a paused drain begins nothing more; it goes on when it is resumed', async () => {
  const on = await staged('h1', 'h2');
  for (const name of four) on.addGuest(name, 'large');
  const { id, controller } = await drained(on);
  await until(on, id, moving);
  await on.clock.run(controller.operations.change(id, { paused: true }, me));
  await on.clock.run(on.clock.sleep(60_000));
  const paused = await until(on, id, () => true);
  expect(paused.state).toBe('paused');
  const arrived = runningOn(on, 'h2').length;
  expect(arrived).toBeGreaterThan(0);
  expect(arrived).toBeLessThan(four.length);
  await on.clock.run(controller.operations.change(id, { paused: false }, me));
  expect(told(await until(on, id, hasEnded)).state).toBe('completed');
});

test('a cancelled drain lets land, or cancels, what is under way; the host stays closed until it is opened', async () => {
  const on = await staged('h1', 'h2');
  for (const name of four) on.addGuest(name, 'large');
  const { id, controller } = await drained(on);
  await until(on, id, moving);
  await on.clock.run(controller.operations.cancel(id, true, me));
  const row = await until(on, id, hasEnded);
  expect(row.state).toBe('cancelled');
  expect(row.report?.parts.some(({ state }) => state === 'moving')).toBe(false);
  expect([...runningOn(on, 'h1'), ...runningOn(on, 'h2')].toSorted()).toEqual([...four]);
  expect((await on.store.closures.list()).map(({ host }) => host)).toEqual(['h1']);
  await on.clock.run(controller.operations.undrain('h1', false, me));
  expect(await on.store.closures.list()).toEqual([]);
});

test('a VM may be left where it is, and another hurried', async () => {
  const on = await staged('h1', 'h2');
  for (const name of four) on.addGuest(name, 'large');
  const { id, controller } = await drained(on, { reason: 'maintenance' });
  const { report } = await until(on, id, moving);
  const waiting = (report?.parts ?? []).filter(({ state }) => state === 'waiting');
  const [left, hurried] = waiting.map(({ vm }) => vm);
  const vms: NonNullable<OperationWish['vms']> = {
    [String(left)]: { leave: true },
    [String(hurried)]: { importance: 'high' },
  };
  await on.clock.run(controller.operations.change(id, { vms }, me));
  const row = await until(on, id, hasEnded);
  expect(row.state).toBe('incomplete');
  expect(row.report?.says).toContain(`${left} stays: a person left it where it is`);
  expect(runningOn(on, 'h1')).toEqual([left]);
  const { items } = await on.store.migrations.list({ vm: String(hurried) }, { limit: 1 });
  expect(items.map(({ importance }) => importance)).toEqual(['high']);
});

test('who left comes back when the host is opened and restored', async () => {
  const on = await staged('h1', 'h2');
  for (const name of four) on.addGuest(name, 'large');
  on.addGuest('e', 'idle', 'pet', 'h2');
  const { id, controller } = await drained(on);
  await until(on, id, hasEnded);
  const restore = await on.clock.run(controller.operations.undrain('h1', true, me));
  const row = await until(on, String(restore?.id), hasEnded);
  expect(row).toMatchObject({ kind: 'restore', state: 'completed', importance: 'low' });
  expect(runningOn(on, 'h1')).toEqual([...four]);
  expect(runningOn(on, 'h2')).toEqual(['e']);
});

test('a rehearsal says what would be, and touches nothing', async () => {
  const on = await staged('h1', 'h2', 'h3');
  for (const name of four) on.addGuest(name, 'large');
  const controller = on.controller();
  await on.clock.run(controller.start());
  const { report } = await on.clock.run(controller.operations.rehearse(drainOfH1, me));
  expect(report.parts.map(({ expected }) => expected?.ending)).toEqual(
    four.map(() => 'switch-over'),
  );
  expect(report.eta?.p90).toBeGreaterThanOrEqual(report.eta?.p50 ?? Infinity);
  expect(await on.store.operations.live()).toEqual([]);
  expect(await on.store.closures.list()).toEqual([]);
  expect(runningOn(on, 'h1')).toEqual([...four]);
});

test('a deadline that cannot be kept is said early; importance that would not help is not raised', async () => {
  const on = await staged('h1', 'h2');
  on.addGuest('a', 'idle');
  on.addGuest('b', 'furious', 'panda');
  const deadlineAt = on.world.wallMs() + 12_000;
  const { id } = await drained(on, { reason: 'maintenance', deadlineAt });
  const row = await until(on, id, ({ report }) => (report?.late.length ?? 0) > 0);
  expect(row.report?.says).toMatch(/would come after the deadline/);
  expect([row.importance, row.report?.importance]).toEqual(['medium', 'medium']);
  expect(hasEnded(row)).toBe(false);
});

test('a deadline that is kept anyway raises nothing', async () => {
  const on = await staged('h1', 'h2');
  on.addGuest('a', 'idle');
  const deadlineAt = on.world.wallMs() + 600_000;
  const { id } = await drained(on, { reason: 'maintenance', deadlineAt });
  const row = await until(on, id, hasEnded);
  expect([row.importance, row.report?.importance]).toEqual(['medium', 'medium']);
});

test('a drain that is cancelled lets those land that are under way', async () => {
  const on = await staged('h1', 'h2');
  for (const name of four) on.addGuest(name, 'large');
  const { id, controller } = await drained(on);
  await until(on, id, moving);
  await on.clock.run(controller.operations.cancel(id, false, me));
  const row = await until(on, id, hasEnded);
  expect(row.state).toBe('cancelled');
  const rows = (await on.store.migrations.list({ operationId: id }, { limit: 10 })).items;
  const landed = rows.map(({ phase }) => phase);
  expect(landed).toEqual(landed.map(() => 'completed'));
  expect(runningOn(on, 'h2')).toHaveLength(landed.length);
  expect(runningOn(on, 'h1')).toHaveLength(four.length - landed.length);
  expect(landed.length).toBeLessThan(four.length);
  expect(landed.length).toBeGreaterThan(0);
});

test('two drains do not send their VMs to each other', async () => {
  const on = await staged('h1', 'h2', 'h3');
  on.addGuest('a', 'idle');
  on.addGuest('b', 'idle', 'pet', 'h2');
  const { id, controller } = await drained(on);
  const other = await on.clock.run(controller.operations.begin({ ...drainOfH1, host: 'h2' }, me));
  await until(on, id, hasEnded);
  expect(told(await until(on, other.id, hasEnded)).state).toBe('completed');
  expect(runningOn(on, 'h3')).toEqual(['a', 'b']);
  await expect(on.clock.run(controller.operations.begin(drainOfH1, me))).resolves.toBeDefined();
});

test('of a host only one drain is under way', async () => {
  const on = await staged('h1', 'h2');
  on.addGuest('a', 'furious');
  const { id, controller } = await drained(on);
  const again = on.clock.run(controller.operations.begin(drainOfH1, me));
  await expect(again).rejects.toMatchObject({
    code: 'operation.under-way',
    message: expect.stringContaining(id),
  });
});
