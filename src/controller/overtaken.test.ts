import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MigrationRow } from '../store/rows.ts';
import { me, type Stage, setStage } from './testing/stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await setStage(['h1', 'h2', 'h3']);
});
afterEach(async () => {
  await stage.end();
});

/** One of h1 to h2 that has to end, and whose steersman has gone while it was copied. */
async function leftAlone(): Promise<MigrationRow> {
  stage.addGuest('vm', 'large', 'pet');
  const first = stage.controller();
  await first.start();
  const asked = { vm: 'vm', from: 'h1', to: 'h2', importance: 'high' } as const;
  const { row } = await first.migrate(asked, me);
  await stage.until(row.id, ({ phase }) => phase === 'copying');
  await stage.clock.run(first.stop());
  await pass(60_000);
  return row;
}

function pass(ms: number): Promise<void> {
  return stage.clock.run(stage.clock.sleep(ms));
}

/** As virsh would. */
async function move(from: string, to: string): Promise<void> {
  const options = {
    way: stage.host(to).ways[0],
    postCopy: false,
    autoConverge: undefined,
    bandwidthBytesPerSecond: undefined,
    persistent: false,
  };
  await stage.clock.run(stage.host(from).migrate('uuid-of-vm', options));
  await pass(5_000);
}

function runsOn(): readonly string[] {
  return ['h1', 'h2', 'h3'].filter(
    (name) => stage.host(name).register.get('uuid-of-vm')?.state.state === 'running',
  );
}

async function takenUp(id: string): Promise<{ row: MigrationRow; why: string; begun: number }> {
  const second = stage.controller();
  await second.start();
  const row = await stage.ended(id);
  await pass(120_000);
  const events = await stage.store.events.after(0, 1_000);
  const begun = events.filter(({ type }) => type === 'migration.began').length;
  const { why } = await second.recording(id);
  return { row, why: why.join('\n'), begun };
}

test('what others have moved back is not begun anew: it ends with where the VM runs, and why', async () => {
  const { id } = await leftAlone();
  expect(runsOn()).toEqual(['h2']);
  await move('h2', 'h1');
  const { row, why, begun } = await takenUp(id);
  expect(runsOn()).toEqual(['h1']);
  expect(row).toMatchObject({ phase: 'failed-safe', end: { runsOn: ['h1'] } });
  expect(why).toMatch(/moved away and back by others, or started anew/);
  expect(begun).toBe(1);
});

test('what others have moved on is not lost: it ends with where the VM runs', async () => {
  const { id } = await leftAlone();
  await move('h2', 'h3');
  const { row, why } = await takenUp(id);
  expect(row).toMatchObject({ phase: 'failed-safe', end: { runsOn: ['h3'] } });
  expect(why).toMatch(/moved on by others/);
  expect(runsOn()).toEqual(['h3']);
});

test('what others are just moving back is left to them until it has come to an end', async () => {
  const { id } = await leftAlone();
  const moving = move('h2', 'h1');
  const { row, begun } = await takenUp(id);
  await moving;
  expect(runsOn()).toEqual(['h1']);
  expect(row).toMatchObject({ phase: 'failed-safe', end: { runsOn: ['h1'] } });
  expect(begun).toBe(1);
});

test.each([
  [5_000, 2],
  [3_600_000, 1],
])(
  'what failed unattended %i ms ago begins %i times in all: an old wish is not carried out',
  async (ms, times) => {
    stage.addGuest('vm', 'furious', 'pet');
    const first = stage.controller();
    await first.start();
    const asked = { vm: 'vm', from: 'h1', to: 'h2', importance: 'high' } as const;
    const { row } = await first.migrate(asked, me);
    await stage.until(row.id, ({ progress }) => progress !== undefined);
    await stage.clock.run(first.stop());
    stage.sim.resetStreams(stage.host('h1'));
    await pass(ms);
    const { row: ended, begun } = await takenUp(row.id);
    expect(begun).toBe(times);
    expect(runsOn()).toEqual([times === 2 ? 'h2' : 'h1']);
    expect(ended.end?.runsOn).toEqual(runsOn());
  },
);
