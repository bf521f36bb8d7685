import { describe, expect, test } from 'vitest';
import { steer } from '../../src/migration/testing/steered.ts';
import { budgetFor } from '../../src/policy/budget-for.ts';
import { importances, slaClasses } from '../../src/policy/vocabulary.ts';
import { passMs } from '../peers/cells.ts';
import { drawScenes } from '../peers/draw.ts';
import { stageFor } from './stage.ts';

/** Patience is doubled at most, for who writes now much and now little. */
const patienceTimes = 2;
/** What should be about to fit, a wait for a trough, and the ending itself. */
const passesBesides = 6;
const besidesMs = 5_000;

/** One that never ended while a larger pause waited for a trough that was always half a pass away. */
const wave = {
  name: 'wave',
  does: 'sequential:rate=29MiB/s,set=28MiB',
  memoryMib: 160,
  linkMbitPerSecond: 200,
  guests: 1,
};

const drawn = [false, true].flatMap((anywhere) => drawScenes(3, { count: 40, anywhere }));

describe.each(['forky', 'trixie'])('on %s', (suite) => {
  test.each([...drawn, wave])(
    '$does, $memoryMib MiB over $linkMbitPerSecond Mbit/s ends in finite time',
    async (scene) => {
      const pass = passMs(scene, scene.linkMbitPerSecond);
      for (const slaClass of slaClasses)
        for (const importance of importances) {
          const stage = stageFor(suite, scene);
          await steer(stage, { slaClass, importance, deadlineMs: undefined });
          const { patiencePasses } = budgetFor(slaClass, importance);
          const mostPasses = 1 + patienceTimes * patiencePasses + passesBesides;
          expect(stage.clock.nowMs()).toBeLessThan(mostPasses * pass + besidesMs);
        }
    },
  );
});
