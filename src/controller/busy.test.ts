import { expect, test } from 'vitest';
import { BusyWatch } from './busy.ts';

test('how busy a VM is shows from two looks at its processor time', () => {
  const watch = new BusyWatch();
  const look = (atMs: number, cpuMs: number, more: { readonly host?: string } = {}) =>
    watch.share({ host: 'h1', uuid: 'u', virtualCpus: 2, cpuMs, atMs, ...more });
  expect(look(0, 100_000)).toBeUndefined();
  // Half of two CPUs, for ten seconds.
  expect(look(10_000, 110_000)).toBe(0.5);
  // So soon after it the same is said.
  expect(look(11_000, 112_000)).toBe(0.5);
  expect(look(20_000, 110_000)).toBe(0);
  // What QEMU does besides counts, too.
  expect(look(30_000, 140_000)).toBe(1);
  // It was started anew; on another host it is another one.
  expect(look(40_000, 500)).toBeUndefined();
  expect(look(40_000, 700, { host: 'h2' })).toBeUndefined();
  expect(look(50_000, 5_500)).toBe(0.25);
  watch.forgetOld(1_000_000);
  expect(look(1_000_000, 6_000)).toBeUndefined();
});
