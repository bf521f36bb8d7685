import { expect, test } from 'vitest';
import { SimulatedWorld } from '../hypervisor/simulated.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import { Controls } from './controls.ts';

interface Case {
  readonly name: string;
  /** Before, and from then on, bytes/s. */
  readonly shares: readonly [number, number];
  /** What the steersman held it to under the first share. */
  readonly heldTo: number;
  /** What the stream may have then. */
  readonly becomes: number;
}

const cases: readonly Case[] = [
  { name: 'a share that grows', shares: [10, 100], heldTo: 8, becomes: 80 },
  { name: 'a share that shrinks', shares: [100, 10], heldTo: 80, becomes: 8 },
  { name: 'no limit any more', shares: [10, Infinity], heldTo: 8, becomes: Infinity },
  { name: 'a limit where there was none', shares: [Infinity, 100], heldTo: 80, becomes: 80 },
  { name: 'what is not held', shares: [10, 100], heldTo: Infinity, becomes: 100 },
];

/** The controls of a migration, and what they asked of its source: a speed, or that of post-copy. */
function controlling(shareBytesPerSecond: number, refuses = false) {
  const clock = new VirtualClock();
  const source = new SimulatedWorld(clock, {
    linkBytesPerSecond: 100,
    syncMs: 100,
    setupMs: 0,
    callMs: 0,
  }).addHost('h1');
  const speeds: number[] = [];
  source.setMaxSpeed = (_, bytesPerSecond) => {
    speeds.push(bytesPerSecond);
    return Promise.resolve();
  };
  source.setPostCopySpeed = (_, bytesPerSecond) => source.setMaxSpeed('a', bytesPerSecond);
  if (refuses) source.setPostCopySpeed = () => Promise.reject(new Error('it cannot'));
  const told: string[] = [];
  const controls = new Controls({
    source,
    uuid: 'a',
    clock,
    limits: {
      downtimeMs: 50,
      shareBytesPerSecond,
      maxSpeedBytesPerSecond: shareBytesPerSecond,
      pacedTimes: 0,
      restHeld: false,
      formerSpeedBytesPerSecond: Infinity,
    },
    ports: {},
    tell: (message) => told.push(message),
  });
  return { clock, controls, source, speeds, told };
}

test.each(cases)('a stream that is held back, $name', async ({ shares, heldTo, becomes }) => {
  const [before, after] = shares;
  const { controls, speeds } = controlling(before);
  await controls.capSpeed(heldTo);
  await controls.allowShare(after, 'pre-copy');
  expect(speeds.at(-1)).toBe(becomes);
});

test('a share that could not be set is asked for again', async () => {
  const { controls, source, speeds, told } = controlling(10);
  const obeys = source.setMaxSpeed.bind(source);
  source.setMaxSpeed = () => Promise.reject(new Error('it cannot'));
  await controls.allowShare(100, 'pre-copy');
  expect(told).toEqual(['Could not change the speed of the stream yet: it cannot']);
  source.setMaxSpeed = obeys;
  await controls.allowShare(100, 'pre-copy');
  expect(controls.allowShare(100, 'pre-copy')).toBeUndefined();
  expect(speeds).toEqual([100]);
});

test('a share waits for the stream', async () => {
  const { controls, speeds } = controlling(10);
  expect(controls.allowShare(100, 'setup')).toBeUndefined();
  expect(speeds).toEqual([]);
  await controls.allowShare(100, 'pre-copy');
  expect(speeds).toEqual([100]);
});

test('since when the stream is held back is known, and since when it is not', async () => {
  const { clock, controls } = controlling(Infinity);
  await clock.run(clock.sleep(70));
  await controls.capSpeed(20);
  await clock.run(clock.sleep(30));
  expect(controls.state(10)).toMatchObject({ paced: true, pacedSetAtMs: 60, pacedTimes: 1 });
  await controls.capSpeed(Infinity);
  expect(controls.state(10)).toMatchObject({ paced: false, pacedSetAtMs: 90, pacedTimes: 1 });
});

test('what post-copy sends unasked is held back and let go', async () => {
  const { clock, controls, speeds } = controlling(Infinity);
  expect(controls.state(0)).toMatchObject({ restHeld: false, restSetAtMs: 0 });
  await clock.run(clock.sleep(70));
  await controls.capRest(20);
  expect(controls.state(0)).toMatchObject({ restHeld: true, restSetAtMs: 70, paced: false });
  await controls.capRest(Infinity);
  expect(controls.state(0)).toMatchObject({ restHeld: false, restSetAtMs: 70 });
  expect(speeds).toEqual([20, Infinity]);
});

test('a host that cannot hold it back is told of, and not held to have done so', async () => {
  const { clock, controls, told } = controlling(Infinity, true);
  await clock.run(clock.sleep(70));
  await controls.capRest(20);
  // That it was tried is known: it is not tried for ever.
  expect(controls.state(0)).toMatchObject({ restHeld: false, restSetAtMs: 70 });
  expect(told).toEqual(['Could not change the speed of post-copy yet: it cannot']);
});
