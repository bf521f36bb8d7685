import { afterAll, beforeAll, expect, test } from 'vitest';
import { play, type Stage, setStage } from './stage.ts';

/** Ten seconds of writing far more than the link carries, then twenty of rest. */
const phased = 'phased:rate=100MiB/s,set=48MiB,burst=10s,quiet=20s,scrub=2s';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(async () => {
  await stage.down();
});

test('a phased panda of medium importance goes in its quiet, within its pause, unthrottled', async () => {
  const { result, report } = await play(stage, {
    name: 'phased-panda',
    slaClass: 'panda',
    workload: phased,
    request: { importance: 'medium' },
  });
  expect(report).toMatchObject({ integrity: 'ok', verifiedWhole: true, onePlace: 'ok' });
  expect(result).toMatchObject({ outcome: 'completed', switchedToPostCopy: false });
  expect(result.runsOn).toEqual(['h2']);
  expect(result.telemetry.every(({ throttlePercent }) => throttlePercent === 0)).toBe(true);
  expect(result.decisions.map(({ action }) => action.kind)).not.toContain('freeze');
  // What it was allowed to take: what it took has what a machine under load adds.
  const allowedMs = result.decisions.map(({ action }) =>
    action.kind === 'set-max-downtime' ? action.ms : 0,
  );
  expect(Math.max(...allowedMs)).toBeLessThanOrEqual(300);
});
