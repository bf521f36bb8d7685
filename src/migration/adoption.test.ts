import { expect, test } from 'vitest';
import { emptyConfig } from '../fleet/config.ts';
import { surveyJob } from './adoption.ts';
import { setStage } from './testing/steered.ts';
import { surroundingsOf } from './testing/surroundings.ts';

const mib = 2 ** 20;
const guest = {
  name: 'theirs',
  memoryBytes: 512 * mib,
  touchedBytes: 512 * mib,
  workingSetBytes: 64 * mib,
  writeBytesPerSecond: 60 * mib,
  throttleEffect: 0,
  shrinksTo: 1 / 3,
};

test.each([
  ['compressed, it cannot switch to post-copy', { connections: 4 }, false, /goes compressed/],
  ['as it is, it may be able to', undefined, true, /shows only when that is tried/],
] as const)('a job that somebody else began: %s', async (_, compression, postCopy, says) => {
  const settings = { linkBytesPerSecond: 24 * mib, syncMs: 60, setupMs: 50, callMs: 1 };
  const { clock, source, destination, uuid } = setStage(settings, guest);
  const [way] = destination.ways;
  const options = { way, postCopy: false, compression, autoConverge: undefined };
  const call = { ...options, bandwidthBytesPerSecond: undefined, persistent: false };
  source.migrate(uuid, call).catch(() => undefined);
  await clock.run(clock.sleep(3_000));
  const resolved = ({ name, address: uri, ways }: typeof source) => ({
    name,
    uri,
    ways,
    postCopy: { allowed: true } as const,
    bandwidthBytesPerSecond: undefined,
  });
  const request = {
    vm: 'theirs',
    from: resolved(source),
    candidates: [resolved(destination)],
    importance: undefined,
    reason: undefined,
    deadlineMs: undefined,
  };
  const survey = surveyJob(request, emptyConfig, surroundingsOf(clock, [source, destination]));
  const { beginning, limits } = await clock.run(survey);
  expect(beginning.plan.postCopy).toBe(postCopy);
  expect(beginning.plan.compression === undefined).toBe(compression === undefined);
  expect(limits.join(' ')).toMatch(says);
});
