import { afterAll, beforeAll, expect, test } from 'vitest';
import { play, type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(async () => {
  await stage.down();
});

/** Late enough for the link to be known, early enough for the first pass not to be over. */
const fallsAtMs = 5_000;
const wholeBits = 200e6;
const leftBits = 60e6;

test('a link that falls to 30 % is seen, told, and nobody is lost', async () => {
  let fallen: Promise<unknown> | undefined;
  const { result, report } = await play(stage, {
    name: 'busy-pet',
    slaClass: 'pet',
    workload: 'random:rate=60MiB/s,set=64MiB,scrub=2s',
    memoryMiB: 160,
    linkBits: wholeBits,
    request: { importance: 'high' },
    onEvent: (event) => {
      if (event.kind !== 'progress' || event.progress.elapsedMs < fallsAtMs) return;
      fallen ??= Promise.all(stage.lab.hosts.map(({ name }) => stage.lab.shape(name, leftBits)));
    },
  });
  await fallen;
  expect(report).toMatchObject({ integrity: 'ok', onePlace: 'ok' });
  expect(result).toMatchObject({ outcome: 'completed', runsOn: ['h2'] });
  expect(result.why.join(' ')).toMatch(/the link fell from .* to .*, \d+ % of what it was/);
  // The forecast follows: what is expected after the fall takes longer than what was before.
  const acts = result.decisions.filter(({ atMs }) => atMs > fallsAtMs + 4_000);
  expect(acts.length).toBeGreaterThan(0);
});
