import { type DirtyRate, type DirtyRateMode, dirtyRate, dirtyRateModeFlags } from './dirty-rate.ts';
import { LibvirtError } from './errors.ts';
import { statsGroupsWord, statsMap } from './host.ts';
import { type JobStats, jobStats } from './job-stats.ts';
import {
  type MigrateParameters,
  migrateFlags,
  migrateTypedParameters,
} from './migrate-parameters.ts';
import type { DomainReference } from './protocol/types.ts';
import type { CallOptions } from './rpc/pending-call.ts';
import type { Session } from './session.ts';
import { type ControlInfo, controlInfo, type DomainState, domainState } from './states.ts';
import { amount, flagsWord } from './words.ts';

export interface XmlOptions extends CallOptions {
  /** With passwords; needs a connection that may write. */
  readonly secure?: boolean | undefined;
  /** The definition for the next start, not the running domain's. */
  readonly inactive?: boolean | undefined;
  /** With the CPU model expanded to what the host gives. */
  readonly updateCpu?: boolean | undefined;
  /** Fit to be handed to another host. */
  readonly migratable?: boolean | undefined;
}

export interface MetadataChange extends CallOptions {
  readonly namespaceUri: string;
  /** The prefix that libvirt gives the namespace. */
  readonly key: string;
  /** One element in that namespace; `undefined` removes it. */
  readonly xml: string | undefined;
  /** In the running domain; with neither `live` nor `config`, wherever the domain is now. */
  readonly live?: boolean | undefined;
  /** In the persistent definition. */
  readonly config?: boolean | undefined;
}

export interface UndefineOptions extends CallOptions {
  readonly managedSave?: boolean | undefined;
  readonly snapshotsMetadata?: boolean | undefined;
  readonly checkpointsMetadata?: boolean | undefined;
  readonly nvram?: boolean | undefined;
  readonly keepNvram?: boolean | undefined;
  readonly tpm?: boolean | undefined;
  readonly keepTpm?: boolean | undefined;
}

/** The metadata kind that holds elements of other namespaces. */
const elementMetadata = 2;
/** Addresses as the guest's machine has them, not as one of its processes does. */
const physicalMemory = 2;
const metadataSources = { current: 0, live: 1, config: 2 } as const;
const mebibyte = 1024 * 1024;
/** What the daemon reports where no limit is set: the most MiB/s that its bytes/s can hold. */
const unlimitedMebibytes = 2n ** 63n / 2n ** 20n - 1n;

/**
 * A domain on one host: a reference, not a copy. Every method rejects with LibvirtError when the
 * daemon refuses (`no-domain` when it is gone), and as any call with CallTimeoutError,
 * CallAbortedError or ConnectionClosedError.
 */
export class Domain implements DomainReference {
  readonly name: string;
  readonly uuid: string;
  /** As it was when this reference was made; -1 when it was not running. */
  readonly id: number;
  readonly #session: Session;

  /** Made by a Connection. */
  constructor(session: Session, reference: DomainReference) {
    this.#session = session;
    this.name = reference.name;
    this.uuid = reference.uuid;
    this.id = reference.id;
  }

  async state(options?: CallOptions): Promise<DomainState> {
    const answer = await this.#rpc.call('domainGetState', this.#args(), options);
    return domainState(answer.state, answer.reason);
  }

  xml(options: XmlOptions = {}): Promise<string> {
    const { secure, inactive, updateCpu, migratable } = options;
    const bits = [secure, inactive, updateCpu, migratable] as const;
    const flags = flagsWord(bits.map((set, bit) => [bit, set]));
    return this.#rpc.call('domainGetXmlDesc', this.#args(flags), options);
  }

  isPersistent(options?: CallOptions): Promise<boolean> {
    return this.#rpc.call('domainIsPersistent', { domain: this }, options);
  }

  async controlInfo(options?: CallOptions): Promise<ControlInfo> {
    const answer = await this.#rpc.call('domainGetControlInfo', this.#args(), options);
    return controlInfo(answer.state, answer.details, answer.sinceMs);
  }

  /** The element of that namespace; `undefined` when there is none. */
  async getMetadata(
    namespaceUri: string,
    options: CallOptions & { readonly from: 'live' | 'config' | 'current' },
  ): Promise<string | undefined> {
    const flags = metadataSources[options.from];
    const args = { domain: this, type: elementMetadata, uri: namespaceUri, flags };
    try {
      return await this.#rpc.call('domainGetMetadata', args, options);
    } catch (error) {
      if (error instanceof LibvirtError && error.code === 'no-domain-metadata') return undefined;
      throw error;
    }
  }

  /** During a migration the daemon holds this back and fails it after 30 s. */
  async setMetadata(change: MetadataChange): Promise<void> {
    const { namespaceUri: uri, key, xml, live, config } = change;
    const flags = flagsWord([
      [0, live],
      [1, config],
    ]);
    const args = { domain: this, type: elementMetadata, xml, key, uri, flags };
    await this.#rpc.call('domainSetMetadata', args, change);
  }

  /** Starts a defined domain and returns it with its new id. */
  async start(options: CallOptions & { readonly paused?: boolean } = {}): Promise<Domain> {
    const flags = flagsWord([[0, options.paused]]);
    const started = await this.#rpc.call('domainCreateWithFlags', this.#args(flags), options);
    return new Domain(this.#session, started);
  }

  /** Pulls the plug; `graceful` fails rather than kill a hypervisor that does not end by itself. */
  async destroy(options: CallOptions & { readonly graceful?: boolean } = {}): Promise<void> {
    const flags = flagsWord([[0, options.graceful]]);
    await this.#rpc.call('domainDestroyFlags', this.#args(flags), options);
  }

  async suspend(options?: CallOptions): Promise<void> {
    await this.#rpc.call('domainSuspend', { domain: this }, options);
  }

  async resume(options?: CallOptions): Promise<void> {
    await this.#rpc.call('domainResume', { domain: this }, options);
  }

  /** Removes the definition; a running domain runs on as a transient one. */
  async undefine(options: UndefineOptions = {}): Promise<void> {
    const flags = flagsWord([
      [0, options.managedSave],
      [1, options.snapshotsMetadata],
      [2, options.nvram],
      [3, options.keepNvram],
      [4, options.checkpointsMetadata],
      [5, options.tpm],
      [6, options.keepTpm],
    ]);
    await this.#rpc.call('domainUndefineFlags', this.#args(flags), options);
  }

  /**
   * Lets the source's daemon migrate the domain to `destinationUri`, as that daemon reaches it.
   * Resolves when the migration has succeeded. No deadline unless one is given. A call that ends
   * in any other way than LibvirtError leaves the outcome unknown: the migration goes on without
   * its caller. Error `migrate-persist-failed` means that the domain did move.
   */
  async migratePeerToPeer(
    destinationUri: string,
    parameters: MigrateParameters,
    options: CallOptions = {},
  ): Promise<void> {
    const args = {
      domain: this,
      destinationUri,
      parameters: migrateTypedParameters(parameters),
      cookie: new Uint8Array(),
      flags: migrateFlags(parameters),
    };
    await this.#session.channels.run((rpc) =>
      rpc.call('domainMigratePerform3Params', args, { timeoutMs: 0, ...options }),
    );
  }

  /** The running job; `undefined` when there is none. */
  async jobStats(options?: CallOptions): Promise<JobStats | undefined> {
    return this.#jobStats(0, options);
  }

  /** The last completed job. The daemon forgets it when it is read, unless `keep` is set. */
  async completedJobStats(
    options: CallOptions & { readonly keep?: boolean } = {},
  ): Promise<JobStats | undefined> {
    const flags = flagsWord([
      [0, true],
      [1, options.keep],
    ]);
    return this.#jobStats(flags, options);
  }

  /**
   * Cancels the running job. Returns before the clean-up is done. A post-copy migration refuses
   * (`operation-invalid`) unless `postCopy` is set, which breaks it off where it stands: the domain
   * waits, split over both hosts, to be resumed.
   */
  async abortJob(options: CallOptions & { readonly postCopy?: boolean } = {}): Promise<void> {
    if (options.postCopy !== true) {
      await this.#rpc.call('domainAbortJob', { domain: this }, options);
      return;
    }
    await this.#rpc.call('domainAbortJobFlags', this.#args(1), options);
  }

  /** Too early in a migration the hypervisor refuses; try again after the first iteration. */
  async startPostCopy(options?: CallOptions): Promise<void> {
    await this.#rpc.call('domainMigrateStartPostCopy', this.#args(), options);
  }

  async getMaxDowntimeMs(options?: CallOptions): Promise<number> {
    return Number(await this.#rpc.call('domainMigrateGetMaxDowntime', this.#args(), options));
  }

  /** Holds for the running migration, or for the next one of an idle domain. */
  async setMaxDowntimeMs(ms: number, options?: CallOptions): Promise<void> {
    const args = { domain: this, amount: amount(ms, 'the downtime'), flags: 0 };
    await this.#rpc.call('domainMigrateSetMaxDowntime', args, options);
  }

  /** Bytes/s; Infinity without a limit. */
  async getMaxSpeed(options: CallOptions & { readonly postCopy?: boolean } = {}): Promise<number> {
    const args = this.#args(flagsWord([[0, options.postCopy]]));
    const mebibytes = await this.#rpc.call('domainMigrateGetMaxSpeed', args, options);
    const unlimited = mebibytes === 0n || mebibytes >= unlimitedMebibytes;
    return unlimited ? Number.POSITIVE_INFINITY : Number(mebibytes) * mebibyte;
  }

  /**
   * libvirt counts in MiB/s: the limit is rounded to the nearest, and up to one. Infinity removes
   * it. Holds for the running migration, or for the next one of an idle domain.
   */
  async setMaxSpeed(
    bytesPerSecond: number,
    options: CallOptions & { readonly postCopy?: boolean } = {},
  ): Promise<void> {
    const args = {
      domain: this,
      amount: wireSpeed(bytesPerSecond, options.postCopy === true),
      flags: flagsWord([[0, options.postCopy]]),
    };
    await this.#rpc.call('domainMigrateSetMaxSpeed', args, options);
  }

  /** Begins a measurement of 1 to 60 seconds; `dirtyRate` tells how it stands. */
  async startDirtyRateCalculation(
    options: CallOptions & { readonly seconds: number; readonly mode?: DirtyRateMode },
  ): Promise<void> {
    const flags = dirtyRateModeFlags[options.mode ?? 'page-sampling'];
    const args = { domain: this, seconds: options.seconds, flags };
    await this.#rpc.call('domainStartDirtyRateCalculation', args, options);
  }

  /** The latest measurement; `undefined` when the daemon knows of none. */
  async dirtyRate(options?: CallOptions): Promise<DirtyRate | undefined> {
    const args = { domains: [this], groups: statsGroupsWord(['dirty-rate']), flags: 0 };
    const records = await this.#rpc.call('connectGetAllDomainStats', args, options);
    return dirtyRate(statsMap(records[0]?.parameters ?? []));
  }

  /**
   * Reads `bytes` (4 MiB at most) of the running domain's physical memory. Where there is none at that address,
   * the hypervisor may read a device there. The daemon has it written to a file of its own, which it removes at once.
   */
  peekMemory(address: number, bytes: number, options?: CallOptions): Promise<Uint8Array> {
    const where = { address: amount(address, 'the address'), bytes, flags: physicalMemory };
    return this.#rpc.call('domainMemoryPeek', { domain: this, ...where }, options);
  }

  async #jobStats(flags: number, options?: CallOptions): Promise<JobStats | undefined> {
    const answer = await this.#rpc.call('domainGetJobStats', this.#args(flags), options);
    return jobStats(answer.type, answer.parameters);
  }

  get #rpc(): Session['rpc'] {
    return this.#session.rpc;
  }

  #args(flags = 0): { readonly domain: DomainReference; readonly flags: number } {
    return { domain: this, flags };
  }
}

/** Post-copy knows no limit as 0, the rest of a migration as the greatest number. */
function wireSpeed(bytesPerSecond: number, postCopy: boolean): bigint {
  if (bytesPerSecond === Number.POSITIVE_INFINITY) return postCopy ? 0n : unlimitedMebibytes;
  return amount(Math.max(1, Math.round(bytesPerSecond / mebibyte)), 'the speed');
}
