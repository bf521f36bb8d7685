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

test.each(cases)('a stream that is held back, $name', async ({ shares, heldTo, becomes }) => {
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
  const [before, after] = shares;
  const controls = new Controls({
    source,
    uuid: 'a',
    clock,
    limits: {
      downtimeMs: 50,
      shareBytesPerSecond: before,
      maxSpeedBytesPerSecond: before,
      pacedTimes: 0,
      formerSpeedBytesPerSecond: Infinity,
    },
    ports: {},
    tell: () => undefined,
  });
  await controls.capSpeed(heldTo);
  await controls.allowShare(after);
  expect(speeds.at(-1)).toBe(becomes);
});
