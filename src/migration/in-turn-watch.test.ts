import { describe, expect, test } from 'vitest';
import type { GuestModel } from '../hypervisor/simulated-guest.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import { allowed } from '../steering/decision.ts';
import { steersmanFor } from '../steering/steersman.ts';
import { able } from '../steering/testing/able.ts';
import { InTurnWatch } from './in-turn-watch.ts';
import { runMigration } from './run.ts';
import { setStage } from './testing/steered.ts';

const mib = 2 ** 20;
const guest: GuestModel = {
  name: 'guest',
  memoryBytes: 256 * mib,
  touchedBytes: 256 * mib,
  workingSetBytes: 128 * mib,
  writeBytesPerSecond: 40 * mib,
  throttleEffect: 0,
  pattern: { kind: 'sequential' },
};

const settings = { linkBytesPerSecond: 64 * mib, syncMs: 60, setupMs: 50, callMs: 1 };

interface Seen {
  readonly learnt: number | undefined;
  readonly told: readonly string[];
  readonly rings: number;
  readonly readings: number;
}

/** What is seen of a guest within a while; the watch ends, and it is wanted no more, after so long. */
async function watched(
  of: GuestModel,
  { wantedMs = 60_000, endsMs = 60_000, heard = true } = {},
): Promise<Seen> {
  const { clock, source, uuid } = setStage(settings, of);
  const told: string[] = [];
  let [rings, readings] = [0, 0];
  source.setReachable(heard);
  const watch = new InTurnWatch();
  watch.begin({
    source: {
      findDomain: (name) => source.findDomain(name),
      markMemory: (domain) => {
        readings += 1;
        return source.markMemory(domain);
      },
    },
    uuid,
    steersman: {
      wantsWritingOrder: () => clock.nowMs() < wantedMs && watch.learnt === undefined,
    },
    clock,
    bell: { ring: () => (rings += 1) },
    tell: (message) => told.push(message),
  });
  clock.schedule(endsMs, () => watch.end());
  await clock.run(clock.sleep(100_000));
  return { learnt: watch.learnt?.inTurnBytesPerSecond, told, rings, readings };
}

describe('a watched guest', () => {
  test('that writes in turn is soon seen to, and what it writes at most', async () => {
    const { learnt, rings, readings } = await watched(guest);
    expect(learnt).toBeGreaterThan(40 * mib);
    expect(learnt).toBeLessThan(70 * mib);
    // At 0, 0.25, 0.4, 0.6 and perhaps 0.8 s.
    expect(readings).toBeLessThanOrEqual(5);
    expect(rings).toBe(1);
  });

  test('that writes anywhere is not read for long', async () => {
    const { learnt, told, readings } = await watched({ ...guest, pattern: { kind: 'random' } });
    expect({ learnt, told, readings }).toEqual({ learnt: undefined, told: [], readings: 2 });
  });

  test.each([
    ['its watch has ended', { endsMs: 600 }],
    ['nobody wants to know', { wantedMs: 600 }],
  ])('that does nothing is read until %s', async (_, until) => {
    const idle = { ...guest, writeBytesPerSecond: 0 };
    const { readings, told } = await watched(idle, until);
    expect({ readings, told }).toEqual({ readings: 4, told: [] });
  });

  test('is not read where nobody wants to know from the start', async () => {
    expect((await watched(guest, { wantedMs: 0 })).readings).toBe(0);
  });

  test('whose host does not answer is told of, once', async () => {
    const { told, learnt } = await watched(guest, { heard: false });
    expect(told).toEqual(['Whether it writes in turn cannot be told: h1 does not answer']);
    expect(learnt).toBeUndefined();
  });

  test('whose host does not answer any more after its end is not told of', async () => {
    expect((await watched(guest, { heard: false, endsMs: 0 })).told).toEqual([]);
  });
});

/** How often the memory of a migration's guest was read, and how often after its end. */
async function readingsOf({
  slaClass = 'cattle',
  spare = 1,
  postCopy = true,
}: {
  readonly slaClass?: SlaClass;
  readonly spare?: number;
  readonly postCopy?: boolean;
}): Promise<{ readonly readings: number; readonly after: number }> {
  const { clock, source, destination, uuid } = setStage(settings, {
    ...guest,
    writeBytesPerSecond: mib,
  });
  let readings = 0;
  const mark = source.markMemory.bind(source);
  source.markMemory = (domain) => {
    readings += 1;
    return mark(domain);
  };
  const intent = { slaClass, importance: 'medium', deadlineMs: undefined } as const;
  const move = async (): Promise<number> => {
    const domain = await source.findDomain(uuid);
    if (domain === undefined) throw new Error('the stage has no guest');
    const closed = { allowed: false, because: 'it is closed' } as const;
    await runMigration(
      {
        domain,
        ways: destination.ways,
        bandwidthBytesPerSecond: Infinity,
        capabilities: { ...able, postCopy: postCopy ? allowed : closed },
        postCopyRecovery: allowed,
      },
      {
        source,
        destination,
        newSteersman: () => steersmanFor({ intent: () => intent }),
        wanted: () => ({ cancelled: false, shareBytesPerSecond: Infinity, spare }),
      },
      clock,
      () => undefined,
      new AbortController().signal,
    );
    const during = readings;
    await clock.sleep(60_000);
    return during;
  };
  const during = await clock.run(move());
  return { readings: during, after: readings - during };
}

describe('the memory of a guest that is moved', () => {
  test('is read while its first pass goes on, and no more', async () => {
    const { readings, after } = await readingsOf({});
    expect(readings).toBeGreaterThan(3);
    expect(readings).toBeLessThan(10);
    expect(after).toBe(0);
  });

  test.each([
    ['it is a pet', { slaClass: 'pet' }],
    ['many are moved', { spare: 2 }],
    ['it cannot switch to post-copy', { postCopy: false }],
  ] as const)('is not read where %s', async (_, terms) => {
    expect((await readingsOf(terms)).readings).toBe(0);
  });
});
