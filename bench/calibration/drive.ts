import type { Sample } from '../../src/forecast/telemetry.ts';
import type { Clock } from '../../src/hypervisor/clock.ts';
import type { Host, MigrateOptions } from '../../src/hypervisor/port.ts';
import { type Deed, deedAfterMs, limitMs, type Scene } from './scenes.ts';

/** What a migration came to. The blackout is what the guest felt. */
export interface Figures {
  /** From the call to its end. */
  readonly totalMs: number;
  readonly sentBytes: number;
  readonly blackoutMs: number;
  /** Looks for dirty pages. */
  readonly syncs: number;
  /** From the call to the first memory on its way. */
  readonly setupMs: number;
}

export type Driven = Omit<Figures, 'blackoutMs'>;

const readEveryMs = 50;
const longestMs = 60_000;
const freezeMs = 600_000;

/** Moves the guest as the scene says: the same way on real hosts and on simulated ones. */
export async function drive(
  hosts: { readonly source: Host; readonly destination: Host },
  uuid: string,
  scene: Scene,
  linkMbitPerSecond: number,
  clock: Clock,
): Promise<Driven> {
  const { source, destination } = hosts;
  await source.setMaxDowntime(uuid, limitMs(scene, linkMbitPerSecond));
  const startMs = clock.nowMs();
  const ended = new AbortController();
  let endMs = startMs;
  const call = source.migrate(uuid, optionsOf(scene, destination)).finally(() => {
    endMs = clock.nowMs();
    ended.abort();
  });
  call.catch(() => undefined);
  const samples = await watch(source, uuid, scene, linkMbitPerSecond, clock, ended.signal);
  await call;
  const completed = await destination.readCompletedJob(uuid).catch(() => undefined);
  const last = samples.at(-1);
  return {
    totalMs: endMs - startMs,
    sentBytes: completed?.sentBytes ?? last?.memorySentBytes ?? 0,
    syncs: last?.iteration ?? 0,
    setupMs: samples[0]?.atMs ?? 0,
  };
}

/** Reads the job until its call has ended, and does what the scene asks for when it is time. */
async function watch(
  source: Host,
  uuid: string,
  scene: Scene,
  linkMbitPerSecond: number,
  clock: Clock,
  ended: AbortSignal,
): Promise<readonly Sample[]> {
  const startMs = clock.nowMs();
  const samples: Sample[] = [];
  let done = scene.deed === 'nothing';
  while (!ended.aborted) {
    const atMs = clock.nowMs() - startMs;
    if (atMs > longestMs) await giveUp(source, uuid, scene.name);
    const sample = await read(source, uuid, atMs);
    if (sample !== undefined && sample.phase !== 'setup') samples.push(sample);
    const [first] = samples;
    const dueMs = (first?.atMs ?? Infinity) + deedAfterMs(linkMbitPerSecond);
    if (!done && atMs >= dueMs) {
      await perform(scene.deed, source, uuid);
      done = true;
    }
    await clock.sleep(readEveryMs, ended);
  }
  return samples;
}

function optionsOf({ postCopy }: Scene, { name, ways: [way] }: Host): MigrateOptions {
  if (way === undefined) throw new Error(`${name} has no address`);
  return {
    way,
    postCopy,
    autoConverge: undefined,
    bandwidthBytesPerSecond: undefined,
    persistent: false,
  };
}

async function read(host: Host, uuid: string, atMs: number): Promise<Sample | undefined> {
  try {
    const reading = await host.readJob(uuid);
    return reading === undefined ? undefined : { ...reading.sample, atMs };
  } catch {
    // A reading that comes too early or too late is none.
    return undefined;
  }
}

async function perform(deed: Deed, host: Host, uuid: string): Promise<void> {
  if (deed === 'start-post-copy') await host.startPostCopy(uuid);
  if (deed === 'freeze') await host.setMaxDowntime(uuid, freezeMs);
}

async function giveUp(host: Host, uuid: string, name: string): Promise<never> {
  await host.abortJob(uuid);
  throw new Error(`${name} did not end within ${longestMs} ms`);
}
