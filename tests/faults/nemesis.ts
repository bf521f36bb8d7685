import { setTimeout as pause } from 'node:timers/promises';
import { randomFrom } from '../../src/hypervisor/simulated-random.ts';
import type { GuestReport } from '../../src/lab/guest/index.ts';
import type { Lab } from '../../src/lab/index.ts';
import { type MigrationRow, unended } from '../../src/store/rows.ts';
import { wholeReport } from '../guest/whole.ts';
import type { SimpleGuest } from './guests.ts';
import { type Fault, faults, linkBits, NotReached } from './matrix.ts';
import { add, request, type Site, type StoreSite, setSite, watch } from './theatre.ts';

/** What nobody disturbs any more must have ended within this. */
const longestPeaceMs = 420_000;
const longestCheckMs = 60_000;
const longestGapMs = 4_000;

const actors: Readonly<Record<string, SimpleGuest>> = {
  quiet: {
    slaClass: 'panda',
    importance: 'medium',
    memoryMiB: 64,
    workload: 'random:rate=1MiB/s,set=8MiB,scrub=3s',
  },
  furious: {
    slaClass: 'cattle',
    importance: 'high',
    memoryMiB: 96,
    workload: 'random:rate=60MiB/s,set=64MiB,scrub=3s',
  },
  stubborn: {
    slaClass: 'pet',
    importance: 'low',
    memoryMiB: 64,
    workload: 'random:rate=40MiB/s,set=48MiB,scrub=3s',
  },
};

/** What came of a while in which something broke all the time. */
export interface Survived {
  readonly faults: readonly string[];
  readonly migrations: readonly MigrationRow[];
  /** What is not as it was told, in words. */
  readonly wrong: readonly string[];
}

/** Breaks what can break without killing a guest, one thing after another, as the seed has it. */
export async function haunt(dir: string, forMs: number, seed: number): Promise<Survived> {
  const stack = new AsyncDisposableStack();
  try {
    const site = await setSite(stack, { dir, linkBits: linkBits(), postgres: false });
    const { lab, store, controller } = site;
    const watchers = Object.keys(actors).map((name) => ({
      name,
      watcher: watch(stack, lab, name),
    }));
    for (const [name, guest] of Object.entries(actors)) await add(lab, name, guest);
    await controller.begin();
    await pause(2_000);
    const startMs = performance.now();
    const happened = await disturb({ ...site, guest: 'furious' }, forMs, seed);
    await untilPeace(store);
    const endMs = performance.now();
    const migrations = await everything(store);
    const wrong = migrations.flatMap(wrongEnd);
    for (const { name, watcher } of watchers) {
      const report = await wholeReport(watcher, { startMs, endMs }, longestCheckMs);
      wrong.push(...wrongGuest(name, report), ...wrongPlace(name, report.runsOn, migrations));
    }
    return { faults: happened, migrations, wrong };
  } finally {
    await stack.disposeAsync();
  }
}

function wrongGuest(
  name: string,
  { integrity, onePlace, verifiedWhole }: GuestReport,
): readonly string[] {
  if (integrity === 'ok' && onePlace === 'ok' && verifiedWhole) return [];
  const whole = verifiedWhole ? 'all checked' : 'not all checked in time';
  return [`${name}: integrity ${integrity}, one place ${onePlace}, ${whole}`];
}

/** No guest was killed: each migration has to say where its guest ran after it. */
function wrongEnd({ id, phase }: MigrationRow): readonly string[] {
  const placed = ['completed', 'failed-safe', 'stayed', 'aborted'].includes(phase);
  return placed ? [] : [`${id} is said to be ${phase}`];
}

async function disturb(site: Site, forMs: number, seed: number): Promise<readonly string[]> {
  const random = randomFrom(seed);
  const harmless = faults.filter(
    ({ physics, forGood, postgres }) =>
      physics === undefined && forGood === undefined && postgres === undefined,
  );
  const happened: string[] = [];
  const untilMs = performance.now() + forMs;
  while (performance.now() < untilMs) {
    await askAgain(site);
    await pause(random() * longestGapMs);
    const fault = harmless[Math.floor(random() * harmless.length)];
    if (fault === undefined) continue;
    happened.push(fault.name);
    await befall(site, fault);
  }
  return happened;
}

async function befall(site: Site, fault: Fault): Promise<void> {
  try {
    await fault.begin(site);
  } catch (error) {
    // Nothing was there that could break so: nothing moved just then.
    if (error instanceof NotReached) return;
    throw error;
  }
  await pause(fault.lastsMs);
  await fault.end?.(site);
}

/** Every guest that does not move is asked to move to the other host. */
async function askAgain({ store, lab }: Site): Promise<void> {
  const all = await everything(store);
  const moving = new Set(unendedOf(all).map(({ vm }) => vm));
  for (const [vm, { importance }] of Object.entries(actors)) {
    if (moving.has(vm)) continue;
    const from = await hostOf(lab, vm);
    if (from === undefined) continue;
    await request(store, { vm, from, to: from === 'h1' ? 'h2' : 'h1', importance });
  }
}

async function hostOf(lab: Lab, vm: string): Promise<string | undefined> {
  for (const { name } of lab.hosts) {
    const { stdout } = await lab.exec(name, ['virsh', '-q', 'list', '--state-running', '--name']);
    if (stdout.split('\n').some((line) => line.trim() === vm)) return name;
  }
  return undefined;
}

/** The last migration of a guest says where it is. */
function wrongPlace(
  name: string,
  runsOn: readonly string[],
  migrations: readonly MigrationRow[],
): readonly string[] {
  const [last] = migrations
    .filter(({ vm }) => vm === name)
    .toSorted((a, b) => (a.id < b.id ? 1 : -1));
  if (last === undefined) return [`${name} was never moved`];
  const told = last.phase === 'completed' ? last.to : last.from;
  const where = runsOn.join(' and ') || 'no host';
  return runsOn.length === 1 && runsOn[0] === told
    ? []
    : [`${last.id} (${last.phase}) says that ${name} runs on ${told}: it beats on ${where}`];
}

function unendedOf(all: readonly MigrationRow[]): readonly MigrationRow[] {
  return all.filter((row) => unended.some((phase) => phase === row.phase));
}

/** A store that is away is asked again. */
async function everything(store: StoreSite): Promise<readonly MigrationRow[]> {
  for (;;) {
    const page = await store.read((kept) => kept.migrations.list({}, { limit: 500 }));
    if (page !== undefined) return page.items;
    await pause(250);
  }
}

async function untilPeace(store: StoreSite): Promise<void> {
  const untilMs = performance.now() + longestPeaceMs;
  while (performance.now() < untilMs) {
    if (unendedOf(await everything(store)).length === 0) return;
    await pause(500);
  }
}
