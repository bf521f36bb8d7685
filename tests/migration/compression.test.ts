import { afterAll, beforeAll, expect, test } from 'vitest';
import { play, type Stage, setStage, withHosts } from './stage.ts';

const mib = 2 ** 20;
/** Some 18 MiB/s: less than half of what the guest writes, and with what a third of its memory is, more. */
const linkBits = 150e6;
const panda = {
  slaClass: 'panda',
  workload: 'random:rate=40MiB/s,set=48MiB,content=text,scrub=2s',
  memoryMiB: 96,
  linkBits,
  request: { importance: 'medium' },
} as const;

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(async () => {
  await stage.down();
});

test('a panda that writes more than the link carries fits compressed, whole and within its pause', async () => {
  const { result, report } = await play(stage, {
    ...panda,
    name: 'compressed-panda',
    config: withHosts(stage.config, { compression: 'allowed' }),
  });
  expect(result.why).toContainEqual(expect.stringContaining('memory compressed'));
  expect(report).toMatchObject({ integrity: 'ok', verifiedWhole: true, onePlace: 'ok' });
  expect(result).toMatchObject({ outcome: 'completed', runsOn: ['h2'], switchedToPostCopy: false });
  expect(result.decisions.map(({ action }) => action.kind)).not.toContain('freeze');
  const last = result.telemetry.at(-1);
  const pageBytes = (last?.normalPages ?? 0) * (last?.pageSizeBytes ?? 0);
  expect(pageBytes).toBeGreaterThan(panda.memoryMiB * mib);
  expect(result.sentBytes).toBeLessThan(pageBytes / 2);
  // 300 ms are allowed; a machine under load adds to what was taken.
  expect(result.blackout?.ms).toBeLessThan(600);
});

test('is aborted, and runs on where it was', async () => {
  const { result, report } = await play(stage, {
    ...panda,
    name: 'aborted-panda',
    workload: 'random:rate=90MiB/s,set=80MiB,content=text,scrub=2s',
    config: withHosts(stage.config, { compression: 'allowed' }),
    onEvent: (event, cancel) => {
      if (event.kind === 'progress' && event.sample.memorySentBytes > 8 * mib) cancel();
    },
  });
  expect(report).toMatchObject({ integrity: 'ok', verifiedWhole: true, onePlace: 'ok' });
  expect(result).toMatchObject({ outcome: 'aborted', runsOn: ['h1'] });
});

test('without compression it does not, and stays', async () => {
  const { result, report } = await play(stage, { ...panda, name: 'plain-panda' });
  expect(result.why).toContainEqual(
    expect.stringContaining('uncompressed (the administrator forbids it on h1)'),
  );
  expect(report).toMatchObject({ integrity: 'ok', verifiedWhole: true, onePlace: 'ok' });
  expect(result).toMatchObject({ outcome: 'stayed', runsOn: ['h1'] });
});
