import { describe, expect, it } from 'vitest';
import { analyse, type GuestReport } from './analyse.ts';
import type { Beat, GuestLog } from './log.ts';

/**
 * A forged log: 10 s at 50 beats a second, 20 pages each, of a guest of 1000 pages that is moved
 * from h1 to h2 after 5 s with a silence of 60 ms. The observer's clock is 70 s ahead.
 */
const startMs = 73_000;
const endMs = 75_100;
const untilMs = 80_000;
const switchSeq = 250;

function forge(): Beat[] {
  return Array.from({ length: 498 }, (_, seq) => ({
    seq,
    atMs: 70_000 + seq * 20 + (seq >= switchSeq ? 40 : 0),
    host: seq < switchSeq ? 'h1' : 'h2',
    guestMs: seq * 20,
    pages: seq * 20,
    laps: Math.floor(seq / 50),
    errors: 0,
    scrubLap: Math.floor(seq / 100),
    scrubbedPages: seq * 10,
    ramPages: 1000,
    ratePagesPerSecond: 1000,
  }));
}

function logOf(beats: readonly Beat[], rest: Partial<GuestLog> = {}): GuestLog {
  return { beats, damages: [], torn: [], ...rest };
}

/** Beats from a number on, changed. */
function from(seq: number, change: (beat: Beat) => Partial<Beat>): Beat[] {
  return forge().map((beat) => (beat.seq >= seq ? { ...beat, ...change(beat) } : beat));
}

const damage = {
  atMs: 76_000,
  host: 'h2',
  page: 7,
  expectedStamp: 1,
  foundStamp: 2,
  badSectors: 3,
};

interface Scenario {
  readonly name: string;
  readonly log: GuestLog;
  /** What the report must say, beyond a clean log's. */
  readonly expected: Partial<Record<keyof GuestReport, unknown>>;
}

const clean = {
  integrity: 'ok',
  onePlace: 'ok',
  heartbeat: 'ok',
  verifiedWhole: true,
  runsOn: ['h2'],
  problems: [],
  gaps: [],
  blackout: { atMs: 74_980, ms: 60, fromHost: 'h1', toHost: 'h2' },
};

const kinds = (...expected: string[]) => expected.map((kind) => expect.objectContaining({ kind }));

const scenarios: readonly Scenario[] = [
  {
    name: 'a long switch-over',
    log: logOf(from(switchSeq, (beat) => ({ atMs: beat.atMs + 400 }))),
    expected: {
      blackout: { atMs: 74_980, ms: 460, fromHost: 'h1', toHost: 'h2' },
      gaps: [{ atMs: 74_980, ms: 460, fromHost: 'h1', toHost: 'h2' }],
    },
  },
  {
    name: 'a stall just behind a short switch-over',
    log: logOf(from(275, (beat) => ({ atMs: beat.atMs + 300 }))),
    expected: {
      blackout: { atMs: 75_520, ms: 320, fromHost: 'h2', toHost: 'h2' },
      gaps: [{ atMs: 75_520, ms: 320, fromHost: 'h2', toHost: 'h2' }],
    },
  },
  {
    name: 'a gap long after the switch-over is no blackout, but it is named',
    log: logOf(from(400, (beat) => ({ atMs: beat.atMs + 500 }))),
    expected: { gaps: [{ atMs: 78_020, ms: 520, fromHost: 'h2', toHost: 'h2' }] },
  },
  {
    name: 'a guest that falls silent',
    log: logOf(forge().filter((beat) => beat.seq < switchSeq)),
    expected: {
      integrity: 'unknown: the guest is silent',
      verifiedWhole: false,
      runsOn: [],
      blackout: { atMs: 74_980, ms: 5_020, fromHost: 'h1', toHost: undefined },
      gaps: [{ atMs: 74_980, ms: 5_020, fromHost: 'h1', toHost: undefined }],
    },
  },
  {
    name: 'a double run: the source goes on',
    log: logOf([
      ...forge(),
      ...forge()
        .filter((beat) => beat.seq >= switchSeq)
        .map((beat) => ({ ...beat, host: 'h1', atMs: beat.atMs - 35 })),
    ]),
    expected: {
      onePlace: 'it ran on h1 and h2 at once',
      problems: kinds('two-places'),
      runsOn: ['h1', 'h2'],
      blackout: expect.anything(),
    },
  },
  {
    name: 'a double run of which each beat is seen once',
    log: logOf(
      forge().map((beat) =>
        beat.seq % 40 === 39 && beat.seq > 300
          ? { ...beat, host: 'h1', atMs: beat.atMs + 200 }
          : beat,
      ),
    ),
    expected: {
      onePlace: 'it ran on h1 and h2 at once',
      problems: kinds('two-places'),
      runsOn: ['h1', 'h2'],
      blackout: expect.anything(),
      gaps: expect.anything(),
    },
  },
  {
    name: 'a restart on the same host',
    log: logOf(from(400, (beat) => ({ seq: beat.seq - 400, guestMs: beat.guestMs - 8_000 }))),
    expected: {
      onePlace: 'it started anew on h2',
      problems: kinds('went-back'),
    },
  },
  {
    name: 'a guest that is set back to an earlier moment on the same host',
    log: logOf([
      ...forge(),
      ...forge()
        .filter((beat) => beat.seq >= 400 && beat.seq < 420)
        .map((beat) => ({ ...beat, atMs: beat.atMs + 1_585 })),
    ]),
    expected: {
      onePlace: 'it went back on h2',
      problems: kinds('went-back'),
    },
  },
  {
    name: 'memory from an earlier moment',
    log: logOf(from(switchSeq, (beat) => ({ pages: beat.pages - 100 }))),
    expected: {
      integrity: 'pages went back from 4980 to 4900 at beat 250 on h2',
      problems: kinds('progress-went-back'),
    },
  },
  {
    name: 'a torn page',
    log: logOf(
      from(300, () => ({ errors: 1 })),
      { damages: [{ ...damage, found: 'scrub' }] },
    ),
    expected: {
      integrity: '1 damaged in memory (first: page 7, sectors 11, found by scrub on h2)',
      problems: kinds('memory-damaged'),
    },
  },
  {
    name: 'a lost write',
    log: logOf(
      from(300, () => ({ errors: 1 })),
      {
        damages: [{ ...damage, found: 'sum', expectedStamp: 8000, foundStamp: 7999 }],
      },
    ),
    expected: {
      integrity: '1 damaged in memory (first: the sum over all pages is 7999 and should be 8000)',
      problems: kinds('memory-damaged'),
    },
  },
  {
    name: 'damage whose own line was lost',
    log: logOf(from(300, () => ({ errors: 2 }))),
    expected: {
      integrity: '2 damaged in memory (the guest does not say which)',
      problems: kinds('memory-damaged'),
    },
  },
  {
    name: 'a torn line',
    log: logOf(
      forge().filter((beat) => beat.seq !== 100),
      { torn: [{ atMs: 72_000, host: 'h1', text: 'H 100 20' }] },
    ),
    expected: {
      heartbeat: '1 torn lines (first on h1: "H 100 20")',
      problems: kinds('torn-line'),
    },
  },
  {
    name: 'a sequence jump that no torn line explains',
    log: logOf(forge().filter((beat) => beat.seq < 300 || beat.seq > 302)),
    expected: {
      heartbeat: '3 beats are missing (first: from 299 to 303 on h2)',
      problems: kinds('sequence-jump'),
      gaps: [{ atMs: 76_020, ms: 80, fromHost: 'h2', toHost: 'h2' }],
      blackout: { atMs: 76_020, ms: 80, fromHost: 'h2', toHost: 'h2' },
    },
  },
  {
    name: "a guest's clock that jumps ahead",
    log: logOf(from(switchSeq, (beat) => ({ guestMs: beat.guestMs + 3_000 }))),
    expected: {
      heartbeat: "the guest's clock gained 2960 ms by beat 250 on h2",
      problems: kinds('clock-ahead'),
    },
  },
  {
    name: "a guest's clock that runs fast",
    log: logOf(from(300, (beat) => ({ guestMs: beat.guestMs + (beat.seq - 300) * 10 }))),
    expected: {
      heartbeat: expect.stringContaining("the guest's clock gained"),
      problems: kinds('clock-ahead'),
    },
  },
  {
    name: "a guest's clock that goes back",
    log: logOf(from(switchSeq, (beat) => ({ guestMs: beat.guestMs - 500 }))),
    expected: {
      integrity: 'guestMs went back from 4980 to 4500 at beat 250 on h2',
      problems: kinds('progress-went-back'),
    },
  },
  {
    name: 'a scrub that has not been round yet',
    log: logOf(from(300, () => ({ scrubbedPages: 3_400, scrubLap: 3 }))),
    expected: { verifiedWhole: false },
  },
  {
    name: "lines of two files that are read in the wrong order within the observer's disorder",
    log: logOf(from(0, (beat) => (beat.seq === switchSeq - 1 ? { atMs: 75_041 } : {}))),
    expected: {
      blackout: { atMs: 74_960, ms: 80, fromHost: 'h1', toHost: 'h2' },
      gaps: [{ atMs: 74_960, ms: 80, fromHost: 'h1', toHost: 'h2' }],
    },
  },
  {
    name: 'an observer that read nothing for two seconds and then all at once',
    log: logOf(
      forge().map((beat) => (beat.seq >= 100 && beat.seq < 200 ? { ...beat, atMs: 74_000 } : beat)),
    ),
    expected: { blackout: clean.blackout },
  },
  {
    name: 'an observer that slept through a long switch-over still sees its length',
    log: logOf(
      from(switchSeq, (beat) => ({ atMs: beat.atMs + 400 })).map((beat) =>
        beat.seq >= 240 && beat.seq < 260 ? { ...beat, atMs: 75_640 } : beat,
      ),
    ),
    expected: {
      blackout: expect.objectContaining({ ms: 460 }),
      gaps: [expect.objectContaining({ ms: 460 })],
    },
  },
  {
    name: 'an observer that was late and then read many beats at once',
    log: logOf(
      forge().map((beat) => ({
        ...beat,
        atMs: Math.max(beat.atMs, beat.seq < 225 && beat.seq >= 220 ? 74_480 : 0),
      })),
    ),
    expected: { blackout: clean.blackout },
  },
];

describe("a guest's story", () => {
  const migration = { startMs, endMs, untilMs };

  it('is clean when nothing happened but a short switch-over', () => {
    expect(analyse(logOf(forge()), migration)).toMatchObject(clean);
  });

  it.each(scenarios)('$name', ({ log, expected }) => {
    expect(analyse(log, migration)).toMatchObject({ ...clean, ...expected });
  });

  it('has a baseline: the time before the migration', () => {
    const { baseline } = analyse(logOf(forge()), migration);
    expect(baseline).toEqual({
      beats: 151,
      medianGapMs: 20,
      longestGapMs: 20,
      pagesPerSecond: 1000,
    });
  });

  it('has a baseline that leaves out what came before', () => {
    const earlier = forge().map((beat) =>
      beat.seq < 50 ? { ...beat, atMs: beat.atMs - 500 } : beat,
    );
    const { baseline } = analyse(logOf(earlier), { ...migration, undisturbedSinceMs: 71_000 });
    expect(baseline).toEqual({
      beats: 101,
      medianGapMs: 20,
      longestGapMs: 20,
      pagesPerSecond: 1000,
    });
    expect(analyse(logOf(earlier), migration).baseline.longestGapMs).toBe(520);
  });

  it('loses no work in a migration without a pause', () => {
    const unmoved = forge().map((beat) => ({ ...beat, atMs: 70_000 + beat.seq * 20, host: 'h1' }));
    const until = { ...migration, untilMs: unmoved.at(-1)?.atMs ?? 0 };
    expect(analyse(logOf(unmoved), until).lostWork).toEqual({ seconds: 0, share: 0 });
  });

  it('loses the work of the silences and of being slowed down', () => {
    const slowed = from(300, (beat) => ({ pages: 6_000 + (beat.seq - 300) * 10 }));
    const { lostWork } = analyse(logOf(slowed), migration);
    // 197 beats at half the rate, 40 ms of switch-over, 20 ms from the last beat to the end.
    expect(lostWork?.seconds).toBeCloseTo(197 * 0.01 + 0.04 + 0.02, 5);
    expect(lostWork?.share).toBeCloseTo(2.03 / 7, 5);
  });

  it('counts what a guest does not do after it fell silent', () => {
    const silent = forge().filter((beat) => beat.seq < switchSeq);
    expect(analyse(logOf(silent), migration).lostWork?.seconds).toBeCloseTo(5.02, 5);
  });

  it('knows of no lost work where there was none to lose', () => {
    const idle = forge().map((beat) => ({ ...beat, pages: 0, laps: 0 }));
    expect(analyse(logOf(idle), migration).lostWork).toBeUndefined();
  });

  it('is empty without beats', () => {
    expect(analyse(logOf([]), migration)).toMatchObject({
      blackout: undefined,
      integrity: 'unknown: the guest is silent',
      verifiedWhole: false,
      runsOn: [],
    });
  });
});
