import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  damagePage,
  type HeartbeatWatcher,
  parseWorkload,
  removeGuest,
  setWorkload,
} from '../../src/lab/guest/index.ts';
import { mebibyte, moveWithVirsh, type Stage, setStage, startGuest } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(async () => {
  await stage.down();
});

const pagesPerMebibyte = 256;

describe('a bare-metal guest', () => {
  let watcher: HeartbeatWatcher;
  beforeAll(async () => {
    watcher = await startGuest(stage, {
      name: 'worker',
      kind: 'beat',
      memoryBytes: 64 * mebibyte,
      workload: 'idle',
    });
  });
  afterAll(async () => {
    watcher.stop();
    await removeGuest(stage.source, 'worker');
  });

  /** MiB/s that the guest writes, by its own clock, over a second. */
  async function measureRate(): Promise<number> {
    const first = await watcher.nextBeat(() => true, 20_000);
    const last = await watcher.nextBeat((beat) => beat.guestMs >= first.guestMs + 1_000, 30_000);
    const pages = last.pages - first.pages;
    return pages / pagesPerMebibyte / ((last.guestMs - first.guestMs) / 1000);
  }

  // All in one life: a change of the workload is no restart. The least is far below what is asked
  // for, since the machine may be busy; the most is not.
  it.each([
    ['idle', 0, 0],
    ['sequential:rate=20MiB/s,set=16MiB', 5, 25],
    ['sequential:rate=20MiB/s,set=16MiB,at=40MiB', 5, 25],
    ['random:rate=20MiB/s', 5, 25],
    ['random:rate=20MiB/s,content=random', 5, 25],
    ['random:rate=20MiB/s,content=text', 5, 25],
    ['hot:rate=20MiB/s,hot=10%', 5, 25],
    // Half of the time.
    ['phased:rate=40MiB/s,burst=100ms,quiet=100ms', 5, 32],
    ['spin', 40, Number.POSITIVE_INFINITY],
    ['xor', 40, Number.POSITIVE_INFINITY],
  ])('%s', async (workload, leastRate, mostRate) => {
    await setWorkload(stage.source, 'worker', parseWorkload(workload));
    const rate = await measureRate();
    expect(rate).toBeGreaterThanOrEqual(leastRate);
    expect(rate).toBeLessThanOrEqual(mostRate);
    expect(watcher.log.damages).toEqual([]);
    expect(watcher.log.torn).toEqual([]);
  });

  it('is quiet and busy in turn when its work comes in phases', async () => {
    const phased = parseWorkload('phased:rate=40MiB/s,burst=200ms,quiet=200ms');
    await setWorkload(stage.source, 'worker', phased);
    const busy = 40 * pagesPerMebibyte;
    const seen: (number | 'full')[] = [];
    for (const rate of [0, busy, 0, busy]) {
      const beat = await watcher.nextBeat((each) => each.ratePagesPerSecond === rate, 10_000);
      seen.push(beat.ratePagesPerSecond);
    }
    expect(seen).toEqual([0, busy, 0, busy]);
  });

  it('finds a page that was changed behind its back', async () => {
    await setWorkload(stage.source, 'worker', parseWorkload('idle:scrub=500ms'));
    await damagePage(stage.source, 'worker', 1234);
    const beat = await watcher.nextBeat(({ errors }) => errors > 0, 20_000);
    expect(beat.errors).toBe(1);
    expect(watcher.log.damages).toMatchObject([{ page: 1234, found: 'scrub', badSectors: 1 }]);
  });
});

describe('a bare-metal guest that is moved packed', () => {
  const memoryBytes = 64 * mebibyte;
  let watcher: HeartbeatWatcher;
  afterEach(async () => {
    watcher.stop();
    await removeGuest(stage.destination, 'packed');
  });

  /** As a share of its memory; some of that is written once only, and shrinks whatever the rest holds. */
  it.each([
    ['compressible', 0, 0.05],
    ['text', 0.25, 0.45],
    ['random', 0.8, 1.2],
  ])('sends what its memory shrinks to: %s', async (content, least, most) => {
    const workload = `idle:content=${content}`;
    watcher = await startGuest(stage, { name: 'packed', kind: 'beat', memoryBytes, workload });
    const report = await moveWithVirsh(stage, watcher, 'packed', 'packed');
    expect(report).toMatchObject({ integrity: 'ok', verifiedWhole: true, runsOn: ['h2'] });
    const share = (await completedBytes('packed')) / memoryBytes;
    expect(share).toBeGreaterThanOrEqual(least);
    expect(share).toBeLessThanOrEqual(most);
  });
});

describe('a bare-metal guest that is moved', () => {
  let watcher: HeartbeatWatcher;
  beforeEach(async () => {
    watcher = await startGuest(stage, {
      name: 'traveller',
      kind: 'beat',
      memoryBytes: 64 * mebibyte,
      workload: 'hot:rate=10MiB/s,hot=30%,content=random',
    });
    await watcher.nextBeat((beat) => beat.guestMs > 1_500, 20_000);
  });
  afterEach(async () => {
    watcher.stop();
    await removeGuest(stage.destination, 'traveller');
  });

  it.each(['pre-copy', 'post-copy'] as const)('by %s keeps its memory', async (mode) => {
    const report = await moveWithVirsh(stage, watcher, 'traveller', mode);
    expect(report).toMatchObject({
      integrity: 'ok',
      verifiedWhole: true,
      onePlace: 'ok',
      heartbeat: 'ok',
      runsOn: ['h2'],
      blackout: { fromHost: expect.any(String) },
    });
    expect(report.baseline.pagesPerSecond).toBeGreaterThan(0);
  });
});

/** What its last migration sent. */
async function completedBytes(name: string): Promise<number> {
  const asked = ['virsh', 'domjobinfo', '--completed', '--keep-completed', '--rawstats', name];
  const { stdout } = await stage.destination.exec(asked);
  return Number(/^memory_processed[^\d]*(\d+)/m.exec(stdout)?.[1]);
}
