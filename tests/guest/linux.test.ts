import { afterAll, beforeAll, expect, it } from 'vitest';
import { removeGuest } from '../../src/lab/guest/index.ts';
import { mebibyte, moveWithVirsh, type Stage, setStage, startGuest } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(async () => {
  await stage.down();
});

it('a Linux guest boots, beats, and keeps its memory when it is moved', async () => {
  const watcher = await startGuest(stage, {
    name: 'penguin',
    kind: 'linux',
    memoryBytes: 160 * mebibyte,
    workload: 'sequential:rate=10MiB/s,set=16MiB',
  });
  const first = watcher.log.beats[0];
  await watcher.nextBeat((beat) => beat.guestMs > (first?.guestMs ?? 0) + 1_000, 20_000);
  const report = await moveWithVirsh(stage, watcher, 'penguin', 'pre-copy');
  watcher.stop();
  await removeGuest(stage.destination, 'penguin');
  expect(report).toMatchObject({
    integrity: 'ok',
    verifiedWhole: true,
    onePlace: 'ok',
    heartbeat: 'ok',
    runsOn: ['h2'],
  });
  expect(report.baseline.pagesPerSecond).toBeGreaterThan(0);
});
