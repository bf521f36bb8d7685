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
  const { uuid, guest, tags, probe } = resident;
  const waiting = { state: 'paused', reason: 'migration' } as const;
  const arriving = { ...newResident(guest, uuid, waiting, tags), probe };
  destination.register.add(arriving);
  /** The daemons have lost each other in post-copy: nobody lets the source go when it has ended. */
  let unattended = false;
  return new Promise((resolve, reject) => {
    const fail = (message: string): void => reject(new DroverError('hypervisor.failed', message));
    const giveUp = (message: string): void => {
      stayBehind(world, source, destination, resident, transfer);
      fail(message);
    };
    const job = newJob(world, source, destination, resident, options, {
      suspended: () =>
        source.register.become(resident, 'paused', 'migration', 'suspended-for-switch-over'),
      postCopyRunning: () => {
        source.register.become(resident, 'paused', 'post-copy', 'other');
        destination.register.become(arriving, 'running', 'post-copy', 'resumed-split');
      },
      postCopyFailed: () => {
        const state = ['paused', 'post-copy-failed', 'post-copy-failed'] as const;
        source.register.become(resident, ...state);
        destination.register.become(arriving, ...state);
        reject(new DroverError('hypervisor.failed', 'post-copy failed'));
      },
      arrived: () => {
        handOver(world, destination, resident, arriving, transfer);
        if (unattended) return;
        letGo(world, source, resident);
        after(world, world.traits.finishMs, resolve);
      },
      cancelled: () => giveUp('operation aborted: migration out: canceled by client'),
      failed: (why) => giveUp(`operation failed: job 'migration out' failed: ${why}`),
      flowChanged: () => world.share(),
    });
    const transfer: Transfer = {
      job,
      from: source.name,
      to: destination.name,
      uuid,
      ...mishapsOf(
        () => ({ world, source, destination, resident, arriving, transfer, fail }),
        () => {
          unattended = true;
        },
      ),
    };
    resident.job = job;
    world.admit(transfer);
  });
}

interface Carried {
  readonly world: World;
  readonly source: Site;
  readonly destination: Site;
  readonly resident: Resident;
  readonly arriving: Resident;
  readonly transfer: Transfer;
  /** Ends the call that carries it. */
  readonly fail: (message: string) => void;
}

const broken = ['post-copy-failed', 'post-copy-failed'] as const;

/** What daemons and QEMUs do to it that end or part. */
function mishapsOf(
  carried: () => Carried,
  unattend: () => void,
): Pick<Transfer, 'daemonsPart' | 'sourceDies' | 'destinationDies'> {
  return {
    daemonsPart: (left) => {
      const { world, source, destination, resident, arriving, transfer, fail } = carried();
      if (transfer.job.phase === 'post-copy') {
        unattend();
        source.register.become(resident, 'paused', ...broken);
        destination.register.become(arriving, 'running', ...broken);
        fail('the connection of the daemons is lost');
      } else if (transfer.job.phase === 'switching' && left !== 'nothing') {
        leave(world, resident, transfer);
        if (left === 'source-waits') destination.register.vanish(resident.uuid);
        fail('nobody carries it out any more');
      } else transfer.job.fail('the connection of the daemons is lost');
    },
    sourceDies: () => {
      const { world, source, destination, resident, arriving, transfer, fail } = carried();
      const split = isSplit(transfer.job);
      leave(world, resident, transfer);
      source.register.vanish(resident.uuid);
      if (split) destination.register.become(arriving, 'paused', ...broken);
      else destination.register.vanish(resident.uuid);
      fail('the domain is gone');
    },
    destinationDies: () => {
      const { world, source, destination, resident, transfer, fail } = carried();
      destination.register.vanish(resident.uuid);
      if (!isSplit(transfer.job)) {
        transfer.job.fail('the peer is gone');
        return;
      }
      leave(world, resident, transfer);
      source.register.become(resident, 'paused', ...broken);
      fail('the peer is gone');
    },
  };
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
    traits.socketBytes * (options.compression?.connections ?? 1),
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
    source.register.become(resident, 'running', 'taken-back', 'resumed');
}

function isSplit({ phase }: SimulatedJob): boolean {
  return phase === 'post-copy' || phase === 'broken';
}

/** Nobody carries it out any more; what is left stays as it is. */
function leave(world: World, resident: Resident, transfer: Transfer): void {
  transfer.job.vanish();
  resident.toll = transfer.job.toll;
  resident.job = undefined;
  world.dismiss(transfer);
}

function handOver(
  world: World,
  destination: Site,
  leaving: Resident,
  arriving: Resident,
  transfer: Transfer,
): void {
  const { job } = transfer;
  destination.register.become(arriving, 'running', 'migrated', 'resumed');
  // After post-copy QEMU's statistics are not at the destination.
  if (!leaving.state.reason.startsWith('post-copy')) {
    const sentBytes = Math.round(job.sentBytes);
    arriving.completed = { totalMs: job.elapsedMs, downtimeMs: job.pauseMs, sentBytes };
  }
  arriving.toll = job.toll;
  leaving.job = undefined;
  world.dismiss(transfer);
}

function letGo(world: World, source: Site, leaving: Resident): void {
  source.register.become(leaving, 'paused', 'migrated', 'job-completed');
  after(world, releaseMs, () => {
    if (source.register.get(leaving.uuid) === leaving) source.register.vanish(leaving.uuid);
  });
}

function after({ clock }: World, ms: number, act: () => void): void {
  clock.schedule(clock.nowMs() + ms, act);
}
