import { expect, test } from 'vitest';
import type { Clock } from '../hypervisor/clock.ts';
import { LagClock } from './lag.ts';

/** Every sleeper wakes so much too late. */
class LateClock implements Clock {
  lateMs = 0;
  #nowMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number): Promise<void> {
    this.#nowMs += ms + this.lateMs;
    return Promise.resolve();
  }
}

test('says how late sleepers wake, and forgets what is long ago', async () => {
  const late = new LateClock();
  const clock = new LagClock(late);
  expect(clock.quantiles([0.5])).toEqual([0]);
  late.lateMs = 500;
  await clock.sleep(10);
  late.lateMs = 2;
  for (let count = 0; count < 3; count += 1) await clock.sleep(10);
  const [half = 0, most = 0] = clock.quantiles([0.5, 0.99]);
  expect(half).toBeCloseTo(2, 1);
  expect(most / 500).toBeCloseTo(1, 1);
  await clock.sleep(60_000);
  expect(clock.quantiles([0.99])[0]).toBeGreaterThan(400);
  await clock.sleep(60_000);
  expect(clock.quantiles([0.99])[0]).toBeLessThan(3);
  clock.beginAnew();
  expect(clock.quantiles([0.99])).toEqual([0]);
});
