import { expect, test } from 'vitest';
import { explore } from './testing/explore.ts';
import { rules } from './testing/hand-over.ts';

/** Enough for every mutant to go wrong; `npm run -s bench:hand-over` goes further. */
const mostEpochs = 2;

test('two controllers that die, stop and go on at any moment hand one migration over', () => {
  const { states, violation } = explore({ mostEpochs });
  expect(violation).toBeUndefined();
  expect(states).toBeGreaterThan(10_000);
}, 240_000);

test.each(rules)(
  'without this it goes wrong, and that is seen: %s',
  (without) => {
    const { violation } = explore({ mostEpochs, without });
    expect(violation).toBeDefined();
  },
  240_000,
);
