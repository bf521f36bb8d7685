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

const staticArms = {
  'pre-copy': preCopy,
  'short-pause': { ...preCopy, maxDowntimeMs: 100 },
  'auto-converge': { ...preCopy, autoConverge: { initialPercent: 20, incrementPercent: 10 } },
  'post-copy': { ...preCopy, postCopyAfterFirstPass: true },
  'stop-and-copy': { ...preCopy, maxDowntimeMs: 600_000 },
} as const satisfies Record<StaticArmName, StaticArm>;

export interface StaticRun {
  readonly totalMs: number;
  readonly samples: readonly Sample[];
}

const readEveryMs = 60;
const cancelMs = 15_000;

/**
 * Migrates by the arm until it ends or `limitMs` have passed: then it is cancelled, and has taken
 * as long as the limit. Whether the guest arrived is seen on the hosts.
 */
export async function runStatic(
  name: StaticArmName,
  hosts: { readonly source: Host; readonly destination: Host },
  uuid: string,
  limitMs: number,
): Promise<StaticRun> {
  const { source, destination } = hosts;
  const arm: StaticArm = staticArms[name];
  const { autoConverge, postCopyAfterFirstPass } = arm;
  if (destination.peerAddress === undefined) throw new Error(`${destination.name} has no address`);
  await source.setMaxDowntime(uuid, arm.maxDowntimeMs);
  const startMs = performance.now();
  const elapsedMs = (): number => performance.now() - startMs;
  const ended = new AbortController();
  let endedAtMs: number | undefined;
  const call = source
    .migrate(uuid, {
      destinationUri: destination.peerAddress,
      postCopy: postCopyAfterFirstPass,
      autoConverge,
      bandwidthBytesPerSecond: undefined,
      persistent: false,
    })
    .finally(() => {
      endedAtMs = elapsedMs();
      ended.abort();
    });
  const failure = call.then(
    () => undefined,
    (error: unknown) => error,
  );
  const samples: Sample[] = [];
  let switched = false;
  let cancelled = false;
  while (!ended.signal.aborted) {
    const sample = await read(source, uuid, elapsedMs());
    if (sample !== undefined) samples.push(sample);
    if (postCopyAfterFirstPass && !switched && allSentOnce(sample)) {
      switched = await tried(() => source.startPostCopy(uuid));
    }
    if (!cancelled && !switched && elapsedMs() > limitMs) {
      cancelled = await tried(() => source.abortJob(uuid));
    }
    if (elapsedMs() > limitMs + cancelMs && !switched) throw new Error(`${name} cannot be ended`);
    await pause(readEveryMs, ended.signal);
  }
  const error = await failure;
  if (error !== undefined && !cancelled) {
    throw new Error(`${name} failed`, { cause: error });
  }
  return { totalMs: Math.min(endedAtMs ?? elapsedMs(), cancelled ? limitMs : Infinity), samples };
}

async function read(source: Host, uuid: string, atMs: number): Promise<Sample | undefined> {
  try {
    const reading = await source.readJob(uuid);
    return reading === undefined ? undefined : { ...reading.sample, atMs };
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

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
