import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DroverError } from '../errors/catalogue.ts';
import type { MigrationRow } from '../store/rows.ts';
import type { Controller, MigrationRequest } from './controller.ts';
import { me, type Stage, setStage } from './testing/stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await setStage(['h1', 'h2', 'h3']);
});
afterEach(async () => {
  await stage.end();
});

const toH2 = { vm: 'vm', from: 'h1', to: 'h2' } as const;

async function asked(request: MigrationRequest = toH2): Promise<MigrationRow> {
  const controller = stage.controller();
  await controller.start();
  return (await controller.migrate(request, me)).row;
}

async function eventsOf(id: string): Promise<readonly string[]> {
  const events = await stage.store.events.after(0, 1_000);
  return events.filter(({ subject }) => subject === id).map(({ type }) => type);
}

describe('a migration that is asked for', () => {
  test('is steered to its end, and all of it is kept', async () => {
    stage.addGuest('vm', 'furious');
    const controller = stage.controller();
    await controller.start();
    const { row } = await controller.migrate({ ...toH2, importance: 'high' }, me);
    const ended = await stage.ended(row.id);
    expect(ended).toMatchObject({
      phase: 'completed',
      vmName: 'vm',
      slaClass: 'pet',
      owner: undefined,
      end: { runsOn: ['h2'], switchedToPostCopy: true },
    });
    expect(ended.pointOfNoReturnAt).toBeGreaterThan(ended.startedAt ?? Infinity);
    const recording = await controller.recording(row.id);
    expect(recording.samples.length).toBeGreaterThan(20);
    expect(recording.why.at(-1)).toMatch(/It runs on h2/);
    expect(recording.decisions.map(({ action }) => action.kind)).toContain('start-post-copy');
    expect(await eventsOf(row.id)).toEqual(
      expect.arrayContaining([
        'migration.queued',
        'migration.began',
        'migration.phase',
        'migration.decision',
        'migration.point-of-no-return',
        'migration.ended',
      ]),
    );
    const lessons = await stage.store.migrations.lessons({ of: 'way', hosts: ['h2', 'h1'] }, 5);
    expect(lessons).toHaveLength(1);
    expect(await stage.store.vms.writes(ended.vmUuid ?? '')).toMatchObject([
      { bytesPerSecond: expect.closeTo(400 * 2 ** 20, -8) },
    ]);
    expect(await stage.store.audit.list({}, { limit: 5 })).toMatchObject({
      items: [{ who: 'me', what: 'migration.create', subject: 'vm', outcome: 'ok' }],
    });
  });

  test('is told in the order in which it happened: a decision before the phase that it caused', async () => {
    stage.addGuest('vm', 'furious');
    const { id } = await asked({ ...toH2, importance: 'high' });
    await stage.ended(id);
    const told = (await stage.store.events.after(0, 1_000)).filter(({ subject }) => subject === id);
    const moments = told.map(({ at }) => at);
    expect(moments).toEqual(moments.toSorted((a, b) => a - b));
    const words = told.map(({ type, data }) => JSON.stringify({ type, data }));
    const first = (word: string): number => words.findIndex((one) => one.includes(word));
    expect(first('"start-post-copy"')).toBeGreaterThan(0);
    expect(first('"start-post-copy"')).toBeLessThan(first('point-of-no-return'));
    expect(first('point-of-no-return')).toBeLessThan(first('"phase":"post-copy"'));
  });

  test('and cannot be, says why, and nothing was touched', async () => {
    const { id } = await asked({ ...toH2, vm: 'nobody' });
    expect(await stage.ended(id)).toMatchObject({
      phase: 'failed-safe',
      startedAt: undefined,
      error: { code: 'domain.not-found', hint: 'Nothing was touched.' },
    });
  });

  test('from a host that nobody knows is refused at once, and audited', async () => {
    await expect(asked({ ...toH2, from: 'h9' })).rejects.toMatchObject({ code: 'host.not-found' });
    expect(await stage.store.audit.list({}, { limit: 5 })).toMatchObject({
      items: [{ what: 'migration.create', outcome: 'host.not-found' }],
    });
  });

  test('twice is one where the request is the same, and refused where it is another', async () => {
    stage.addGuest('vm', 'furious', 'panda');
    const controller = stage.controller();
    await controller.start();
    const first = await controller.migrate({ ...toH2, requestKey: 'k' }, me);
    const again = await controller.migrate({ ...toH2, requestKey: 'k' }, me);
    expect([first.created, again.created, again.row.id]).toEqual([true, false, first.row.id]);
    await expect(controller.migrate(toH2, me)).rejects.toMatchObject({ code: 'domain.busy' });
  });
});

/** One whose link is dead from the moment that it is copied. */
async function brokenWhileCopying(
  importance: 'high' | 'low',
): Promise<{ readonly controller: Controller; readonly row: MigrationRow }> {
  stage.addGuest('vm', 'furious', 'panda');
  const controller = stage.controller();
  await controller.start();
  const { row } = await controller.migrate({ ...toH2, importance }, me);
  await stage.until(row.id, ({ phase }) => phase === 'copying');
  stage.sim.shapeLink(0);
  return { controller, row };
}

/** What becomes of one whose link is dead for so long while it is copied. */
async function broken(importance: 'high' | 'low', forMs: number): Promise<MigrationRow> {
  const { row } = await brokenWhileCopying(importance);
  const { clock, sim } = stage;
  clock.schedule(clock.nowMs() + forMs, () => sim.shapeLink(200 * 2 ** 20));
  return stage.ended(row.id);
}

describe('one whose link breaks in pre-copy', () => {
  test('is tried again where it has to end, until it arrives', async () => {
    const { id, ...ended } = await broken('high', 60_000);
    expect(ended).toMatchObject({ phase: 'completed', end: { runsOn: ['h2'] } });
    const { why, samples } = await stage.controller().recording(id);
    expect(why.filter((line) => line.startsWith('It has to be moved')).length).toBeGreaterThan(1);
    expect(samples.length).toBeGreaterThan(0);
  });

  test('is given up at last where the link stays dead, and runs on', async () => {
    const { id, ...ended } = await broken('high', 3_600_000);
    expect(ended).toMatchObject({ phase: 'failed-safe', end: { runsOn: ['h1'] } });
    const { why } = await stage.controller().recording(id);
    expect(why.at(-1)).toBe('It failed 8 times, and is not tried again.');
  });

  test('stays where it was where it may', async () => {
    const { id, ...ended } = await broken('low', 60_000);
    expect(ended).toMatchObject({ phase: 'failed-safe', end: { runsOn: ['h1'] } });
    const { why } = await stage.controller().recording(id);
    expect(why.join()).not.toMatch(/again/);
  });

  test('and is cancelled while it waits for its next turn runs on where it was', async () => {
    const { controller, row } = await brokenWhileCopying('high');
    await stage.until(row.id, ({ phase }) => phase === 'preflight');
    await controller.abort(row.id, me);
    expect(await stage.ended(row.id)).toMatchObject({ phase: 'aborted', end: { runsOn: ['h1'] } });
  });

  test.each([
    ['for good', false, 'unknown'],
    ['for a while', true, 'lost'],
  ] as const)(
    'and whose host dies %s before its next turn is not said to run there',
    async (_, back, said) => {
      const { row } = await brokenWhileCopying('high');
      await stage.until(row.id, ({ phase }) => phase === 'preflight');
      const source = stage.host('h1');
      stage.sim.killHost(source);
      const boot = (): void => stage.sim.bootHost(source, 100 * 2 ** 20);
      if (back) stage.clock.schedule(stage.clock.nowMs() + 60_000, boot);
      const over = await stage.until(
        row.id,
        ({ phase }) => phase === said || phase === 'failed-safe',
      );
      expect(over).toMatchObject({ phase: said, end: { runsOn: [] } });
    },
  );
});

describe('while it runs', () => {
  test('it can be cancelled, and the VM stays', async () => {
    stage.addGuest('vm', 'furious', 'panda');
    const controller = stage.controller();
    await controller.start();
    const { row } = await controller.migrate(toH2, me);
    await stage.until(row.id, ({ phase }) => phase === 'copying');
    await controller.abort(row.id, me);
    expect(await stage.ended(row.id)).toMatchObject({ phase: 'aborted', end: { runsOn: ['h1'] } });
    await expect(controller.abort(row.id, me)).rejects.toMatchObject({ code: 'migration.ended' });
  });

  test('past the point of no return a cancel is refused', async () => {
    stage.addGuest('vm', 'furious', 'cattle');
    const controller = stage.controller();
    await controller.start();
    const { row } = await controller.migrate({ ...toH2, importance: 'high' }, me);
    await stage.until(row.id, ({ phase }) => phase === 'post-copy');
    await expect(controller.abort(row.id, me)).rejects.toMatchObject({
      code: 'migration.past-return',
    });
    expect(await stage.ended(row.id)).toMatchObject({ phase: 'completed' });
  });

  test('a raised importance is obeyed; a stale revision changes nothing', async () => {
    stage.addGuest('vm', 'furious', 'panda');
    const controller = stage.controller();
    await controller.start();
    const { row } = await controller.migrate({ ...toH2, importance: 'low' }, me);
    await stage.until(row.id, ({ progress }) => progress !== undefined);
    const raise = { importance: 'high' } as const;
    await expect(controller.change(row.id, raise, me, row.revision + 1)).rejects.toMatchObject({
      code: 'request.stale',
    });
    await controller.change(row.id, raise, me, row.revision);
    expect(await stage.ended(row.id)).toMatchObject({
      phase: 'completed',
      importance: 'high',
      end: { forecastMs: expect.any(Number) },
    });
    const { why } = await controller.recording(row.id);
    expect(why.join(' ')).toMatch(/importance was changed from low to high/);
  });

  test('a host that is added, and one that forbids post-copy by now, take effect at once', async () => {
    stage.addGuest('vm', 'furious', 'cattle');
    const controller = stage.controller();
    await controller.start();
    const { row } = await controller.migrate({ ...toH2, importance: 'high' }, me);
    await stage.until(row.id, ({ phase }) => phase === 'copying');
    const { h1 } = stage.config.hosts;
    if (h1 === undefined) throw new Error('the stage has no h1');
    const hosts = { ...stage.config.hosts, h1: { ...h1, postCopy: 'forbidden' as const } };
    controller.reload({ ...stage.config, hosts });
    const ended = await stage.ended(row.id);
    expect(ended).toMatchObject({ phase: 'completed', end: { switchedToPostCopy: false } });
  });

  test('no more run at once than the hosts allow, and the next begins when one ends', async () => {
    const vms = ['a', 'b', 'c', 'd'];
    for (const vm of vms) stage.addGuest(vm, 'idle');
    const controller = stage.controller();
    await controller.start();
    const rows: MigrationRow[] = [];
    for (const vm of vms) rows.push((await controller.migrate({ ...toH2, vm }, me)).row);
    let most = 0;
    const last = rows.at(-1)?.id ?? '';
    await stage.until(last, ({ phase }) => {
      most = Math.max(most, controller.status().steering);
      return phase === 'completed';
    });
    for (const { id } of rows) expect(await stage.ended(id)).toMatchObject({ phase: 'completed' });
    expect(most).toBe(2);
  });
});

describe('another one takes it over', () => {
  test('at once where it was handed over, and steers it to its end', async () => {
    stage.addGuest('vm', 'furious');
    const first = stage.controller();
    await first.start();
    const { row } = await first.migrate({ ...toH2, importance: 'high' }, me);
    await stage.until(row.id, ({ progress }) => progress !== undefined);
    await stage.clock.run(first.stop());
    expect(await stage.store.migrations.get(row.id)).toMatchObject({
      phase: 'copying',
      owner: undefined,
    });
    const second = stage.controller();
    await second.start();
    const taken = await stage.until(row.id, ({ owner }) => owner !== undefined);
    expect(taken.epoch).toBe(2);
    expect(await stage.ended(row.id)).toMatchObject({ phase: 'completed' });
    expect(await eventsOf(row.id)).toContain('migration.taken-up');
    // One story: what the first saw and what the second saw.
    const { samples, why } = await second.recording(row.id);
    expect(samples.map(({ atMs }) => atMs)).toEqual(
      samples.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
    );
    expect(why[0]).toMatch(/Cannot be seen beforehand/);
  });

  test.each([
    ['that has arrived meanwhile', 60_000, 'completed', ['h2']],
    ['that is still on its way', 100, 'completed', ['h2']],
  ] as const)('also one %s', async (_, awayMs, phase, runsOn) => {
    stage.addGuest('vm', 'idle');
    const first = stage.controller();
    await first.start();
    const { row } = await first.migrate(toH2, me);
    await stage.until(row.id, (now) => now.phase === 'copying');
    await stage.clock.run(first.stop());
    await stage.clock.run(stage.clock.sleep(awayMs));
    await stage.controller().start();
    expect(await stage.ended(row.id)).toMatchObject({ phase, end: { runsOn } });
  });

  test('where both hosts are silent it is unknown, and is known when they are back', async () => {
    stage.addGuest('vm', 'idle');
    const { id } = await asked();
    await stage.until(id, ({ phase }) => phase === 'copying');
    for (const name of ['h1', 'h2']) stage.host(name).setReachable(false);
    expect(await stage.until(id, ({ phase }) => phase === 'unknown')).toMatchObject({
      end: { runsOn: [] },
    });
    for (const name of ['h1', 'h2']) stage.host(name).setReachable(true);
    expect(await stage.ended(id)).toMatchObject({ phase: 'completed', end: { runsOn: ['h2'] } });
  });
});

/** Begins one from h1 to h2, as virsh would. */
async function beginForeign(vm: string): Promise<void> {
  const uuid = stage.addGuest(vm, 'furious', 'cattle');
  const options = {
    way: stage.host('h2').ways[0],
    postCopy: true,
    autoConverge: undefined,
    bandwidthBytesPerSecond: undefined,
    persistent: false,
  };
  stage
    .host('h1')
    .migrate(uuid, options)
    .catch(() => undefined);
  await stage.clock.run(stage.clock.sleep(3_000));
}

describe('a job that somebody else began', () => {
  test('is seen as foreign, is adopted, and arrives steered', async () => {
    await beginForeign('theirs');
    const controller = stage.controller();
    await controller.start();
    const { vms } = await stage.clock.run(controller.vms({ name: 'theirs' }, true));
    expect(vms).toMatchObject([{ name: 'theirs', host: 'h1', foreignJob: true }]);
    const request = { vm: 'theirs', from: 'h1', importance: 'high' } as const;
    const { row } = await stage.clock.run(controller.adopt(request, me));
    expect(row).toMatchObject({ origin: 'adopted', to: 'h2' });
    const ended = await stage.ended(row.id);
    expect(ended).toMatchObject({ phase: 'completed', end: { switchedToPostCopy: true } });
    const { why } = await controller.recording(row.id);
    expect(why.join('\n')).toMatch(/Somebody else began it, 3.0 s ago, from h1 to h2/);
  });

  test('is not there: that is said', async () => {
    stage.addGuest('quiet', 'idle');
    const controller = stage.controller();
    await expect(
      stage.clock.run(controller.adopt({ vm: 'quiet', from: 'h1' }, me)),
    ).rejects.toMatchObject({ code: 'migration.not-adoptable' });
  });
});

test('while the store is silent nothing new begins, what runs is steered on, then left, and taken up again', async () => {
  stage.addGuest('vm', 'furious', 'panda');
  let silent = false;
  const failing = <T extends object>(part: T): T =>
    new Proxy(part, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== 'function') return member;
        return (...given: unknown[]) =>
          silent
            ? Promise.reject(new DroverError('store.unavailable', 'no space left'))
            : Reflect.apply(member, target, given);
      },
    });
  const { store } = stage;
  const parts = { migrations: failing(store.migrations), leases: failing(store.leases) };
  const others = { replicas: failing(store.replicas), hosts: failing(store.hosts) };
  const controller = stage.controller({ store: { ...store, ...parts, ...others } });
  await controller.start();
  const { row } = await controller.migrate({ ...toH2, importance: 'medium' }, me);
  await stage.until(row.id, ({ progress }) => progress !== undefined);
  silent = true;
  await stage.clock.run(stage.clock.sleep(3_000));
  expect(controller.status()).toMatchObject({ steering: 1, storeTrouble: 'no space left' });
  await stage.clock.run(stage.clock.sleep(4_000));
  expect(controller.status()).toMatchObject({ steering: 0, lostLeases: 1 });
  await expect(controller.migrate({ ...toH2, vm: 'x' }, me)).rejects.toMatchObject({
    code: 'store.unavailable',
  });
  silent = false;
  // Its lease was not given back: it ends on the store's own clock.
  await store.leases.release([{ id: row.id, owner: 'c1', epoch: 1 }]);
  expect(await stage.ended(row.id)).toMatchObject({ phase: 'stayed', end: { runsOn: ['h1'] } });
  expect(controller.status()).toMatchObject({ storeTrouble: undefined });
});
