import type { Sample } from '../../src/forecast/telemetry.ts';
import { type Clock, systemClock } from '../../src/hypervisor/clock.ts';
import type { Host, MigrateOptions } from '../../src/hypervisor/port.ts';
import { migratePacked, type Packing } from './packed.ts';

/** What is asked of a migration that runs. */
export type Act =
  | { readonly kind: 'set-downtime'; readonly ms: number }
  | { readonly kind: 'post-copy' }
  | { readonly kind: 'set-post-copy-speed'; readonly bytesPerSecond: number }
  | { readonly kind: 'abort' };

/** How a migration is begun, and what is done upon what is read of it. */
export interface Driver {
  readonly maxDowntimeMs: number;
  readonly postCopy: boolean;
  readonly autoConverge: MigrateOptions['autoConverge'];
  /** As it is, where it is left out. Never together with post-copy: QEMU 11.1 hangs. */
  readonly packing?: Packing | undefined;
  readonly readEveryMs: number;
  readonly step: (sample: Sample) => readonly Act[];
}

export interface Driven {
  readonly totalMs: number;
  readonly samples: readonly Sample[];
}

/** Longer than a cancel takes, or the end of a post-copy. */
const endingMs = 60_000;

export interface Hosts {
  readonly source: Host;
  readonly destination: Host;
}

/**
 * Migrates until it ends or `limitMs` have passed: then it is cancelled, and has taken as long as
 * the limit. Whether the guest arrived is seen on the hosts. Rejects where the call fails though
 * nobody cancelled it.
 */
export async function drive(
  driver: Driver,
  hosts: Hosts,
  uuid: string,
  limitMs: number,
  clock: Clock = systemClock,
): Promise<Driven> {
  await hosts.source.setMaxDowntime(uuid, driver.maxDowntimeMs);
  const job = startJob(driver, hosts, uuid, clock);
  const { samples, cancelled } = await watchJob(job, driver, limitMs);
  const { atMs, error } = await job.end;
  if (cancelled) return { totalMs: Math.min(atMs, limitMs), samples };
  if (error !== undefined) throw new Error('the migration failed', { cause: error });
  return { totalMs: atMs, samples };
}

/** A migration that runs. */
interface Job {
  readonly clock: Clock;
  readonly source: Host;
  readonly uuid: string;
  readonly ended: AbortSignal;
  /** When the call that carried it ended, and with what. */
  readonly end: Promise<{ readonly atMs: number; readonly error: unknown }>;
  readonly elapsedMs: () => number;
}

function startJob(driver: Driver, { source, destination }: Hosts, uuid: string, clock: Clock): Job {
  const [way] = destination.ways;
  if (way === undefined) throw new Error(`${destination.name} has no address`);
  const ended = new AbortController();
  const startMs = clock.nowMs();
  const elapsedMs = (): number => clock.nowMs() - startMs;
  const endedWith = (error: unknown): { atMs: number; error: unknown } => {
    ended.abort();
    return { atMs: elapsedMs(), error };
  };
  const { postCopy, autoConverge, packing } = driver;
  const bandwidthBytesPerSecond = undefined;
  const options = { way, postCopy, autoConverge, bandwidthBytesPerSecond, persistent: false };
  const call =
    packing === undefined
      ? source.migrate(uuid, options)
      : migratePacked(source, uuid, options, packing);
  const end = call.then(() => endedWith(undefined), endedWith);
  return { clock, source, uuid, ended: ended.signal, end, elapsedMs };
}

/** Reads the job until it ends, does what the driver asks, and cancels what is late. */
async function watchJob(
  job: Job,
  { readEveryMs, step }: Driver,
  limitMs: number,
): Promise<{ readonly samples: readonly Sample[]; readonly cancelled: boolean }> {
  const samples: Sample[] = [];
  let split = false;
  let cancelled = false;
  while (!job.ended.aborted) {
    const sample = await read(job);
    if (sample !== undefined) samples.push(sample);
    for (const act of sample === undefined || cancelled ? [] : step(sample)) {
      const done = await tried(job, act);
      if (act.kind === 'post-copy') split ||= done;
      if (act.kind === 'abort') cancelled ||= done;
    }
    if (!split && !cancelled && job.elapsedMs() > limitMs) {
      cancelled = await tried(job, { kind: 'abort' });
    }
    if (job.elapsedMs() > limitMs + endingMs) throw new Error('a migration does not end');
    await job.clock.sleep(readEveryMs, job.ended);
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

/** A request in the instant of the switch-over is refused: the next reading shows what happened. */
async function tried({ source, uuid }: Job, act: Act): Promise<boolean> {
  try {
    if (act.kind === 'set-downtime') await source.setMaxDowntime(uuid, act.ms);
    else if (act.kind === 'post-copy') await source.startPostCopy(uuid);
    else if (act.kind === 'set-post-copy-speed')
      await source.setPostCopySpeed(uuid, act.bytesPerSecond);
    else await source.abortJob(uuid);
    return true;
  } catch {
    return false;
  }
}
