import { expect, test } from 'vitest';
import { contentOf, fullNames, scenesOf } from './cells.ts';

test('the full set has guests that shrink, larger ones, and all that is named for repetitions', async () => {
  const full = await scenesOf('full', undefined);
  const headline = await scenesOf('headline', undefined);
  expect(new Set(full.map(contentOf))).toEqual(new Set(['compressible', 'text']));
  expect(new Set(full.map(({ memoryMib }) => memoryMib))).toEqual(new Set([256, 512, 1024]));
  expect(headline).toHaveLength(6);
  expect(new Set(fullNames).size).toBe(full.length);
});

test('a set that is not there is told from one that is', async () => {
  await expect(scenesOf('all', undefined)).rejects.toThrow("no set 'all': quick, full, headline");
});
