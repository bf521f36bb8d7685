import { Domain } from './domain.ts';
import type { LibvirtClientError } from './errors.ts';
import { deliver, type Events, type Subscription } from './events.ts';
import {
  type CpuComparison,
  cpuComparison,
  type GuestKind,
  guestKind,
  type NodeCpuStats,
  type NodeInfo,
  type NodeMemoryStats,
  nodeCpuStats,
  nodeInfo,
  nodeMemoryStats,
  type StatsGroup,
  type StatsMap,
  statsGroupsWord,
  statsMap,
  type Version,
  version,
} from './host.ts';
import { type EventName, eventDefinitions } from './protocol/events.ts';
import type { CallOptions } from './rpc/pending-call.ts';
import type { Session } from './session.ts';
import { flagsWord } from './words.ts';

/** Of a domain that is at work on something, only what can be told at once. */
const noWaitBit = 29;
/** All NUMA cells together. */
const allCells = -1;
const allCpus = -1;

export interface DomainFilter extends CallOptions {
  readonly active?: boolean | undefined;
  readonly inactive?: boolean | undefined;
}

/** One domain's statistics, by libvirt's own names. */
export interface DomainStats {
  readonly domain: Domain;
  readonly stats: StatsMap;
}

/**
 * One host's libvirt daemon. Many calls may be made at once; each takes CallOptions and rejects
 * with LibvirtError, CallTimeoutError, CallAbortedError, TooManyCallsError, ArgumentError or
 * ConnectionClosedError.
 */
export class Connection {
  /** As it was given to `connect`. */
  readonly uri: string;
  /** Resolves when the connection ends: with why, or with `undefined` after `close`. */
  readonly closed: Promise<LibvirtClientError | undefined>;
  readonly #session: Session;

  /** Made by `connect`. */
  constructor(uri: string, session: Session) {
    this.uri = uri;
    this.#session = session;
    this.closed = session.rpc.ended;
  }

  /** Ends the connection. Migrations go on; the calls that wait for them reject. */
  async close(): Promise<void> {
    await Promise.all([this.#session.channels.close(), this.#rpc.close()]);
  }

  hostname(options?: CallOptions): Promise<string> {
    return this.#rpc.call('connectGetHostname', undefined, options);
  }

  async libvirtVersion(options?: CallOptions): Promise<Version> {
    return version(await this.#rpc.call('connectGetLibVersion', undefined, options));
  }

  /** The version of QEMU. */
  async hypervisorVersion(options?: CallOptions): Promise<Version> {
    return version(await this.#rpc.call('connectGetVersion', undefined, options));
  }

  /** The host's capabilities as XML. */
  capabilities(options?: CallOptions): Promise<string> {
    return this.#rpc.call('connectGetCapabilities', undefined, options);
  }

  /** What the hypervisor can give a domain of that kind, as XML. */
  domainCapabilities(kind: GuestKind & CallOptions = {}): Promise<string> {
    const args = { ...guestKind(kind), flags: 0 };
    return this.#rpc.call('connectGetDomainCapabilities', args, kind);
  }

  async nodeInfo(options?: CallOptions): Promise<NodeInfo> {
    return nodeInfo(await this.#rpc.call('nodeGetInfo', undefined, options));
  }

  /** The daemon wants to be told how many numbers it will give, so it is asked twice. */
  async nodeMemoryStats(options?: CallOptions): Promise<NodeMemoryStats> {
    const args = { most: 0, cell: allCells, flags: 0 };
    const { available } = await this.#rpc.call('nodeGetMemoryStats', args, options);
    const answer = await this.#rpc.call(
      'nodeGetMemoryStats',
      { ...args, most: available },
      options,
    );
    return nodeMemoryStats(answer);
  }

  /** Of all processors together. As with memory, the daemon is asked twice. */
  async nodeCpuStats(options?: CallOptions): Promise<NodeCpuStats> {
    const args = { cpu: allCpus, most: 0, flags: 0 };
    const { available } = await this.#rpc.call('nodeGetCpuStats', args, options);
    return nodeCpuStats(
      await this.#rpc.call('nodeGetCpuStats', { ...args, most: available }, options),
    );
  }

  async freeMemoryBytes(options?: CallOptions): Promise<number> {
    return Number(await this.#rpc.call('nodeGetFreeMemory', undefined, options));
  }

  /** Whether the hypervisor here can give the CPU that `cpuXml` describes. */
  async compareCpu(cpuXml: string, options: GuestKind & CallOptions = {}): Promise<CpuComparison> {
    const args = { ...guestKind(options), cpuXml, flags: 0 };
    return cpuComparison(await this.#rpc.call('connectCompareHypervisorCpu', args, options));
  }

  /** The best CPU, as XML, that all of the hosts which gave `cpuXmls` can offer. */
  baselineCpu(
    cpuXmls: readonly string[],
    options: GuestKind &
      CallOptions & { readonly expandFeatures?: boolean; readonly migratable?: boolean } = {},
  ): Promise<string> {
    const flags = flagsWord([
      [0, options.expandFeatures],
      [1, options.migratable],
    ]);
    const args = { ...guestKind(options), cpuXmls, flags };
    return this.#rpc.call('connectBaselineHypervisorCpu', args, options);
  }

  /** All domains, or only the active or the inactive ones. */
  async listDomains(filter: DomainFilter = {}): Promise<Domain[]> {
    const flags = flagsWord([
      [0, filter.active],
      [1, filter.inactive],
    ]);
    const args = { wanted: 1, flags };
    const { domains } = await this.#rpc.call('connectListAllDomains', args, filter);
    return domains.map((reference) => new Domain(this.#session, reference));
  }

  /** Rejects with LibvirtError `no-domain` when there is none. */
  async lookupByName(name: string, options?: CallOptions): Promise<Domain> {
    const reference = await this.#rpc.call('domainLookupByName', { name }, options);
    return new Domain(this.#session, reference);
  }

  /** Rejects with LibvirtError `no-domain` when there is none. */
  async lookupByUuid(uuid: string, options?: CallOptions): Promise<Domain> {
    const reference = await this.#rpc.call('domainLookupByUuid', { uuid }, options);
    return new Domain(this.#session, reference);
  }

  /** Starts a domain that is gone when it ends. */
  async createDomain(
    xml: string,
    options: CallOptions & { readonly paused?: boolean } = {},
  ): Promise<Domain> {
    const args = { xml, flags: flagsWord([[0, options.paused]]) };
    const reference = await this.#rpc.call('domainCreateXml', args, options);
    return new Domain(this.#session, reference);
  }

  /** Keeps a definition, without starting it. */
  async defineDomain(xml: string, options?: CallOptions): Promise<Domain> {
    const reference = await this.#rpc.call('domainDefineXml', { xml }, options);
    return new Domain(this.#session, reference);
  }

  /** Statistics of those domains, or of all. */
  async allDomainStats(
    groups: readonly StatsGroup[],
    domains: readonly Domain[] = [],
    options: CallOptions & { readonly noWait?: boolean } = {},
  ): Promise<DomainStats[]> {
    const flags = flagsWord([[noWaitBit, options.noWait]]);
    const args = { domains, groups: statsGroupsWord(groups), flags };
    const records = await this.#rpc.call('connectGetAllDomainStats', args, options);
    return records.map((record) => ({
      domain: new Domain(this.#session, record.domain),
      stats: statsMap(record.parameters),
    }));
  }

  /**
   * Calls `handler` for each such event, of one domain or of all, in the order in which they
   * happened. What it throws is not caught here.
   */
  async subscribe<N extends EventName>(
    event: N,
    handler: (event: Events[N]) => void,
    options: CallOptions & { readonly domain?: Domain } = {},
  ): Promise<Subscription> {
    // One register of the daemon numbers all callbacks, those of QEMU's own program, too.
    const callback = await this.#session.events.add(
      () => this.#register(event, options),
      (arrived) => deliver(event, arrived, handler),
    );
    return { unsubscribe: () => this.#unsubscribe(event, callback) };
  }

  #register(
    event: EventName,
    options: CallOptions & { readonly domain?: Domain },
  ): Promise<number> {
    const { id } = eventDefinitions[event];
    const { domain } = options;
    if (id !== undefined)
      return this.#rpc.call(
        'connectDomainEventCallbackRegisterAny',
        { event: id, domain },
        options,
      );
    const args = { domain, event: undefined, flags: 0 };
    return this.#rpc.call('qemuConnectDomainMonitorEventRegister', args, options);
  }

  async #unsubscribe(event: EventName, callback: number): Promise<void> {
    this.#session.events.remove(callback);
    if (!this.#rpc.usable) return;
    const deregister =
      eventDefinitions[event].id === undefined
        ? 'qemuConnectDomainMonitorEventDeregister'
        : 'connectDomainEventCallbackDeregisterAny';
    await this.#rpc.call(deregister, { callback });
  }

  get #rpc(): Session['rpc'] {
    return this.#session.rpc;
  }
}
