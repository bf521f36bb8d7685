import { expect, test } from 'vitest';
import { intentNow, type Orders } from './orders.ts';

const asked = { slaClass: 'pet', importance: 'medium', deadlineMs: 5_000 } as const;

test.each<[string, Orders, number | undefined]>([
  ['what was asked holds where nothing is said', {}, 5_000],
  ['a new deadline holds', { deadlineMs: 9_000 }, 9_000],
  ['a deadline that was taken away is none', { deadlineMs: null }, undefined],
])('%s', (_, orders, deadlineMs) => {
  expect(intentNow(asked, orders, [])).toEqual({ ...asked, deadlineMs });
});
