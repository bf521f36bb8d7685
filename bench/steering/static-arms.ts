import { setTimeout as sleep } from 'node:timers/promises';
import type { Sample } from '../../src/forecast/telemetry.ts';
import type { Host, MigrateOptions } from '../../src/hypervisor/port.ts';

export const staticArmNames = [
  'pre-copy',
  'short-pause',
  'auto-converge',
  'post-copy',
  'stop-and-copy',
] as const;
export type StaticArmName = (typeof staticArmNames)[number];

/** A mechanism that is chosen at the start, with nobody who steers. */
interface StaticArm {
  readonly maxDowntimeMs: number;
  readonly autoConverge: MigrateOptions['autoConverge'];
  /** Switches to post-copy as soon as all memory has been sent once. */
  readonly postCopyAfterFirstPass: boolean;
}

/** QEMU's own default. */
export const defaultDowntimeMs = 300;
const preCopy: StaticArm = {
  maxDowntimeMs: defaultDowntimeMs,
  autoConverge: undefined,
  postCopyAfterFirstPass: false,
};

export const staticArms: Readonly<Record<StaticArmName, StaticArm>> = {
  'pre-copy': preCopy,
  'short-pause': { ...preCopy, maxDowntimeMs: 100 },
  'auto-converge': { ...preCopy, autoConverge: { initialPercent: 20, incrementPercent: 10 } },
  'post-copy': { ...preCopy, postCopyAfterFirstPass: true },
  'stop-and-copy': { ...preCopy, maxDowntimeMs: 600_000 },
};

export interface StaticRun {
  readonly totalMs: number;
  readonly samples: readonly Sample[];
}

const readEveryMs = 60;
/** Longer than a cancel takes, or the end of a post-copy. */
const endingMs = 60_000;

interface Hosts {
  readonly source: Host;
  readonly destination: Host;
}

/**
 * Migrates by the arm until it ends or `limitMs` have passed: then it is cancelled, and has taken
 * as long as the limit. Whether the guest arrived is seen on the hosts.
 */
export async function runStatic(
  name: StaticArmName,
  hosts: Hosts,
  uuid: string,
  limitMs: number,
): Promise<StaticRun> {
  const arm = staticArms[name];
  await hosts.source.setMaxDowntime(uuid, arm.maxDowntimeMs);
  const job = startJob(arm, hosts, uuid);
  const { samples, cancelled } = await watchJob(job, arm, limitMs);
  const { atMs, error } = await job.end;
  if (cancelled) return { totalMs: Math.min(atMs, limitMs), samples };
  if (error !== undefined) throw new Error(`${name} failed`, { cause: error });
  return { totalMs: atMs, samples };
}

/** A migration that runs. */
interface Job {
  readonly source: Host;
  readonly uuid: string;
  readonly ended: AbortSignal;
  /** When the call that carried it ended, and with what. */
  readonly end: Promise<{ readonly atMs: number; readonly error: unknown }>;
  readonly elapsedMs: () => number;
}

function startJob(arm: StaticArm, { source, destination }: Hosts, uuid: string): Job {
  const [way] = destination.ways;
  if (way === undefined) throw new Error(`${destination.name} has no address`);
  const ended = new AbortController();
  const startMs = performance.now();
  const elapsedMs = (): number => performance.now() - startMs;
  const endedWith = (error: unknown): { atMs: number; error: unknown } => {
    ended.abort();
    return { atMs: elapsedMs(), error };
  };
  const call = source.migrate(uuid, {
    way,
    postCopy: arm.postCopyAfterFirstPass,
    autoConverge: arm.autoConverge,
    bandwidthBytesPerSecond: undefined,
    persistent: false,
  });
  const end = call.then(() => endedWith(undefined), endedWith);
  return { source, uuid, ended: ended.signal, end, elapsedMs };
}

/** Reads the job until it ends, switches to post-copy where the arm does, and cancels what is late. */
async function watchJob(
  job: Job,
  { postCopyAfterFirstPass }: StaticArm,
  limitMs: number,
): Promise<{ readonly samples: readonly Sample[]; readonly cancelled: boolean }> {
  const { source, uuid } = job;
  const samples: Sample[] = [];
  let split = false;
  let cancelled = false;
  while (!job.ended.aborted) {
    const sample = await read(job);
    if (sample !== undefined) samples.push(sample);
    if (postCopyAfterFirstPass && !split && allSentOnce(sample)) {
      split = await tried(() => source.startPostCopy(uuid));
    }
    if (!split && !cancelled && job.elapsedMs() > limitMs) {
      cancelled = await tried(() => source.abortJob(uuid));
    }
    if (job.elapsedMs() > limitMs + endingMs) throw new Error('a migration does not end');
    await sleep(readEveryMs, undefined, { signal: job.ended }).catch(() => undefined);
  }
  return { samples, cancelled };
}

async function read({ source, uuid, elapsedMs }: Job): Promise<Sample | undefined> {
  try {
    const reading = await source.readJob(uuid);
    return reading === undefined ? undefined : { ...reading.sample, atMs: elapsedMs() };
  } catch {
    // A reading that comes too early or too late is none.
    return undefined;
  }
}

function allSentOnce(sample: Sample | undefined): boolean {
  if (sample === undefined || sample.phase !== 'pre-copy') return false;
  const sentBytes = (sample.normalPages + sample.constantPages) * sample.pageSizeBytes;
  return sentBytes >= sample.memoryTotalBytes;
}

/** A request in the instant of the switch-over is refused: the next reading shows what happened. */
async function tried(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch {
    return false;
  }
}
