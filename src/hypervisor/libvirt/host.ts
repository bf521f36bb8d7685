import { DroverError } from '../../errors/catalogue.ts';
import type { MemoryMarks } from '../../forecast/in-turn.ts';
import type { Sounding } from '../../forecast/shrinking.ts';
import {
  type Connection,
  type Domain,
  type JobStats,
  LibvirtError,
  type MigrateParameters,
  type StatsMap,
} from '../../libvirt/index.ts';
import { noTags, type Tags, type TagsFound } from '../../policy/tags.ts';
import type { Clock } from '../clock.ts';
import { bareTagsElement, metadataKey, metadataNamespace } from '../metadata.ts';
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
  MigrationTls,
  SeenWrites,
  Way,
} from '../port.ts';
import type { ClockReading, ProbeGuest, ProbeSeen } from '../probe.ts';
import { availableMemoryBytes, judgeArrival } from './arrival.ts';
import { readDomainXml } from './domain-xml.ts';
import { Lacking, lacksCertificates, tlsBetween } from './encryption.ts';
import { asOurs, unless } from './errors.ts';
import { busyWith, completedOf, readingOf } from './job.ts';
import { Line } from './line.ts';
import { markMemory } from './memory-marks.ts';
import { parametersOf } from './parameters.ts';
import { endProbe, probesOn, probeXml, readClock } from './probe.ts';
import { idleShare } from './processors.ts';
import { soundMemory } from './sounding.ts';
import { stateOf } from './states.ts';
import { offersCpu, surveyOf } from './survey.ts';
import { readTagsXml } from './tags.ts';
import { compressionOf, postCopyOf, postCopyRecoveryOf, syncingOf } from './versions.ts';
import { Watch } from './watch.ts';
import { measureWrites, residentBytes } from './writes.ts';
import { at, parseXml, textOf } from './xml.ts';

const lacking = new Lacking();

export interface LibvirtHostOptions {
  readonly name: string;
  readonly ways: readonly Way[];
  /** Stamps the events. */
  readonly clock: Clock;
  /** Called right before a request that changes something goes out; throws where it must not. */
  readonly mayAct?: () => void;
  /** How the memory of its own guests is to go; without it as the destination wants it. */
  readonly migrationTls?: MigrationTls | undefined;
}

/**
 * A host that speaks libvirt. Orders and questions go over one connection, events over another;
 * calls that carry a migration, which last as long as it, the client keeps off both.
 */
export class LibvirtHost implements Host {
  readonly name: string;
  readonly address: string;
  readonly ways: readonly Way[];
  readonly #control: Line;
  readonly #watch: Watch;
  readonly #clock: Clock;
  readonly #mayAct: () => void;
  readonly #migrationTls: MigrationTls | undefined;

  constructor(address: string, options: LibvirtHostOptions) {
    const { name, ways, clock, mayAct, migrationTls } = options;
    this.name = name;
    this.address = address;
    this.ways = ways;
    this.#control = new Line(address);
    this.#watch = new Watch(new Line(address), clock);
    this.#clock = clock;
    this.#migrationTls = migrationTls;
    this.#mayAct = mayAct ?? (() => undefined);
  }

  /** Rejects with `host.unreachable` where the host cannot be reached. */
  async reach(): Promise<void> {
    await this.#ask(() => Promise.resolve());
  }

  facts(): Promise<HostFacts> {
    return this.#ask(async (connection) => {
      const [hostname, capabilities, libvirt, qemu, node, freeMemoryBytes] = await Promise.all([
        connection.hostname(),
        connection.capabilities(),
        connection.libvirtVersion(),
        connection.hypervisorVersion(),
        connection.nodeInfo(),
        availableMemoryBytes(connection),
      ]);
      return {
        hostname,
        hostUuid: textOf(at(parseXml(capabilities), 'host', 'uuid')),
        libvirtVersion: libvirt.text,
        hypervisorVersion: qemu.text,
        memoryBytes: node.memoryBytes,
        cpus: node.cpus,
        freeMemoryBytes,
        postCopy: postCopyOf(libvirt, qemu),
        postCopyRecoverable: postCopyRecoveryOf(libvirt),
        compression: compressionOf(libvirt, qemu),
        syncing: syncingOf(qemu),
        unknowns: [
          'whether its kernel lets QEMU serve pages from afar (vm.unprivileged_userfaultfd, unless QEMU runs as root)',
        ],
      };
    });
  }

  survey(): Promise<HostSurvey> {
    return this.#ask(surveyOf);
  }

  offersCpu(definition: string): Promise<boolean> {
    return this.#ask((connection) => offersCpu(connection, definition));
  }

  domains(): Promise<readonly DomainSummary[]> {
    return this.#ask(async (connection) => {
      const [domains, used] = await Promise.all([
        connection.listDomains(),
        // One that takes a guest in would be waited for: 30 s, for nothing.
        connection.allDomainStats(['cpu-total'], [], { noWait: true }),
      ]);
      const cpuMsOf = new Map(used.map(({ domain, stats }) => [domain.uuid, cpuMsIn(stats)]));
      // One that has gone since it was listed is not there; nor is one that is just ending, of which
      // libvirt says that it is not active and has no definition either.
      const seen = await Promise.all(
        domains.map((domain) =>
          unless(['no-domain', 'operation-invalid'], async () => {
            const summary = await summaryOf(domain);
            return summary && { ...summary, cpuMs: cpuMsOf.get(domain.uuid) };
          }),
        ),
      );
      return seen.filter((one) => one !== undefined);
    });
  }

  findDomain(nameOrUuid: string): Promise<DomainFacts | undefined> {
    return this.#ask(async (connection) => {
      const domain = await find(connection, nameOrUuid);
      return domain === undefined ? undefined : unless(['no-domain'], () => factsOf(domain));
    });
  }

  domainState(uuid: string): Promise<DomainState | undefined> {
    return this.#ask((connection) =>
      unless(['no-domain'], async () => {
        const domain = await connection.lookupByUuid(uuid);
        return stateOf(await domain.state());
      }),
    );
  }

  startNumber(uuid: string): Promise<number | undefined> {
    return this.#ask((connection) =>
      unless(['no-domain'], async () => {
        // libvirt numbers the starts of domains, and keeps the number while one runs.
        const { id } = await connection.lookupByUuid(uuid);
        return id < 0 ? undefined : id;
      }),
    );
  }

  readTags(uuid: string): Promise<TagsFound> {
    return this.#with(uuid, async (domain) => {
      const xml = await domain.getMetadata(metadataNamespace, { from: 'current' });
      return xml === undefined ? { tags: noTags, unreadable: [] } : readTagsXml(xml);
    });
  }

  writeTags(uuid: string, tags: Tags): Promise<void> {
    return this.#with(uuid, async (domain) => {
      const [{ state }, persistent] = await Promise.all([domain.state(), domain.isPersistent()]);
      this.#mayAct();
      await domain.setMetadata({
        namespaceUri: metadataNamespace,
        key: metadataKey,
        xml: bareTagsElement(tags),
        live: state !== 'shut-off',
        config: persistent,
      });
    });
  }

  judgeArrival(domain: DomainFacts): Promise<readonly ArrivalProblem[]> {
    return this.#ask((connection) => judgeArrival(connection, this.name, domain));
  }

  measureWrites(uuid: string, seconds: number): Promise<SeenWrites | undefined> {
    return this.#ask(async (connection) => {
      const domain = await connection.lookupByUuid(uuid);
      return measureWrites(connection, domain, seconds, this.#clock);
    });
  }

  soundMemory(domain: DomainFacts): Promise<Sounding | undefined> {
    return this.#with(domain.uuid, (itself) => soundMemory(itself, domain, this.#clock));
  }

  markMemory(domain: DomainFacts): Promise<MemoryMarks | undefined> {
    return this.#with(domain.uuid, (itself) => markMemory(itself, domain, this.#clock));
  }

  idleShare(ms: number): Promise<number | undefined> {
    return this.#ask((connection) => idleShare(connection, ms, this.#clock));
  }

  residentBytes(uuid: string): Promise<number | undefined> {
    return this.#ask(async (connection) =>
      residentBytes(connection, await connection.lookupByUuid(uuid)),
    );
  }

  readJob(uuid: string): Promise<JobReading | undefined> {
    return this.#ask((connection) =>
      unless(['no-domain'], async () => {
        const domain = await connection.lookupByUuid(uuid);
        const [stats, state] = await Promise.all([jobStats(domain), domain.state()]);
        return readingOf(stats, stateOf(state));
      }),
    );
  }

  readCompletedJob(uuid: string): Promise<CompletedJob | undefined> {
    return this.#ask(async (connection) => {
      const stats = await unless(
        ['no-domain', 'operation-invalid', 'operation-unsupported'],
        async () => (await connection.lookupByUuid(uuid)).completedJobStats({ keep: true }),
      );
      return completedOf(stats);
    });
  }

  maxDowntimeMs(uuid: string): Promise<number> {
    return this.#with(uuid, (domain) => domain.getMaxDowntimeMs());
  }

  maxSpeed(uuid: string): Promise<number> {
    return this.#with(uuid, (domain) => domain.getMaxSpeed());
  }

  setMaxSpeed(uuid: string, bytesPerSecond: number): Promise<void> {
    return this.#act(uuid, (domain) => domain.setMaxSpeed(bytesPerSecond));
  }

  setMaxDowntime(uuid: string, ms: number): Promise<void> {
    return this.#act(uuid, (domain) => domain.setMaxDowntimeMs(Math.max(1, Math.round(ms))));
  }

  startPostCopy(uuid: string): Promise<void> {
    return this.#act(uuid, (domain) => domain.startPostCopy());
  }

  setPostCopySpeed(uuid: string, bytesPerSecond: number): Promise<void> {
    return this.#act(uuid, (domain) => domain.setMaxSpeed(bytesPerSecond, { postCopy: true }));
  }

  abortJob(uuid: string): Promise<void> {
    return this.#act(uuid, (domain) => domain.abortJob());
  }

  migrate(uuid: string, options: MigrateOptions): Promise<void> {
    return this.#carry(uuid, options, parametersOf(options));
  }

  resumePostCopy(uuid: string, options: MigrateOptions): Promise<void> {
    const parameters = { ...parametersOf(options), postCopyResume: true };
    return this.#carry(uuid, options, parameters);
  }

  breakOffPostCopy(uuid: string): Promise<void> {
    return this.#act(uuid, (domain) => domain.abortJob({ postCopy: true }));
  }

  resumeGuest(uuid: string): Promise<void> {
    return this.#act(uuid, (domain) => domain.resume());
  }

  /** It is looked at right before: libvirt itself would end a running one, too. */
  discardCopy(uuid: string): Promise<void> {
    return this.#with(uuid, async (domain) => {
      const { state } = await domain.state();
      if (state !== 'paused') throw refusal(this.name, `${domain.name} is ${state}, not paused`);
      this.#mayAct();
      await domain.destroy();
    });
  }

  forgetDefinition(uuid: string): Promise<void> {
    return this.#with(uuid, async (domain) => {
      const { state } = await domain.state();
      if (state !== 'shut-off')
        throw refusal(this.name, `${domain.name} is ${state}, not shut off`);
      this.#mayAct();
      await domain.undefine({ keepNvram: true });
    });
  }

  startProbe(probe: ProbeGuest): Promise<string> {
    return this.#ask(async (connection) => {
      this.#mayAct();
      return (await connection.createDomain(probeXml(probe))).uuid;
    });
  }

  probes(): Promise<readonly ProbeSeen[]> {
    return this.#ask(probesOn);
  }

  endProbe(uuid: string): Promise<void> {
    return this.#ask((connection) => endProbe(connection, this.name, uuid, this.#mayAct));
  }

  readClock(probe: string, wallMs: () => number): Promise<readonly ClockReading[]> {
    return this.#ask((connection) => readClock(connection, this.name, probe, wallMs));
  }

  watchDomain(
    uuid: string,
    onChange: (change: DomainChange) => void,
  ): Promise<() => Promise<void>> {
    return asOurs(this.name, () => this.#watch.add(uuid, onChange));
  }

  async close(): Promise<void> {
    await Promise.all([this.#watch.close(), this.#control.close()]);
  }

  /** Every look-up is by UUID and for this call only: a domain's id changes as it moves. */
  #with<T>(uuid: string, work: (domain: Domain) => Promise<T>): Promise<T> {
    return this.#ask(async (connection) => work(await connection.lookupByUuid(uuid)));
  }

  #ask<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return asOurs(this.name, async () => work(await this.#control.get()));
  }

  /** Asks at the last moment: an answer that it waits for may be long in coming. */
  #act<T>(uuid: string, act: (domain: Domain) => Promise<T>): Promise<T> {
    return this.#with(uuid, (domain) => {
      this.#mayAct();
      return act(domain);
    });
  }

  async #carry(
    uuid: string,
    { way, tellClear }: MigrateOptions,
    parameters: MigrateParameters,
  ): Promise<void> {
    const send = (tls: MigrateParameters['tls']): Promise<void> =>
      this.#act(uuid, (domain) => domain.migratePeerToPeer(way.uri, { ...parameters, tls }));
    const wanted = tlsBetween(this.#migrationTls, way.migrationTls);
    if (wanted === 'never') return send(undefined);
    const nowMs = (): number => this.#clock.nowMs();
    if (wanted === 'prefer' && lacking.known(this.address, way.uri, nowMs())) {
      tellClear?.(
        'Its memory goes in clear: between these hosts certificates for TLS are lacking.',
      );
      return send(undefined);
    }
    try {
      return await send({});
    } catch (error) {
      if (wanted === 'require' || !lacksCertificates(error)) throw error;
      lacking.found(this.address, way.uri, nowMs());
      tellClear?.(`Its memory goes in clear: ${error.message}`);
      return send(undefined);
    }
  }
}

async function find(connection: Connection, nameOrUuid: string): Promise<Domain | undefined> {
  const byName = await unless(['no-domain'], () => connection.lookupByName(nameOrUuid));
  if (byName !== undefined || !uuidPattern.test(nameOrUuid)) return byName;
  return unless(['no-domain'], () => connection.lookupByUuid(nameOrUuid));
}

const uuidPattern = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/** Libvirt counts in ns. */
function cpuMsIn(stats: StatsMap): number | undefined {
  const time = stats.get('cpu.time');
  return time === undefined ? undefined : Number(time) / 1e6;
}

/** `undefined`: it is a probe guest, and no VM of the fleet. */
async function summaryOf(domain: Domain): Promise<Omit<DomainSummary, 'cpuMs'> | undefined> {
  const [xml, libvirtState, stats, metadata] = await Promise.all([
    domain.xml(),
    domain.state(),
    jobStats(domain),
    domain.getMetadata(metadataNamespace, { from: 'current' }),
  ]);
  const { memoryBytes, virtualCpus, probe } = readDomainXml(xml);
  if (probe) return undefined;
  const state = stateOf(libvirtState);
  const outgoingJob = readingOf(stats, state) !== undefined;
  return {
    name: domain.name,
    uuid: domain.uuid,
    state: state.state,
    memoryBytes,
    virtualCpus,
    tags: metadata === undefined ? noTags : readTagsXml(metadata).tags,
    outgoingJob,
    // Libvirt tells nothing of a job at the destination: there is the pause, and none that goes out.
    arriving: !outgoingJob && state.state === 'paused' && state.reason === 'migration',
  };
}

async function factsOf(domain: Domain): Promise<DomainFacts> {
  const [live, definition, state, persistent, stats] = await Promise.all([
    domain.xml(),
    domain.xml({ migratable: true }),
    domain.state(),
    domain.isPersistent(),
    jobStats(domain),
  ]);
  const read = readDomainXml(live);
  return {
    name: domain.name,
    uuid: domain.uuid,
    memoryBytes: read.memoryBytes,
    virtualCpus: read.virtualCpus,
    machineType: read.machineType,
    architecture: read.architecture,
    persistent,
    state: stateOf(state),
    immovable: read.immovable,
    postCopyObstacles: read.postCopyObstacles,
    doubts: read.doubts,
    busyWith: busyWith(stats),
    definition,
  };
}

/** A domain that does not run, or that is only arriving here, has no statistics to give. */
async function jobStats(domain: Domain): Promise<JobStats | undefined> {
  try {
    return await unless(['operation-invalid', 'operation-unsupported'], () => domain.jobStats());
  } catch (error) {
    if (error instanceof LibvirtError && passingStatus.test(error.message)) return undefined;
    throw error;
  }
}

/** Libvirt 12 gives no statistics in the moment in which QEMU 11 hands devices over to post-copy. */
const passingStatus = /unexpected migration status in postcopy-device/;

function refusal(host: string, message: string): DroverError {
  return new DroverError('hypervisor.failed', `${host}: ${message}`);
}
