import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, emptyConfig } from '../../src/fleet/config.ts';
import {
  addGuest,
  type GuestReport,
  type HeartbeatWatcher,
  parseWorkload,
  removeGuest,
  watchGuest,
} from '../../src/lab/guest/index.ts';
import { configEntryOf, createLab, downLab, type Lab } from '../../src/lab/index.ts';
import type { RunEvent } from '../../src/migration/events.ts';
import type { MigrateRequest } from '../../src/migration/request.ts';
import type { MigrationResult } from '../../src/migration/result.ts';
import { migrateVm } from '../../src/migration/service.ts';
import type { Exclusion } from '../../src/policy/exclusions.ts';
import type { SlaClass } from '../../src/policy/vocabulary.ts';
import { wholeReport } from '../guest/whole.ts';

const mib = 2 ** 20;
/** How long a guest is watched undisturbed before and after its migration, ms. */
const undisturbedMs = 1_500;
const settledMs = 1_200;
/** A round of checks takes the guest some seconds; on a machine under load, more. */
const longestCheckMs = 30_000;

/** Some 35 MiB/s. */
const linkBits = 300e6;
/** Far less than a furious guest writes, and than fits into its pause: on a busy machine, too. */
export const slowBits = 120e6;

/** Two real hosts on a link of 300 Mbit/s. */
export interface Stage {
  readonly lab: Lab;
  readonly config: Config;
  down(): Promise<void>;
}

export async function setStage(): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'drover-migration-'));
  const lab = await createLab({ dir, hosts: 2, link: linkBits });
  const hosts = Object.fromEntries(
    lab.hosts.map((host) => [host.name, { ...configEntryOf(host), postCopy: 'allowed' as const }]),
  );
  const down = async (): Promise<void> => {
    await downLab(dir);
    await rm(dir, { recursive: true, force: true });
  };
  return { lab, config: { ...emptyConfig, hosts }, down };
}

/** The same configuration with other settings of every host. */
export function withHosts(config: Config, settings: Partial<Config['hosts'][string]>): Config {
  const hosts = Object.entries(config.hosts).map(
    ([name, host]) => [name, { ...host, ...settings }] as const,
  );
  return { ...config, hosts: Object.fromEntries(hosts) };
}

/** The same configuration with post-copy forbidden on every host. */
export function withoutPostCopy(config: Config): Config {
  return withHosts(config, { postCopy: 'forbidden' });
}

export interface Act {
  readonly name: string;
  readonly slaClass: SlaClass;
  readonly never?: readonly Exclusion[];
  readonly workload: string;
  readonly memoryMiB?: number;
  /** What the link carries for it, bit/s; by default what the stage has. */
  readonly linkBits?: number;
  readonly request?: Pick<MigrateRequest, 'importance' | 'reason'>;
  /** What is done when the first of these phases is told. */
  readonly onEvent?: (event: RunEvent, cancel: () => void) => void;
  readonly config?: Config;
  /** What it may take of the link until it is begun, bytes/s; all of it from then on. */
  readonly beginsWithBytesPerSecond?: number;
}

export interface Played {
  readonly result: MigrationResult;
  readonly report: GuestReport;
  readonly events: readonly RunEvent[];
}

/** Starts the guest on h1, moves it to h2, watches it from outside all the while, and ends it. */
export async function play(stage: Stage, act: Act): Promise<Played> {
  let cancelled = false;
  const cancel = (): void => {
    cancelled = true;
  };
  let shareBytesPerSecond = act.beginsWithBytesPerSecond;
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent): void => {
    events.push(event);
    if (event.kind === 'phase') shareBytesPerSecond = undefined;
    act.onEvent?.(event, cancel);
  };
  return withGuest(stage, act, async (watcher) => {
    await pause(undisturbedMs);
    const startMs = performance.now();
    const request = { vm: act.name, from: 'h1', to: 'h2', ...act.request };
    const letGo = new AbortController().signal;
    const watching = { onEvent, letGo, orders: () => ({ cancelled, shareBytesPerSecond }) };
    const result = await migrateVm(request, act.config ?? stage.config, watching);
    const endMs = performance.now();
    await pause(settledMs);
    const report = await wholeReport(watcher, { startMs, endMs }, longestCheckMs);
    return { result, report, events };
  });
}

/** Has a guest on h1 for as long as the work lasts. */
export async function withGuest<T>(
  { lab }: Stage,
  act: Pick<Act, 'name' | 'slaClass' | 'never' | 'workload' | 'memoryMiB' | 'linkBits'>,
  work: (watcher: HeartbeatWatcher) => Promise<T>,
): Promise<T> {
  const watcher = watchGuest(lab.hosts, act.name);
  try {
    await shapeLinks(lab, act.linkBits ?? linkBits);
    await addGuest(lab.host('h1'), {
      name: act.name,
      class: act.slaClass,
      never: act.never ?? [],
      kind: 'beat',
      memoryBytes: (act.memoryMiB ?? 64) * mib,
      workload: parseWorkload(act.workload),
    });
    await watcher.nextBeat(() => true, 20_000);
    return await work(watcher);
  } finally {
    watcher.stop();
    await end(lab, act.name);
  }
}

async function shapeLinks(lab: Lab, bits: number): Promise<void> {
  for (const { name } of lab.hosts) await lab.shape(name, bits);
}

/** Ends the guest wherever it is. */
async function end(lab: Lab, name: string): Promise<void> {
  const ends = lab.hosts.map((host) => removeGuest(host, name));
  await Promise.allSettled(ends);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
