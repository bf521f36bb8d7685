import { DroverError } from '../errors/catalogue.ts';
import type { MemoryMarks } from '../forecast/in-turn.ts';
import type { Sounding } from '../forecast/shrinking.ts';
import { noTags, type Tags, type TagsFound } from '../policy/tags.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import type {
  ArrivalProblem,
  CompletedJob,
  DomainChange,
  DomainFacts,
  DomainState,
  DomainSummary,
  Host,
  HostFacts,
  HostSurvey,
  JobReading,
  MigrateOptions,
  SeenWrites,
  Way,
} from './port.ts';
import type { ClockReading, ProbeGuest, ProbeSeen } from './probe.ts';
import { carry } from './simulated-carry.ts';
import { type GuestModel, writtenBytes } from './simulated-guest.ts';
import { marksOf } from './simulated-marks.ts';
import { Register } from './simulated-register.ts';
import {
  factsOf,
  newResident,
  probeModel,
  type Resident,
  summaryOf,
} from './simulated-resident.ts';
import type { Site, World } from './simulated-setting.ts';
import type { Toll } from './simulated-toll.ts';

/** So much of a guest's memory is looked at. */
const soundedBytes = 2 * 2 ** 20;
/** What it takes to read that during a migration, ms: 60 to 90 on the lab. */
const readingMs = 75;

/** One simulated host. Beside the port it has the levers that a test or a bench pulls. */
export class SimulatedHost implements Host, Site {
  readonly name: string;
  readonly address: string;
  readonly ways: readonly [Way];
  readonly register: Register;
  readonly #world: World;
  readonly #facts: HostFacts;
  readonly #survey: HostSurvey;
  #reachable = true;
  #idleShare = 1;
  /** How far its clock is ahead of everybody else's, ms. */
  #clockAheadMs = 0;
  /** Errors that the next calls of this name end with, after having done their work. */
  readonly #lostReplies = new Set<string>();
  /** Ends the carrying calls under way, for their callers only. */
  readonly #endLostCalls = new Set<() => void>();

  constructor(world: World, name: string, facts: Partial<HostFacts>, survey: Partial<HostSurvey>) {
    this.#world = world;
    this.name = name;
    this.register = new Register(world.clock);
    this.address = `simulated:///${name}`;
    this.ways = [{ uri: `simulated://${name}/system`, address: undefined }];
    this.#facts = {
      hostname: name,
      hostUuid: `uuid-of-${name}`,
      libvirtVersion: '12.8.0',
      hypervisorVersion: '11.1.0',
      memoryBytes: 64 * 2 ** 30,
      cpus: 64,
      freeMemoryBytes: 64 * 2 ** 30,
      postCopy: { allowed: true },
      postCopyRecoverable: { allowed: true },
      // A test or a bench says so where memory is to be compressed: guests are steered otherwise then.
      compression: { allowed: false, because: 'it is simulated without' },
      syncing: world.settings.syncMs === Infinity ? 'passes' : 'continuous',
      unknowns: [],
      ...facts,
    };
    this.#survey = {
      architecture: 'x86_64',
      accelerator: 'kvm',
      machineTypes: ['pc-i440fx-11.1', 'pc-q35-11.1'],
      cpu: { model: 'simulated', definition: 'sse avx' },
      parallelStreams: { allowed: true },
      compression: { allowed: true },
      ...survey,
    };
  }

  /** Puts a running guest on this host. */
  addGuest(guest: GuestModel, slaClass?: SlaClass): string {
    const uuid = `uuid-of-${guest.name}`;
    const tags = { ...noTags, slaClass };
    this.register.add(newResident(guest, uuid, { state: 'running', reason: 'other' }, tags));
    return uuid;
  }

  /** Cuts or restores the controller's way to this host; migrations go on. */
  setReachable(reachable: boolean): void {
    this.#reachable = reachable;
    if (!reachable) for (const end of this.#endLostCalls) end();
    this.register.setHeard(reachable);
  }

  /** How much of its processors' time nobody uses, 0 to 1. */
  setIdleShare(share: number): void {
    this.#idleShare = share;
  }

  setClockAhead(ms: number): void {
    this.#clockAheadMs = ms;
  }

  breakPostCopy(uuid: string): void {
    this.register.get(uuid)?.job?.breakPostCopy();
  }

  /** The next carrying call's connection dies at once; the migration that it began goes on. */
  loseNextMigrateReply(): void {
    this.#lostReplies.add('migrate');
  }

  /** What the last migration that ended here did to the guest; `undefined` where none did. */
  toll(uuid: string): Toll | undefined {
    return this.register.get(uuid)?.toll;
  }

  /** Everything on this host is gone, and nobody hears of it. */
  fallDark(): void {
    this.register.clear();
    this.setReachable(false);
  }

  /** The guest stops being here without a trace, as after a power cut. */
  forget(uuid: string): void {
    this.register.remove(uuid);
  }

  reach(): Promise<void> {
    return this.#call();
  }

  async facts(): Promise<HostFacts> {
    await this.#call();
    return this.#facts;
  }

  async survey(): Promise<HostSurvey> {
    await this.#call();
    return this.#survey;
  }

  /** A simulated CPU is the names of its features. */
  async offersCpu(definition: string): Promise<boolean> {
    await this.#call();
    const own = new Set(this.#survey.cpu?.definition.split(' '));
    return definition.split(' ').every((feature) => own.has(feature));
  }

  async domains(): Promise<readonly DomainSummary[]> {
    await this.#call();
    const nowMs = this.#world.clock.nowMs();
    const fleet = this.register.all().filter(({ probe }) => probe === undefined);
    return fleet.map((resident) => summaryOf(resident, nowMs));
  }

  async findDomain(nameOrUuid: string): Promise<DomainFacts | undefined> {
    await this.#call();
    const resident = this.register.find(nameOrUuid);
    return resident === undefined ? undefined : factsOf(resident);
  }

  async domainState(uuid: string): Promise<DomainState | undefined> {
    await this.#call();
    return this.register.get(uuid)?.state;
  }

  async startNumber(uuid: string): Promise<number | undefined> {
    await this.#call();
    return this.register.startNumber(uuid);
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
    if (this.register.get(domain.uuid) !== undefined) {
      problems.push({ code: 'taken', message: `${this.name} has ${domain.name} already` });
    }
    if (domain.memoryBytes > this.#facts.freeMemoryBytes) {
      problems.push({ code: 'memory', message: `${this.name} has too little memory` });
    }
    return problems;
  }

  async readJob(uuid: string): Promise<JobReading | undefined> {
    await this.#call();
    return this.register.get(uuid)?.job?.reading();
  }

  async readCompletedJob(uuid: string): Promise<CompletedJob | undefined> {
    await this.#call();
    return this.register.get(uuid)?.completed;
  }

  async measureWrites(uuid: string, seconds: number): Promise<SeenWrites> {
    await this.#call();
    const { guest } = this.#resident(uuid);
    const ms = seconds * 1000;
    const fromMs = this.#world.clock.nowMs();
    await this.#world.clock.sleep(ms);
    return { ms, bytes: writtenBytes(guest, fromMs, fromMs + ms) };
  }

  /** As if all of its memory were alike. */
  async soundMemory({ uuid }: DomainFacts): Promise<Sounding | undefined> {
    await this.#call();
    const { touchedBytes, shrinksTo = 1 } = this.#resident(uuid).guest;
    const contentBytes = Math.min(touchedBytes, soundedBytes);
    return { contentBytes, compressedBytes: contentBytes * shrinksTo };
  }

  async markMemory({ uuid }: DomainFacts): Promise<MemoryMarks | undefined> {
    await this.#call();
    const { clock } = this.#world;
    const marks = marksOf(this.#resident(uuid).guest, clock.nowMs());
    await clock.sleep(readingMs);
    return marks;
  }

  async idleShare(ms: number): Promise<number | undefined> {
    await this.#call();
    await this.#world.clock.sleep(ms);
    return this.#idleShare;
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

  async setPostCopySpeed(uuid: string, bytesPerSecond: number): Promise<void> {
    await this.#call();
    this.#resident(uuid).job?.setPostCopySpeed(bytesPerSecond);
  }

  async abortJob(uuid: string): Promise<void> {
    await this.#call();
    if (this.#resident(uuid).job?.cancel() !== true) throw failed('there is no job to cancel');
  }

  async migrate(uuid: string, options: MigrateOptions): Promise<void> {
    await this.#call();
    const resident = this.#resident(uuid);
    const destination = this.#world.hostAt(options.way.uri);
    if (destination === undefined) throw failed(`no host at ${options.way.uri}`);
    if (resident.job !== undefined) throw failed('another migration job is running');
    const refuses = options.postCopy && !(await destination.facts()).postCopy.allowed;
    if (refuses) throw new DroverError('hypervisor.no-post-copy', 'Postcopy is not supported');
    if (options.compression !== undefined && !(await destination.facts()).compression.allowed)
      throw new DroverError('hypervisor.no-compression', "Unsupported compression method 'zstd'");
    const carried = carry(this.#world, this, destination, resident, options);
    return this.#lostReplies.delete('migrate') ? lost(this.name) : this.#answerOf(carried);
  }

  async resumePostCopy(uuid: string, _options: MigrateOptions): Promise<void> {
    await this.#call();
    const { job } = this.#resident(uuid);
    if (inPostCopy(job))
      throw new DroverError('hypervisor.still-running', 'QEMU reports migration is still running');
    if (job?.resumePostCopy() !== true) throw failed('there is no broken post-copy to resume');
    while (inPostCopy(job)) await this.#world.clock.sleep(100);
  }

  async breakOffPostCopy(uuid: string): Promise<void> {
    await this.#call();
    const { job } = this.#resident(uuid);
    if (job?.phase !== 'post-copy') throw failed('there is no post-copy to break off');
    job.breakPostCopy();
  }

  async resumeGuest(uuid: string): Promise<void> {
    await this.#call();
    const resident = this.#resident(uuid);
    if (resident.state.state !== 'paused') throw failed('it does not stand still');
    this.register.become(resident, 'running', 'other', 'resumed');
  }

  async discardCopy(uuid: string): Promise<void> {
    await this.#call();
    if (this.#resident(uuid).state.state !== 'paused') throw failed('it is not paused');
    this.#world.killQemu(this, uuid);
  }

  async forgetDefinition(uuid: string): Promise<void> {
    await this.#call();
    if (this.#resident(uuid).state.state !== 'shut-off') throw failed('it is not shut off');
    this.register.remove(uuid);
  }

  async startProbe({ name, mark }: ProbeGuest): Promise<string> {
    await this.#call();
    const uuid = `uuid-of-${name}`;
    const state = { state: 'running', reason: 'other' } as const;
    this.register.add({ ...newResident(probeModel(name), uuid, state, noTags), probe: mark });
    return uuid;
  }

  async probes(): Promise<readonly ProbeSeen[]> {
    await this.#call();
    return this.register
      .all()
      .flatMap(({ uuid, guest: { name }, probe: mark }) =>
        mark === undefined ? [] : [{ uuid, name, mark }],
      );
  }

  async endProbe(uuid: string): Promise<void> {
    await this.#call();
    const resident = this.register.get(uuid);
    if (resident === undefined) return;
    if (resident.probe === undefined) throw failed(`${resident.guest.name} is no probe guest`);
    this.#world.killQemu(this, uuid);
  }

  async readClock(probe: string, wallMs: () => number): Promise<readonly ClockReading[]> {
    this.#resident(probe);
    const askedMs = wallMs();
    await this.#call();
    const heardMs = wallMs();
    return [{ askedMs, heardMs, hostMs: (askedMs + heardMs) / 2 + this.#clockAheadMs }];
  }

  async watchDomain(
    uuid: string,
    onChange: (change: DomainChange) => void,
  ): Promise<() => Promise<void>> {
    await this.#call();
    const end = this.register.watch(uuid, onChange);
    return () => Promise.resolve(end());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The call's own end, or the loss of its connection, whichever comes first. */
  #answerOf(carried: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => reject(unreachable(this.name));
      this.#endLostCalls.add(end);
      carried.then(resolve, reject).finally(() => this.#endLostCalls.delete(end));
    });
  }

  #resident(uuid: string): Resident {
    const resident = this.register.get(uuid);
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

function inPostCopy(job: Resident['job']): boolean {
  return job?.phase === 'post-copy';
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
