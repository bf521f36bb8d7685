import { expect, test } from 'vitest';
import { Fuzzer } from './fuzz.ts';

test('damaged messages give typed errors only, settle every call and leave no memory behind', async () => {
  const report = await new Fuzzer(20_260_101).run(30_000);
  expect(report.violations).toEqual([]);
  expect(report.frames).toBeGreaterThanOrEqual(30_000);
  // Every kind of outcome was reached, or the damage tests less than it says.
  expect(report.protocolErrors).toBeGreaterThan(1000);
  expect(report.answered).toBeGreaterThan(100);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.events).toBeGreaterThan(100);
  expect(report.incomplete).toBeGreaterThan(100);
});
