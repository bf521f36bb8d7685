import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { analyse } from '../../src/lab/guest/index.ts';
import type { EventRow } from '../../src/store/rows.ts';
import { guestIn } from '../../tests/faults/matrix.ts';
import { isSplit, until } from '../../tests/faults/phase.ts';
import { setTheatre, type Theatre } from '../../tests/faults/theatre.ts';
import { wholeReport } from '../../tests/guest/whole.ts';
import { whenInterrupted } from '../interrupted.ts';
import { quantilesOf } from '../scale/quantiles.ts';

/** How soon a broken post-copy is seen, and runs again; see README.md. */
const quick = process.argv.includes('--quick');
const breaksEach = 5;
const migrations = quick ? 2 : 6;
const linkBits = 200e6;
/** So slow that it breaks so often before its end. */
const slowBits = 40e6;
const longestCheckMs = 60_000;
/** So long it has been in post-copy before it is broken, ms: see docs/safety.md on the first moments. */
const settledMs = 500;
/** What "at once" is to mean, ms. */
const aimMs = 2_000;

/** Of one break, ms from its moment. */
interface Broken {
  readonly seenMs: number;
  readonly resumedMs: number;
  /** The guest's longest silence from the break until it was resumed. */
  readonly silenceMs: number;
}

interface Ride {
  readonly breaks: readonly Broken[];
  readonly wrong: readonly string[];
}

const rides: Ride[] = [];
for (let ride = 0; ride < migrations; ride += 1) rides.push(await oneRide());
const all = rides.flatMap(({ breaks }) => breaks);
const wrong = rides.flatMap((ride) => ride.wrong);
console.log('| from the break until | half within, ms | all within, ms |');
console.log('|---|---|---|');
const seen = row('Drover knows', ({ seenMs }) => seenMs);
const resumed = row('it has been resumed', ({ resumedMs }) => resumedMs);
const silent = row('the guest is heard again, at most', ({ silenceMs }) => silenceMs);
for (const line of wrong) console.log(line);
console.log(
  `breaks ${all.length} seen_p50_ms ${seen.p50} seen_max_ms ${seen.max} resumed_p50_ms ${resumed.p50} resumed_max_ms ${resumed.max} silence_max_ms ${silent.max} wrong ${wrong.length} aim ${all.length > 0 && seen.max <= aimMs ? 'reached' : 'missed'}`,
);
process.exitCode = wrong.length === 0 ? 0 : 1;

function row(what: string, of: (one: Broken) => number): { p50: number; max: number } {
  const values = all.map(of);
  const p50 = Math.round(quantilesOf(values).p50);
  const max = Math.round(Math.max(0, ...values));
  console.log(`| ${what} | ${p50} | ${max} |`);
  return { p50, max };
}

async function oneRide(): Promise<Ride> {
  const dir = await mkdtemp(join(tmpdir(), 'drover-recovery-'));
  const guest = guestIn['post-copy'];
  const theatre = await setTheatre({ dir, linkBits, guest, postgres: false });
  const forget = whenInterrupted(() => theatre.down());
  try {
    return await ridden(theatre);
  } finally {
    await theatre.down();
    forget();
  }
}

async function ridden(theatre: Theatre): Promise<Ride> {
  const { lab, watcher } = theatre;
  await pause(1_500);
  const startMs = performance.now();
  const id = await theatre.ask();
  await until(() => isSplit(theatre, id));
  for (const { name } of lab.hosts) await lab.shape(name, slowBits);
  const breaks: Broken[] = [];
  while (breaks.length < breaksEach) {
    await pause(settledMs);
    if (!(await isSplit(theatre, id))) break;
    breaks.push(await breakOnce(theatre, id));
  }
  for (const { name } of lab.hosts) await lab.shape(name, linkBits);
  await until(async () => (await theatre.row(id))?.endedAt !== undefined);
  const endMs = performance.now();
  const report = await wholeReport(watcher, { startMs, endMs }, longestCheckMs);
  const { integrity, onePlace, verifiedWhole, runsOn } = report;
  const phase = (await theatre.row(id))?.phase;
  const whole = integrity === 'ok' && onePlace === 'ok' && verifiedWhole && runsOn.join() === 'h2';
  const wrongHere =
    whole && phase === 'completed' ? [] : [`${id}: ${phase}, ${integrity}, on ${runsOn.join()}`];
  return { breaks, wrong: wrongHere };
}

async function breakOnce(theatre: Theatre, id: string): Promise<Broken> {
  const { lab, watcher } = theatre;
  const last = (await phases(theatre, id)).length;
  const at = { wallMs: Date.now(), ms: performance.now() };
  await lab.breakMigrationConnection('h1');
  await until(async () => (await phases(theatre, id)).length >= last + 2, 20);
  const [broke, back] = (await phases(theatre, id)).slice(last);
  if (broke === undefined || back === undefined || phaseOf(broke) !== 'recovering')
    throw new Error(`after a break came ${[broke, back].map((one) => one && phaseOf(one)).join()}`);
  const resumedMs = back.at - at.wallMs;
  await pause(settledMs);
  const window = { startMs: at.ms, endMs: at.ms + resumedMs, untilMs: performance.now() };
  const silenceMs = analyse(watcher.log, window).blackout?.ms ?? 0;
  return { seenMs: broke.at - at.wallMs, resumedMs, silenceMs };
}

async function phases({ store }: Theatre, id: string): Promise<readonly EventRow[]> {
  const events = await store.read((kept) => kept.events.after(0, 1_000));
  return (events ?? []).filter(({ subject, type }) => subject === id && type === 'migration.phase');
}

function phaseOf({ data }: EventRow): unknown {
  return typeof data === 'object' && data !== null && 'phase' in data ? data.phase : undefined;
}
