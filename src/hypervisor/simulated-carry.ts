import { DroverError } from '../errors/catalogue.ts';
import type { MigrateOptions } from './port.ts';
import { type JobListener, SimulatedJob } from './simulated-job.ts';
import { newResident, type Resident } from './simulated-resident.ts';
import type { Site, Transfer, World } from './simulated-setting.ts';
import { Stream } from './simulated-stream.ts';

/** How long the source keeps the stopped domain after it has arrived elsewhere. */
const releaseMs = 120;

/** A migration from its call to the call's end: the job, and what both hosts have of the guest. */
export function carry(
  world: World,
  source: Site,
  destination: Site,
  resident: Resident,
  options: MigrateOptions,
): Promise<void> {
  const { uuid, guest, tags } = resident;
  const arriving = newResident(guest, uuid, { state: 'paused', reason: 'migration' }, tags);
  destination.register.add(arriving);
  return new Promise((resolve, reject) => {
    const giveUp = (message: string): void => {
      stayBehind(world, source, destination, resident, transfer);
      reject(new DroverError('hypervisor.failed', message));
    };
    const job = newJob(world, source, destination, resident, options, {
      suspended: () =>
        source.register.become(resident, 'paused', 'migration', 'suspended-for-switch-over'),
      postCopyRunning: () => {
        source.register.become(resident, 'paused', 'post-copy', 'other');
        destination.register.become(arriving, 'running', 'post-copy', 'resumed');
      },
      postCopyFailed: () => {
        const state = ['paused', 'post-copy-failed', 'post-copy-failed'] as const;
        source.register.become(resident, ...state);
        destination.register.become(arriving, ...state);
        reject(new DroverError('hypervisor.failed', 'post-copy failed'));
      },
      arrived: () => {
        handOver(world, source, destination, resident, arriving, transfer);
        after(world, world.traits.finishMs, resolve);
      },
      cancelled: () => giveUp('operation aborted: migration out: canceled by client'),
      failed: (why) => giveUp(`operation failed: job 'migration out' failed: ${why}`),
      flowChanged: () => world.share(),
    });
    const transfer: Transfer = { job, from: source.name, to: destination.name };
    resident.job = job;
    world.admit(transfer);
  });
}

function newJob(
  world: World,
  source: Site,
  destination: Site,
  { guest, downtimeMs, maxSpeedBytesPerSecond }: Resident,
  options: MigrateOptions,
  listener: JobListener,
): SimulatedJob {
  const { clock, settings, traits } = world;
  const { setupMs, noise } = settings;
  // Seen on QEMU 11.1: without post-copy it looks only where what it knows of fits the limit.
  const syncMs = options.postCopy ? settings.syncMs : Infinity;
  const stream = new Stream(
    world.linkBetween(source.name, destination.name),
    options.bandwidthBytesPerSecond ?? maxSpeedBytesPerSecond,
    traits.socketBytes,
    noise === undefined ? undefined : { seed: world.nextJobSeed(), share: noise.linkShare },
  );
  const conditions = { stream, traits, downtimeMs, syncMs, setupMs };
  return new SimulatedJob(clock, guest, options, conditions, listener);
}

/** The guest is where it was, and runs. */
function stayBehind(
  world: World,
  source: Site,
  destination: Site,
  resident: Resident,
  transfer: Transfer,
): void {
  resident.toll = transfer.job.toll;
  resident.job = undefined;
  world.dismiss(transfer);
  destination.register.remove(resident.uuid);
  if (resident.state.state === 'paused')
    source.register.become(resident, 'running', 'other', 'resumed');
}

function handOver(
  world: World,
  source: Site,
  destination: Site,
  leaving: Resident,
  arriving: Resident,
  transfer: Transfer,
): void {
  const { job } = transfer;
  destination.register.become(arriving, 'running', 'migrated', 'resumed');
  // After post-copy QEMU's statistics are not at the destination.
  if (leaving.state.reason !== 'post-copy') {
    const sentBytes = Math.round(job.sentBytes);
    arriving.completed = { totalMs: job.elapsedMs, downtimeMs: job.pauseMs, sentBytes };
  }
  arriving.toll = job.toll;
  leaving.job = undefined;
  world.dismiss(transfer);
  source.register.become(leaving, 'paused', 'migrated', 'job-completed');
  after(world, releaseMs, () => {
    source.register.remove(leaving.uuid);
    source.register.tell(leaving.uuid, 'stopped');
  });
}

function after({ clock }: World, ms: number, act: () => void): void {
  clock.schedule(clock.nowMs() + ms, act);
}
