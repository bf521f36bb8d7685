import { setTimeout as pause } from 'node:timers/promises';
import { analyse, type GuestReport } from '../../src/lab/guest/index.ts';
import { type MigrationRow, unended } from '../../src/store/rows.ts';
import { wholeReport } from '../guest/whole.ts';
import { type Cell, type Fault, guestIn, linkBits, NotReached, type Phase } from './matrix.ts';
import { isAcross, reach } from './phase.ts';
import { type Strike, tooLate } from './strike.ts';
import { setTheatre, type Theatre } from './theatre.ts';

/** What must finish is tried again for some six minutes, and no longer. */
const longestEndMs = 420_000;
/** A round of checks takes the guest some seconds; on a machine under load, more. */
const longestCheckMs = 40_000;
const mostEvents = 1_000;
const undisturbedMs = 1_500;

/** What became of a guest when something broke. */
export interface Found {
  readonly phase: Phase;
  readonly fault: string;
  /**
   * `kept`: it runs in one place, whole, as told. `lost`: as physics has it, and told. `halted`: it
   * stands still at its source, that is told, and it is whole when a person resumes it there.
   */
  readonly verdict: 'kept' | 'lost' | 'halted' | 'wrong';
  /** What is wrong, in words; `undefined`: nothing. */
  readonly problem: string | undefined;
  /** What was told in the end, and where the guest beat. */
  readonly told: string;
  readonly runsOn: readonly string[];
  /** The guest's longest silence, ms. */
  readonly longestStallMs: number;
  /** From the fault's beginning until the end was told, ms; `undefined`: it was told before. */
  readonly truthMs: number | undefined;
  /** How often post-copy broke. */
  readonly breaks: number;
}

/** Tried so often: a guest on a loaded machine may slip through a phase. */
const attempts = 3;

/** `playCell`, again where the guest slipped through the phase. `newFolder`: for each attempt its own. */
export async function playSurely(cell: Cell, newFolder: () => Promise<string>): Promise<Found> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await playCell(cell, await newFolder());
    } catch (error) {
      if (!(error instanceof NotReached) || attempt >= attempts) throw error;
    }
  }
}

/** Has the fault happen in the phase, on real hosts, and judges by the guest's own heartbeats. */
async function playCell({ phase, fault }: Cell, dir: string): Promise<Found> {
  const theatre = await setTheatre({
    dir,
    linkBits: linkBits(),
    guest: guestIn[phase],
    postgres: fault.postgres === true,
  });
  try {
    await pause(undisturbedMs);
    const startMs = performance.now();
    const { id, faultAtMs, meanwhile, struck } = await disturb(theatre, phase, fault);
    const mayHalt = fault.halts?.[phase] !== undefined;
    const row = await ended(theatre, id, mayHalt);
    if (struck !== undefined) await seeToIt(theatre, row, { phase, ...struck });
    const halted = mayHalt && row.phase === 'unknown';
    if (halted) await resumeByHand(theatre);
    const endMs = performance.now();
    const dies = fault.physics?.[phase] !== undefined;
    await pause(undisturbedMs);
    const report = await wholeReport(
      theatre.watcher,
      { startMs, endMs },
      dies ? 0 : longestCheckMs,
    );
    const told = halted ? { ...row, phase: 'failed-safe' as const } : row;
    const problem = meanwhile ?? problemWith(told, report, phase, dies);
    return {
      phase,
      fault: fault.name,
      verdict: problem !== undefined ? 'wrong' : dies ? 'lost' : halted ? 'halted' : 'kept',
      problem,
      told: row.error === undefined ? row.phase : `${row.phase} (${row.error.code})`,
      runsOn: report.runsOn,
      longestStallMs: Math.round(Math.max(0, ...report.gaps.map(({ ms }) => ms))),
      truthMs: phase === 'just completed' ? undefined : Math.round(endMs - faultAtMs),
      breaks: row.end?.postCopyBreaks ?? 0,
    };
  } finally {
    await theatre.down();
  }
}

interface Disturbed {
  readonly id: string;
  readonly faultAtMs: number;
  /** What was said wrongly while the fault lasted. */
  readonly meanwhile: string | undefined;
  /** When the fault had begun, and what the hosts showed then; `undefined`: nothing moved yet. */
  readonly struck: Pick<Strike, 'atMs' | 'wallMs' | 'whole'> | undefined;
}

async function disturb(theatre: Theatre, phase: Phase, fault: Fault): Promise<Disturbed> {
  if (phase === 'before start') {
    const faultAtMs = performance.now();
    await fault.begin(theatre);
    const asking = theatre.ask();
    const meanwhile = await outlast(theatre, fault, () => undefined);
    return { id: await asking, faultAtMs, meanwhile, struck: undefined };
  }
  const id = await theatre.ask();
  const uuid = await reach(theatre, id, phase);
  const faultAtMs = performance.now();
  await fault.begin(theatre);
  const struck = { atMs: performance.now(), wallMs: Date.now() };
  const whole = await isAcross(theatre, uuid);
  const meanwhile = await outlast(theatre, fault, () => theatre.row(id));
  return { id, faultAtMs, meanwhile, struck: { ...struck, whole } };
}

/** Throws where the phase was over before the fault had begun: then the cell says nothing. */
async function seeToIt(
  { watcher, store }: Theatre,
  { id, startedAt }: MigrationRow,
  strike: Pick<Strike, 'phase' | 'atMs' | 'wallMs' | 'whole'>,
): Promise<void> {
  const told = await store.read(async ({ migrations, events }) => ({
    samples: (await migrations.chapters(id)).samples,
    events: (await events.after(0, mostEvents)).filter(({ subject }) => subject === id),
  }));
  if (told === undefined) throw new Error('the store did not come back');
  const late = tooLate({ ...strike, ...told, startedAt, beats: watcher.log.beats });
  if (late !== undefined) throw new NotReached(`${strike.phase} was over: ${late}`);
}

/** Until the fault is over; what lasts for good is looked at before it is ended. */
async function outlast(
  theatre: Theatre,
  fault: Fault,
  rowNow: () => Promise<MigrationRow | undefined> | undefined,
): Promise<string | undefined> {
  await pause(fault.lastsMs);
  const row = fault.forGood === true ? await rowNow() : undefined;
  const untilMs = performance.now();
  const sinceMs = untilMs - fault.lastsMs;
  const { runsOn } = analyse(theatre.watcher.log, { startMs: sinceMs, endMs: untilMs, untilMs });
  await fault.end?.(theatre);
  return row === undefined ? undefined : wrongMeanwhile(row, runsOn);
}

/** What is said to have ended while nothing could be done has to be so already. */
function wrongMeanwhile({ phase, endedAt }: MigrationRow, runsOn: readonly string[]) {
  if (phase === 'unknown' || phase === 'lost') return `meanwhile it was said to be ${phase}`;
  const told = phase === 'completed' ? 'h2' : 'h1';
  if (endedAt === undefined || runsOn.includes(told)) return undefined;
  return `meanwhile it was said to be ${phase}, and ran on ${runsOn.join(' and ') || 'no host'}`;
}

async function resumeByHand({ lab, guest }: Theatre): Promise<void> {
  const { code, stderr } = await lab.exec('h1', ['virsh', 'resume', guest]);
  if (code !== 0) throw new Error(`it could not be resumed by hand: ${stderr}`);
}

/** The row when its end is told; of one that is unknown it is waited for what shows, unless it may halt. */
async function ended(theatre: Theatre, id: string, mayHalt: boolean): Promise<MigrationRow> {
  const untilMs = performance.now() + longestEndMs;
  for (;;) {
    const row = await theatre.row(id);
    if (row !== undefined && mayHalt && row.phase === 'unknown') return row;
    const live = row === undefined || unended.some((phase) => phase === row.phase);
    if (!live) return row;
    if (performance.now() > untilMs) {
      if (row !== undefined) return row;
      throw new Error('the store did not come back');
    }
    await pause(100);
  }
}

/** What the guest's own heartbeats say against what was told; `undefined`: nothing. */
function problemWith(
  row: MigrationRow,
  { runsOn, integrity, onePlace, verifiedWhole }: GuestReport,
  phase: Phase,
  dies: boolean,
): string | undefined {
  if (onePlace !== 'ok') return `not in one place: ${onePlace}`;
  if (dies) return problemWithLost(row, runsOn, phase);
  if (integrity !== 'ok') return `not whole: ${integrity}`;
  const told = row.phase === 'completed' ? 'h2' : 'h1';
  const said = ['completed', 'failed-safe', 'stayed', 'aborted'].includes(row.phase);
  const where = runsOn.join(' and ') || 'no host';
  if (!said) return `said to be ${row.phase}, it runs on ${where}`;
  if (runsOn.length !== 1 || runsOn[0] !== told)
    return `said to run on ${told} (${row.phase}), it runs on ${where}`;
  return verifiedWhole ? undefined : 'its memory was not checked whole in time';
}

/** Who dies before or after it moves is no loss of the migration: that has another end. */
function problemWithLost(
  row: MigrationRow,
  runsOn: readonly string[],
  phase: Phase,
): string | undefined {
  if (runsOn.length > 0) return `it runs on ${runsOn.join(' and ')}, and should be gone`;
  const ends: Readonly<Partial<Record<Phase, string>>> = {
    'before start': 'failed-safe',
    'just completed': 'completed',
  };
  const expected = ends[phase] ?? 'lost';
  return row.phase === expected ? undefined : `it is gone, and said to be ${row.phase}`;
}
