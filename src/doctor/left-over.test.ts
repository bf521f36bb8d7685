import { expect, test } from 'vitest';
import { isLeftOver } from './left-over.ts';

const looker = { machine: 'here', nowMs: 1_000_000, lives: (pid: number) => pid === 7 };
const mark = { run: 'r', machine: 'here', pid: 7, sinceMs: 990_000 };

test.each([
  ['of a process that lives', {}, false],
  ['of a process that is gone', { pid: 8 }, true],
  ['of another machine, at work', { machine: 'there', pid: 8 }, false],
  ['of another machine, from long ago', { machine: 'there', sinceMs: 100_000 }, true],
  [
    'of another machine whose clock is a little ahead',
    { machine: 'there', sinceMs: 1_100_000 },
    false,
  ],
  ['from a far future', { machine: 'there', sinceMs: 9_000_000 }, true],
  ['of a process whose number another one has by now', { sinceMs: 0 }, true],
  ['without a time', { sinceMs: Number.NaN }, true],
])('a probe guest %s', (_, difference, expected) => {
  expect(isLeftOver({ ...mark, ...difference }, looker)).toBe(expected);
});
