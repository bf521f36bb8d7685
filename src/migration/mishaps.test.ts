import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Mishap, migrate, mishaps, scenes } from './testing/scenes.ts';

/** After the first calls: a host that does not answer them refuses the start, with nothing touched. */
const begunMs = 20;
const seconds = fc.integer({ min: begunMs, max: 60_000 });
const some: fc.Arbitrary<Mishap> = fc.record({
  what: fc.constantFrom(...mishaps),
  atMs: fc.oneof(seconds, fc.integer({ min: begunMs, max: 3_000 })),
  lastsMs: seconds,
});

/** Outcomes that name the place where the guest runs. */
const placed = new Set(['completed', 'stayed', 'aborted', 'failed-safe']);

describe('whatever breaks while a guest moves', () => {
  test('it ends; the guest runs in one place at most; what is told of it is true', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, some, async (scene, mishap) => {
        const { outcome, runsOn, found, foundLater } = await migrate({ ...scene, mishap });
        expect(found.length).toBeLessThanOrEqual(1);
        expect(foundLater.length).toBeLessThanOrEqual(1);
        if (placed.has(outcome)) expect(runsOn).toEqual(found);
        if (outcome === 'lost') expect(found).toEqual([]);
        // A guest is only ever gone where a host died with it.
        if (!mishap.what.endsWith(' dies')) expect(outcome).not.toBe('lost');
        expect(outcome).not.toBe('detached');
      }),
      { numRuns: 1_500, timeout: 10_000, endOnFailure: true },
    );
  }, 240_000);
});
