import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseWorkload, setWorkload } from '../../src/lab/guest/index.ts';
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

/** It could be switched to post-copy, which nobody does where it fits compressed. QEMU samples no less memory than this. */
const pet = {
  slaClass: 'pet',
  memoryMiB: 160,
  linkBits,
  request: { importance: 'high' },
} as const;
/** The link as its admin says: how long sounding may take is measured by it. */
const known = { compression: 'allowed', bandwidth: linkBits / 8 } as const;

test('a pet whose memory shrinks is sounded, goes compressed, and arrives whole', async () => {
  const { result, report } = await play(stage, {
    ...pet,
    name: 'compressed-pet',
    workload: 'random:rate=12MiB/s,set=48MiB,content=text,scrub=2s',
    config: withHosts(stage.config, known),
  });
  expect(result.why).toContainEqual(
    expect.stringMatching(
      /memory compressed \(zstd, 2 connections\).*its memory shrinks 3(\.\d)? times/,
    ),
  );
  expect(report).toMatchObject({ integrity: 'ok', verifiedWhole: true, onePlace: 'ok' });
  expect(result).toMatchObject({
    outcome: 'completed',
    runsOn: ['h2'],
    startedWithPostCopy: false,
  });
  expect(result.sentBytes).toBeLessThan((pet.memoryMiB * mib) / 2);
});

test('one that comes to write more than fits begins again, and is switched to post-copy', async () => {
  const name = 'restless-pet';
  const source = stage.lab.host('h1');
  const busy = parseWorkload('random:rate=200MiB/s,set=120MiB,content=text,scrub=2s');
  let begun = false;
  const { result, report } = await play(stage, {
    ...pet,
    name,
    workload: 'random:rate=12MiB/s,set=48MiB,content=text,scrub=2s',
    config: withHosts(stage.config, known),
    onEvent: (event) => {
      if (begun || event.kind !== 'phase' || event.phase !== 'copying') return;
      begun = true;
      void setWorkload(source, name, busy);
    },
  });
  expect(result.why.join('\n')).toMatch(
    /memory compressed[^]*begins again uncompressed[^]*It starts able to switch to post-copy/,
  );
  expect(report).toMatchObject({ integrity: 'ok', verifiedWhole: true, onePlace: 'ok' });
  expect(result).toMatchObject({ outcome: 'completed', runsOn: ['h2'], switchedToPostCopy: true });
});

test('a pet whose memory does not shrink starts able to switch to post-copy', async () => {
  const { result, report } = await play(stage, {
    ...pet,
    name: 'plain-pet',
    workload: 'random:rate=3MiB/s,set=8MiB,content=random,scrub=2s',
    config: withHosts(stage.config, known),
  });
  expect(result.why).toContainEqual(
    expect.stringMatching(
      /able to switch to post-copy, uncompressed \(its memory shrinks only 1\.\d times\)/,
    ),
  );
  expect(report).toMatchObject({ integrity: 'ok', verifiedWhole: true, onePlace: 'ok' });
  expect(result).toMatchObject({ outcome: 'completed', runsOn: ['h2'], startedWithPostCopy: true });
});
