import { describe, expect, test } from 'vitest';
import type { MigrateOptions } from './port.ts';
import { type SimulatedHost, SimulatedWorld, type WorldSettings } from './simulated.ts';
import type { GuestModel } from './simulated-guest.ts';
import { VirtualClock } from './virtual-clock.ts';

const mib = 2 ** 20;
const guest: GuestModel = {
  name: 'guest',
  memoryBytes: 100 * mib,
  touchedBytes: 100 * mib,
  workingSetBytes: 4 * mib,
  writeBytesPerSecond: mib,
  throttleEffect: 1,
};
const furious = { ...guest, workingSetBytes: 80 * mib, writeBytesPerSecond: 200 * mib };
const settings: WorldSettings = {
  linkBytesPerSecond: 20 * mib,
  syncMs: 60,
  setupMs: 100,
  callMs: 1,
};

interface Stage {
  readonly world: SimulatedWorld;
  readonly hosts: readonly [SimulatedHost, SimulatedHost, SimulatedHost];
}

function newStage(changes: Partial<WorldSettings> = {}): Stage {
  const world = new SimulatedWorld(new VirtualClock(), { ...settings, ...changes });
  return { world, hosts: [world.addHost('h1'), world.addHost('h2'), world.addHost('h3')] };
}

/** Resolves with what the call ended with, and when. */
async function moved(
  { world }: Stage,
  from: SimulatedHost,
  to: SimulatedHost,
  uuid: string,
  options: Partial<MigrateOptions> = {},
): Promise<{ readonly atMs: number; readonly error: unknown }> {
  const error = await from
    .migrate(uuid, {
      way: to.ways[0],
      postCopy: false,
      autoConverge: undefined,
      bandwidthBytesPerSecond: undefined,
      persistent: false,
      ...options,
    })
    .then(
      () => undefined,
      (cause: unknown) => cause,
    );
  return { atMs: world.clock.nowMs(), error };
}

async function stateOn(stage: Stage, host: SimulatedHost, uuid: string): Promise<string> {
  const state = await stage.world.clock.run(host.domainState(uuid));
  return state === undefined ? 'none' : `${state.state} ${state.reason}`;
}

describe('the simulated hypervisor', () => {
  test('the same seed gives the same course, another one another, and so does no noise', async () => {
    const noise = { seed: 7, linkShare: 0.3, callMs: 5 };
    expect(await courseOf(noise)).toBe(await courseOf(noise));
    expect(await courseOf(noise)).not.toBe(await courseOf({ ...noise, seed: 8 }));
    expect(await courseOf(noise)).not.toBe(await courseOf(undefined));
  });

  test('who looks does not change the course', async () => {
    expect(await watchedCourse(true)).toBeCloseTo(await watchedCourse(false), 3);
  });

  test('two migrations out of one host take twice as long; to and fro they do not', async () => {
    const alone = await endOfAll([[0, 1]]);
    const shared = await endOfAll([
      [0, 1],
      [0, 2],
    ]);
    const apart = await endOfAll([
      [0, 1],
      [1, 0],
    ]);
    expect(shared / alone).toBeGreaterThan(1.8);
    expect(apart / alone).toBeCloseTo(1, 2);
  });

  test('a stream that is held back leaves nothing in the socket: the pause is shorter', async () => {
    const [free, held] = [await pauseOf(undefined), await pauseOf(17 * mib)];
    expect(free - held).toBeGreaterThan(40);
  });

  test('post-copy that holds the rest back takes longer, and what the guest asks for comes sooner', async () => {
    const steady = { ...guest, workingSetBytes: 80 * mib, writeBytesPerSecond: 10 * mib };
    const [free, held, hardly] = [
      await postCopyOf(steady, Infinity),
      await postCopyOf(steady, 8 * mib),
      await postCopyOf(steady, 15 * mib),
    ];
    expect(held.slowedMs).toBeLessThan(free.slowedMs / 2);
    expect(held.endMs).toBeGreaterThan(free.endMs + 500);
    expect(hardly).toEqual(free);
  });

  test('a throttle slows the guest down, and is counted', async () => {
    const at = newStage();
    const [h1, h2] = at.hosts;
    const uuid = h1.addGuest(furious);
    const autoConverge = { initialPercent: 20, incrementPercent: 10 };
    const { error } = await at.world.clock.run(moved(at, h1, h2, uuid, { autoConverge }));
    expect(error).toBeUndefined();
    expect(h2.toll(uuid)?.slowedMs).toBeGreaterThan(1_000);
  });

  test.each([
    ['a link that is cut for a while', 3_000, 'none', 'running migrated'],
    ['a link that is cut for good', Infinity, 'running other', 'none'],
  ])('%s', async (_, forMs, onSource, onDestination) => {
    const at = newStage();
    const [h1, h2] = at.hosts;
    const uuid = h1.addGuest(guest);
    const { clock } = at.world;
    clock.schedule(1_000, () => at.world.shapeLink(0));
    if (forMs !== Infinity)
      clock.schedule(1_000 + forMs, () => at.world.shapeLink(settings.linkBytesPerSecond));
    await clock.run(moved(at, h1, h2, uuid));
    await clock.run(clock.sleep(1_000));
    expect(await stateOn(at, h1, uuid)).toBe(onSource);
    expect(await stateOn(at, h2, uuid)).toBe(onDestination);
  });

  test('a link that dies while the guest stands still brings it back at its source', async () => {
    const at = newStage();
    const [h1, h2] = at.hosts;
    const uuid = h1.addGuest(furious);
    const { clock } = at.world;
    clock.schedule(2_000, () => void h1.setMaxDowntime(uuid, 600_000));
    clock.schedule(3_000, () => at.world.shapeLink(0));
    const { error } = await clock.run(moved(at, h1, h2, uuid));
    expect(error).toBeDefined();
    expect(await stateOn(at, h1, uuid)).toBe('running taken-back');
    expect(h1.toll(uuid)?.pausedMs).toBeGreaterThan(5_000);
  });

  test('a power cut of the destination leaves the guest at its source; of the source, nowhere', async () => {
    for (const [victim, left] of [
      [1, 'running other'],
      [0, 'none'],
    ] as const) {
      const at = newStage();
      const [h1, h2] = at.hosts;
      const uuid = h1.addGuest(furious);
      at.world.clock.schedule(2_000, () => at.world.killHost(at.hosts[victim]));
      await at.world.clock.run(moved(at, h1, h2, uuid));
      await at.world.clock.run(at.world.clock.sleep(20_000));
      const survivor = victim === 0 ? h2 : h1;
      expect(await stateOn(at, survivor, uuid)).toBe(left);
    }
  });

  test('a dead daemon ends pre-copy, and lets post-copy go on', async () => {
    for (const [postCopyAtMs, onDestination] of [
      [undefined, 'none'],
      [1_500, 'running migrated'],
    ] as const) {
      const at = newStage();
      const [h1, h2] = at.hosts;
      const uuid = h1.addGuest(furious);
      const { clock } = at.world;
      if (postCopyAtMs !== undefined)
        clock.schedule(postCopyAtMs, () => void h1.startPostCopy(uuid));
      clock.schedule(2_500, () => at.world.killDaemon(h1));
      const { error } = await clock.run(moved(at, h1, h2, uuid, { postCopy: true }));
      if (postCopyAtMs === undefined) expect(error).toBeDefined();
      await clock.run(clock.sleep(20_000));
      h1.setReachable(true);
      expect(await stateOn(at, h2, uuid)).toBe(onDestination);
      expect(await stateOn(at, h1, uuid)).toBe(
        postCopyAtMs === undefined ? 'running other' : 'paused post-copy-failed',
      );
    }
  });
});

/** Switched after its first pass, the rest held to so much. */
async function postCopyOf(
  model: GuestModel,
  restBytesPerSecond: number,
): Promise<{ readonly slowedMs: number; readonly endMs: number }> {
  const at = newStage();
  const [h1, h2] = at.hosts;
  const uuid = h1.addGuest(model);
  const { clock } = at.world;
  clock.schedule(5_500, () => void h1.startPostCopy(uuid));
  clock.schedule(5_700, () => void h1.setPostCopySpeed(uuid, restBytesPerSecond));
  const { atMs: endMs } = await clock.run(moved(at, h1, h2, uuid, { postCopy: true }));
  return { slowedMs: h2.toll(uuid)?.slowedMs ?? 0, endMs };
}

async function courseOf(noise: WorldSettings['noise']): Promise<number> {
  const at = newStage(noise === undefined ? {} : { noise });
  const [h1, h2] = at.hosts;
  return (await at.world.clock.run(moved(at, h1, h2, h1.addGuest(guest)))).atMs;
}

async function watchedCourse(looks: boolean): Promise<number> {
  const at = newStage({ noise: { seed: 3, linkShare: 0.3, callMs: 0 } });
  const [h1, h2] = at.hosts;
  const uuid = h1.addGuest(guest);
  const call = moved(at, h1, h2, uuid);
  for (let ms = 0; ms < (looks ? 5_000 : 0); ms += 77)
    at.world.clock.schedule(ms, () => void h1.readJob(uuid));
  return (await at.world.clock.run(call)).atMs;
}

async function endOfAll(pairs: readonly (readonly [number, number])[]): Promise<number> {
  const at = newStage();
  const calls = pairs.map(([from, to], index) => {
    const source = at.hosts[from] ?? at.hosts[0];
    const uuid = source.addGuest({ ...guest, name: `guest${index}` });
    return moved(at, source, at.hosts[to] ?? at.hosts[1], uuid);
  });
  const ends = await at.world.clock.run(Promise.all(calls));
  return Math.max(...ends.map(({ atMs }) => atMs));
}

async function pauseOf(bandwidthBytesPerSecond: number | undefined): Promise<number> {
  const at = newStage();
  const [h1, h2] = at.hosts;
  const uuid = h1.addGuest(guest);
  await at.world.clock.run(h1.setMaxDowntime(uuid, 20));
  await at.world.clock.run(moved(at, h1, h2, uuid, { bandwidthBytesPerSecond }));
  return h2.toll(uuid)?.pausedMs ?? 0;
}
