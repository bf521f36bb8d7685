import { expect, test } from 'vitest';
import { type Excluded, whyExcluded } from './exclusions.ts';

const own = { from: 'metadata' } as const;
const rule = { from: 'rule', rule: 'db-*' } as const;

test.each<[readonly Excluded[], string | undefined, string | undefined]>([
  [[], undefined, undefined],
  [[{ what: 'post-copy', ...own }], "the VM's own metadata forbids post-copy", undefined],
  [[{ what: 'throttle', ...rule }], undefined, 'the rule for db-* forbids slowing it down'],
  [
    [
      { what: 'post-copy', ...own },
      { what: 'post-copy', ...rule },
      { what: 'throttle', ...rule },
    ],
    "the VM's own metadata and the rule for db-* forbid post-copy",
    'the rule for db-* forbids slowing it down',
  ],
])('%j is told in words', (excluded, postCopy, throttle) => {
  expect(whyExcluded('post-copy', excluded)).toBe(postCopy);
  expect(whyExcluded('throttle', excluded)).toBe(throttle);
});
