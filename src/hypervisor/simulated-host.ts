import { DroverError } from '../errors/catalogue.ts';
import { noTags, type Tags, type TagsFound } from '../policy/tags.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import type {
  ArrivalProblem,
  CompletedJob,
  DomainChange,
  DomainFacts,
  DomainState,
  Host,
  HostFacts,
  JobReading,
  MigrateOptions,
  SeenWrites,
} from './port.ts';
import { type GuestModel, writtenBytes } from './simulated-guest.ts';
import { type JobListener, SimulatedJob, type Toll } from './simulated-job.ts';
import type { HypervisorTraits } from './simulated-qemu.ts';
import type { Random } from './simulated-random.ts';
import { factsOf, newResident, type Resident } from './simulated-resident.ts';
import { Stream } from './simulated-stream.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What the simulated machines and the links between them are like. */
export interface WorldSettings {
  /** Of each host's card, in each direction. */
  readonly linkBytesPerSecond: number;
  /**
   * Time between two bitmap syncs, but for that in which the sender waits for its socket: Infinity
   * makes whole passes, as QEMU 10.0 does, and so does any QEMU in a migration that cannot switch to
   * post-copy.
   */
  readonly syncMs: number;
  /** Time from a migration's call to its first byte: until then post-copy cannot be started. */
  readonly setupMs: number;
  /** Time that every call to a host takes. */
  readonly callMs: number;
  /** What is not as QEMU of that kind was measured to be. */
  readonly traits?: Partial<HypervisorTraits>;
  /** What is not always the same; nothing where it is not given. */
  readonly noise?: Noise;
}

export interface Noise {
  /** The same seed gives the same course. */
  readonly seed: number;
  /** By which share of its rate the link goes up and down, 0 to 1. */
  readonly linkShare: number;
  /** Up to how much longer than `callMs` a call takes. */
  readonly callMs: number;
}

/** What a host needs of the world around it. */
export interface World {
  readonly clock: VirtualClock;
  readonly settings: WorldSettings;
  readonly traits: HypervisorTraits;
  /** Draws for the calls; those for a job are its own, so that who looks does not change its course. */
  readonly random: Random;
  nextJobSeed(): number;
  hostAt(peerAddress: string): SimulatedHost | undefined;
  /** What a stream between two hosts would have at this instant, bytes/s. */
  linkBetween(from: string, to: string): number;
  admit(transfer: Transfer): void;
  dismiss(transfer: Transfer): void;
  /** The links are shared anew. */
  share(): void;
}

/** A job and the hosts that it goes between. */
export interface Transfer {
  readonly job: SimulatedJob;
  readonly from: string;
  readonly to: string;
}

/** How long the source keeps the stopped domain after it has arrived elsewhere. */
const releaseMs = 120;

/** One simulated host. Beside the port it has the levers that a test or a bench pulls. */
export class SimulatedHost implements Host {
  readonly name: string;
  readonly address: string;
  readonly peerAddress: string;
  readonly #world: World;
  readonly #facts: HostFacts;
  readonly #residents = new Map<string, Resident>();
  readonly #watchers = new Map<string, Set<(change: DomainChange) => void>>();
  #reachable = true;
  /** Errors that the next calls of this name end with, after having done their work. */
  readonly #lostReplies = new Set<string>();
  #endLostCall: (() => void) | undefined;

  constructor(world: World, name: string, facts: Partial<HostFacts>) {
    this.#world = world;
    this.name = name;
    this.address = `simulated:///${name}`;
    this.peerAddress = `simulated://${name}/system`;
    this.#facts = {
      hostname: name,
      hostUuid: `uuid-of-${name}`,
      libvirtVersion: '12.8.0',
      hypervisorVersion: '11.1.0',
      freeMemoryBytes: 64 * 2 ** 30,
      postCopy: { allowed: true },
      postCopyRecoverable: { allowed: true },
      syncing: world.settings.syncMs === Infinity ? 'passes' : 'continuous',
      unknowns: [],
      ...facts,
    };
  }

  /** Puts a running guest on this host. */
  addGuest(guest: GuestModel, slaClass?: SlaClass): string {
    const uuid = `uuid-of-${guest.name}`;
    this.#residents.set(
      uuid,
      newResident(guest, uuid, { state: 'running', reason: 'other' }, { ...noTags, slaClass }),
    );
    return uuid;
  }

  /** Cuts or restores the controller's way to this host; migrations go on. */
  setReachable(reachable: boolean): void {
    this.#reachable = reachable;
    if (reachable) return;
    this.#endLostCall?.();
    for (const uuid of this.#watchers.keys()) this.#tell(uuid, 'connection-lost');
  }

  breakPostCopy(uuid: string): void {
    this.#residents.get(uuid)?.job?.breakPostCopy();
  }

  /** The next carrying call's connection dies at once; the migration that it began goes on. */
  loseNextMigrateReply(): void {
    this.#lostReplies.add('migrate');
  }

  /** What the last migration that ended here did to the guest; `undefined` where none did. */
  toll(uuid: string): Toll | undefined {
    return this.#residents.get(uuid)?.toll;
  }

  /** Everything on this host is gone, and nobody hears of it. */
  fallDark(): void {
    this.#residents.clear();
    this.#reachable = false;
    this.#endLostCall?.();
  }

  /** The guest stops being here without a trace, as after a power cut. */
  forget(uuid: string): void {
    this.#residents.delete(uuid);
  }

  async facts(): Promise<HostFacts> {
    await this.#call();
    return this.#facts;
  }

  async findDomain(nameOrUuid: string): Promise<DomainFacts | undefined> {
    await this.#call();
    for (const resident of this.#residents.values()) {
      if (resident.uuid === nameOrUuid || resident.guest.name === nameOrUuid) {
        return factsOf(resident);
      }
    }
    return undefined;
  }

  async domainState(uuid: string): Promise<DomainState | undefined> {
    await this.#call();
    return this.#residents.get(uuid)?.state;
  }

  async readTags(uuid: string): Promise<TagsFound> {
    await this.#call();
    return { tags: this.#resident(uuid).tags, unreadable: [] };
  }

  async writeTags(uuid: string, tags: Tags): Promise<void> {
    await this.#call();
    this.#resident(uuid).tags = tags;
  }

  async judgeArrival(domain: DomainFacts): Promise<readonly ArrivalProblem[]> {
    await this.#call();
    const problems: ArrivalProblem[] = [];
    if (this.#residents.has(domain.uuid)) {
      problems.push({ code: 'taken', message: `${this.name} has ${domain.name} already` });
    }
    if (domain.memoryBytes > this.#facts.freeMemoryBytes) {
      problems.push({ code: 'memory', message: `${this.name} has too little memory` });
    }
    return problems;
  }

  async readJob(uuid: string): Promise<JobReading | undefined> {
    await this.#call();
    return this.#residents.get(uuid)?.job?.reading();
  }

  async readCompletedJob(uuid: string): Promise<CompletedJob | undefined> {
    await this.#call();
    return this.#residents.get(uuid)?.completed;
  }

  async measureWrites(uuid: string, seconds: number): Promise<SeenWrites> {
    await this.#call();
    const { guest } = this.#resident(uuid);
    const ms = seconds * 1000;
    const fromMs = this.#world.clock.nowMs();
    await this.#world.clock.sleep(ms);
    return { ms, bytes: writtenBytes(guest, fromMs, fromMs + ms) };
  }

  async residentBytes(uuid: string): Promise<number> {
    await this.#call();
    return this.#resident(uuid).guest.touchedBytes;
  }

  async maxDowntimeMs(uuid: string): Promise<number> {
    await this.#call();
    return this.#resident(uuid).downtimeMs;
  }

  async setMaxDowntime(uuid: string, ms: number): Promise<void> {
    await this.#call();
    const resident = this.#resident(uuid);
    resident.downtimeMs = ms;
    resident.job?.setDowntime(ms);
  }

  async maxSpeed(uuid: string): Promise<number> {
    await this.#call();
    return this.#resident(uuid).maxSpeedBytesPerSecond;
  }

  async setMaxSpeed(uuid: string, bytesPerSecond: number): Promise<void> {
    await this.#call();
    const resident = this.#resident(uuid);
    resident.maxSpeedBytesPerSecond = bytesPerSecond;
    resident.job?.setMaxSpeed(bytesPerSecond);
  }

  async startPostCopy(uuid: string): Promise<void> {
    await this.#call();
    if (this.#resident(uuid).job?.startPostCopy() !== true)
      throw failed('post-copy cannot start now');
  }

  async abortJob(uuid: string): Promise<void> {
    await this.#call();
    if (this.#resident(uuid).job?.cancel() !== true) throw failed('there is no job to cancel');
  }

  async migrate(uuid: string, options: MigrateOptions): Promise<void> {
    await this.#call();
    const resident = this.#resident(uuid);
    const destination = this.#world.hostAt(options.destinationUri);
    if (destination === undefined) throw failed(`no host at ${options.destinationUri}`);
    if (resident.job !== undefined) throw failed('another migration job is running');
    const refuses = options.postCopy && !(await destination.facts()).postCopy.allowed;
    if (refuses) throw new DroverError('hypervisor.no-post-copy', 'Postcopy is not supported');
    const carried = this.#carry(resident, destination, options);
    return this.#lostReplies.delete('migrate') ? lost(this.name) : this.#answerOf(carried);
  }

  async resumePostCopy(uuid: string, _options: MigrateOptions): Promise<void> {
    await this.#call();
    const { job } = this.#resident(uuid);
    if (job?.resumePostCopy() !== true) throw failed('there is no broken post-copy to resume');
    while (job.phase === 'post-copy') await this.#world.clock.sleep(100);
  }

  async watchDomain(
    uuid: string,
    onChange: (change: DomainChange) => void,
  ): Promise<() => Promise<void>> {
    await this.#call();
    const watchers = this.#watchers.get(uuid) ?? new Set();
    this.#watchers.set(uuid, watchers);
    watchers.add(onChange);
    return () => {
      watchers.delete(onChange);
      return Promise.resolve();
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #carry(resident: Resident, destination: SimulatedHost, options: MigrateOptions): Promise<void> {
    const { uuid, guest } = resident;
    const arriving = newResident(
      guest,
      uuid,
      { state: 'paused', reason: 'migration' },
      resident.tags,
    );
    destination.#residents.set(uuid, arriving);
    return new Promise((resolve, reject) => {
      const transfer = {
        job: this.#newJob(resident, destination, options, {
          suspended: () =>
            this.#become(resident, 'paused', 'migration', 'suspended-for-switch-over'),
          postCopyRunning: () => {
            this.#become(resident, 'paused', 'post-copy', 'other');
            destination.#become(arriving, 'running', 'post-copy', 'resumed');
          },
          postCopyFailed: () => {
            this.#become(resident, 'paused', 'post-copy-failed', 'post-copy-failed');
            destination.#become(arriving, 'paused', 'post-copy-failed', 'post-copy-failed');
            reject(failed('post-copy failed'));
          },
          arrived: () => {
            this.#handOver(resident, destination, arriving, transfer);
            this.#after(this.#world.traits.finishMs, resolve);
          },
          cancelled: () => {
            this.#giveUp(resident, destination, transfer);
            reject(failed('operation aborted: migration out: canceled by client'));
          },
          failed: (why) => {
            this.#giveUp(resident, destination, transfer);
            reject(failed(`operation failed: job 'migration out' failed: ${why}`));
          },
          flowChanged: () => this.#world.share(),
        }),
        from: this.name,
        to: destination.name,
      };
      resident.job = transfer.job;
      this.#world.admit(transfer);
    });
  }

  #newJob(
    { guest, downtimeMs, maxSpeedBytesPerSecond }: Resident,
    destination: SimulatedHost,
    options: MigrateOptions,
    listener: JobListener,
  ): SimulatedJob {
    const { clock, settings, traits } = this.#world;
    const { setupMs, noise } = settings;
    // Seen on QEMU 11.1: without post-copy it looks only where what it knows of fits the limit.
    const syncMs = options.postCopy ? settings.syncMs : Infinity;
    const stream = new Stream(
      this.#world.linkBetween(this.name, destination.name),
      options.bandwidthBytesPerSecond ?? maxSpeedBytesPerSecond,
      traits.socketBytes,
      noise === undefined ? undefined : { seed: this.#world.nextJobSeed(), share: noise.linkShare },
    );
    return new SimulatedJob(
      clock,
      guest,
      options,
      { stream, traits, downtimeMs, syncMs, setupMs },
      listener,
    );
  }

  /** The guest is where it was, and runs. */
  #giveUp(resident: Resident, destination: SimulatedHost, transfer: Transfer): void {
    resident.toll = transfer.job.toll;
    resident.job = undefined;
    this.#world.dismiss(transfer);
    destination.#residents.delete(resident.uuid);
    if (resident.state.state === 'paused') this.#become(resident, 'running', 'other', 'resumed');
  }

  #handOver(from: Resident, destination: SimulatedHost, to: Resident, transfer: Transfer): void {
    const { job } = transfer;
    destination.#become(to, 'running', 'migrated', 'resumed');
    const postCopy = from.state.reason === 'post-copy';
    to.completed = postCopy
      ? undefined
      : { totalMs: job.elapsedMs, downtimeMs: job.pauseMs, sentBytes: Math.round(job.sentBytes) };
    from.job = undefined;
    to.toll = job.toll;
    this.#world.dismiss(transfer);
    this.#become(from, 'paused', 'migrated', 'job-completed');
    this.#after(releaseMs, () => {
      this.#residents.delete(from.uuid);
      this.#tell(from.uuid, 'stopped');
    });
  }

  #after(ms: number, act: () => void): void {
    this.#world.clock.schedule(this.#world.clock.nowMs() + ms, act);
  }

  /** The call's own end, or the loss of its connection, whichever comes first. */
  #answerOf(carried: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#endLostCall = () => reject(unreachable(this.name));
      carried.then(resolve, reject);
    });
  }

  #become(
    resident: Resident,
    state: DomainState['state'],
    reason: DomainState['reason'],
    change: DomainChange['kind'],
  ): void {
    resident.state = { state, reason };
    this.#tell(resident.uuid, change);
  }

  #tell(uuid: string, kind: DomainChange['kind']): void {
    if (!this.#reachable && kind !== 'connection-lost') return;
    const atMs = this.#world.clock.nowMs();
    for (const watcher of this.#watchers.get(uuid) ?? []) watcher({ kind, atMs });
  }

  #resident(uuid: string): Resident {
    const resident = this.#residents.get(uuid);
    if (resident === undefined) throw failed(`no domain ${uuid} on ${this.name}`);
    return resident;
  }

  async #call(): Promise<void> {
    const { clock, settings, random } = this.#world;
    const { noise } = settings;
    const more = noise === undefined ? 0 : random() * noise.callMs;
    await clock.sleep(settings.callMs + more);
    if (!this.#reachable) throw unreachable(this.name);
  }
}

function failed(message: string): DroverError {
  return new DroverError('hypervisor.failed', message);
}

function unreachable(name: string): DroverError {
  return new DroverError('host.unreachable', `${name} does not answer`);
}

function lost(name: string): Promise<never> {
  return Promise.reject(unreachable(name));
}
