import { describe, expect, test } from 'vitest';
import { type SimulatedHost, SimulatedWorld } from '../hypervisor/simulated.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import { abortMigration } from './abort.ts';

const mib = 2 ** 20;

interface Stage {
  readonly clock: VirtualClock;
  readonly source: SimulatedHost;
  readonly uuid: string;
  /** The migration that somebody else has begun; it may fail. */
  readonly begin: () => void;
}

function stage(): Stage {
  const clock = new VirtualClock();
  const settings = { linkBytesPerSecond: 10 * mib, syncMs: 100, setupMs: 10, callMs: 1 };
  const world = new SimulatedWorld(clock, settings);
  const source = world.addHost('h1');
  const destination = world.addHost('h2');
  const uuid = source.addGuest({
    name: 'vm',
    memoryBytes: 128 * mib,
    touchedBytes: 100 * mib,
    workingSetBytes: 80 * mib,
    writeBytesPerSecond: 50 * mib,
    throttleEffect: 1,
  });
  const begin = (): void => {
    const carried = source.migrate(uuid, {
      way: destination.ways[0],
      postCopy: true,
      autoConverge: undefined,
      bandwidthBytesPerSecond: undefined,
      persistent: false,
    });
    carried.catch(() => undefined);
  };
  return { clock, source, uuid, begin };
}

describe('abortMigration', () => {
  test('cancels before the point of no return, and waits until it is so', async () => {
    const { clock, source, uuid, begin } = stage();
    begin();
    await clock.run(clock.sleep(1_000));
    const result = await clock.run(abortMigration(source, 'vm', clock));
    expect(result).toEqual({ domain: { name: 'vm', uuid }, runsOn: 'h1' });
    expect(await clock.run(source.readJob(uuid))).toBeUndefined();
    expect(await clock.run(source.domainState(uuid))).toMatchObject({ state: 'running' });
  });

  test.each([
    ['in post-copy', (): void => undefined],
    ['in a broken post-copy', (source: SimulatedHost): void => source.breakPostCopy('uuid-of-vm')],
  ])('refuses %s, and the migration goes on', async (_, then) => {
    const { clock, source, uuid, begin } = stage();
    begin();
    await clock.run(clock.sleep(1_000));
    await clock.run(source.startPostCopy(uuid));
    await clock.run(clock.sleep(500));
    then(source);
    await expect(clock.run(abortMigration(source, 'vm', clock))).rejects.toMatchObject({
      code: 'migration.past-return',
    });
    expect(await clock.run(source.readJob(uuid))).toBeDefined();
  });

  test('says that there is nothing to abort', async () => {
    const { clock, source } = stage();
    await expect(clock.run(abortMigration(source, 'vm', clock))).rejects.toMatchObject({
      code: 'migration.not-running',
    });
    await expect(clock.run(abortMigration(source, 'other', clock))).rejects.toMatchObject({
      code: 'domain.not-found',
    });
  });
});
