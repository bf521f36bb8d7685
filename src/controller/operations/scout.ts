import { DroverError } from '../../errors/catalogue.ts';
import type { Config } from '../../fleet/config.ts';
import { resolveHost } from '../../fleet/hosts.ts';
import { standingOf } from '../../fleet/rules.ts';
import { type Lesson, priorFrom } from '../../forecast/learn.ts';
import { fitWorkingSet, type WorkingSet } from '../../forecast/working-set.ts';
import type { DomainFacts, Host, HostFacts, SeenWrites } from '../../hypervisor/port.ts';
import { messageOf } from '../../migration/look.ts';
import type { SeenVm, Sight } from '../../operations/sight.ts';
import type { Store } from '../../store/store.ts';
import type { World } from '../world.ts';
import { Gauge } from './gauge.ts';

/** A host that does not answer within this time is silent, ms. */
const answerMs = 5_000;
/** What a host has and allows is asked anew after this, ms. */
const factsLastMs = 10_000;
/** Whether a host could run a VM is asked anew after this, ms. */
const judgedLastMs = 60_000;
const mostLessons = 5;

/** What is known of a VM that is to move. */
export interface VmKnowledge {
  readonly touchedBytes: number | undefined;
  readonly workingSet: WorkingSet | undefined;
  /** Why it cannot move at all; `undefined`: it can. */
  readonly fixed: string | undefined;
}

/** What was seen of a way. */
export interface SeenWay {
  readonly bandwidthBytesPerSecond?: number | undefined;
  /** By so many migrations. */
  readonly times: number;
}

/** What does not change while it waits. */
interface Standing {
  readonly immovable: readonly string[];
  readonly residentBytes: number | undefined;
  readonly ofGuest: readonly Lesson[];
  readonly ofClass: readonly Lesson[];
}

const nothingKnown: VmKnowledge = {
  touchedBytes: undefined,
  workingSet: undefined,
  fixed: undefined,
};

/** Looks at hosts and VMs for operations. What it was told lately it does not ask again. */
export class Scout {
  readonly #ports: ScoutPorts;
  readonly #hosts = new Map<string, { readonly uri: string; readonly host: Host }>();
  readonly #facts = new Map<string, { readonly atMs: number; readonly facts: HostFacts }>();
  readonly #domains = new Map<string, DomainFacts>();
  readonly #standings = new Map<string, Standing>();
  readonly #gauge: Gauge;
  readonly #judged = new Map<string, { readonly atMs: number; readonly why: string | undefined }>();

  /** `onMeasured`: more is known of what VMs write. */
  constructor(ports: ScoutPorts, onMeasured: () => void = () => undefined) {
    this.#ports = ports;
    this.#gauge = new Gauge((vm, seconds) => this.#measure(vm, seconds), onMeasured);
  }

  /** What these VMs write before they move. */
  get gauge(): Gauge {
    return this.#gauge;
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#hosts.values()].map(({ host }) => host.close()));
    this.#hosts.clear();
  }

  /** Which VMs these hosts have now. `ours`: UUIDs of those that Drover moves. */
  async see(names: readonly string[], ours: ReadonlySet<string>): Promise<Sight> {
    const at = this.#ports.world.wallMs();
    const seen = await Promise.all(
      names.map(async (name) => [name, await this.#seeHost(name, ours)] as const),
    );
    return { at, hosts: new Map(seen) };
  }

  /** What hosts have and allow; those that do not answer are left out. */
  async facts(names: readonly string[]): Promise<ReadonlyMap<string, HostFacts>> {
    const all = await Promise.all(
      names.map(async (name) => [name, await this.#factsOf(name)] as const),
    );
    return new Map(all.flatMap(([name, facts]) => (facts === undefined ? [] : [[name, facts]])));
  }

  /** What of VMs is known before they move, all side by side; what they write as far as that was measured. */
  async know(vms: readonly SeenVm[]): Promise<ReadonlyMap<string, VmKnowledge>> {
    const all = await Promise.all(
      vms.map(async (vm) => {
        const known = this.#standings.get(vm.uuid) ?? (await this.#learn(vm));
        if (known !== undefined) this.#standings.set(vm.uuid, known);
        return [
          vm.uuid,
          known === undefined ? nothingKnown : this.#knowledgeOf(vm, known),
        ] as const;
      }),
    );
    return new Map(all);
  }

  /** Why a host cannot run a VM, for anything but want of memory; `undefined`: it can, or is silent. */
  async judge(
    vm: { readonly uuid: string; readonly host: string },
    to: string,
  ): Promise<string | undefined> {
    const key = `${vm.uuid} ${to}`;
    const nowMs = this.#ports.world.clock.nowMs();
    const before = this.#judged.get(key);
    if (before !== undefined && nowMs - before.atMs < judgedLastMs) return before.why;
    const why = await this.#inTime(to, async (host) => {
      const domain = await this.#domainOf(vm);
      if (domain === undefined) return undefined;
      const problems = await host.judgeArrival(domain);
      const others = problems.filter(({ code }) => code !== 'memory');
      return others.length === 0 ? undefined : others.map(({ message }) => message).join('; ');
    });
    this.#judged.set(key, { atMs: nowMs, why });
    return why;
  }

  /** Which hosts were found not to run a VM, and why. */
  unfit(uuid: string): Readonly<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const [key, { why }] of this.#judged)
      if (why !== undefined && key.startsWith(`${uuid} `)) found[key.slice(uuid.length + 1)] = why;
    return found;
  }

  /** What earlier migrations say of the way between two hosts. */
  async wayBetween(a: string, b: string): Promise<SeenWay> {
    const ofWay = await this.#ports.store.migrations.lessons(
      { of: 'way', hosts: [a, b] },
      mostLessons,
    );
    return { ...prior({ ofWay }), times: ofWay.length };
  }

  async #seeHost(name: string, ours: ReadonlySet<string>): Promise<readonly SeenVm[] | undefined> {
    const config = this.#ports.config();
    return this.#inTime(name, async (host) => {
      const domains = await host.domains();
      return domains
        .filter(({ arriving }) => !arriving)
        .map(({ uuid, name: vm, state, memoryBytes, virtualCpus, cpuMs, tags, outgoingJob }) => ({
          uuid,
          name: vm,
          host: name,
          state,
          memoryBytes,
          virtualCpus,
          slaClass: standingOf(config, vm, tags).slaClass,
          labels: tags.labels,
          cpuMs,
          foreignJob: outgoingJob && !ours.has(uuid),
        }));
    });
  }

  async #factsOf(name: string): Promise<HostFacts | undefined> {
    const nowMs = this.#ports.world.clock.nowMs();
    const before = this.#facts.get(name);
    if (before !== undefined && nowMs - before.atMs < factsLastMs) return before.facts;
    const facts = await this.#inTime(name, (host) => host.facts());
    if (facts !== undefined) this.#facts.set(name, { atMs: nowMs, facts });
    else this.#facts.delete(name);
    return facts;
  }

  async #learn(vm: SeenVm): Promise<Standing | undefined> {
    const domain = await this.#inTime(vm.host, () => this.#domainOf(vm));
    if (domain === undefined) return undefined;
    const residentBytes = await this.#inTime(vm.host, (host) => host.residentBytes(vm.uuid));
    const { migrations } = this.#ports.store;
    const [ofGuest, ofClass] = await Promise.all([
      migrations.lessons({ of: 'guest', vmUuid: vm.uuid }, mostLessons),
      migrations.lessons({ of: 'class', slaClass: vm.slaClass, butVmUuid: vm.uuid }, mostLessons),
    ]);
    return { immovable: domain.immovable, residentBytes, ofGuest, ofClass };
  }

  #knowledgeOf({ uuid, memoryBytes }: SeenVm, standing: Standing): VmKnowledge {
    const { immovable, residentBytes: resident, ofGuest, ofClass } = standing;
    const measured = this.#gauge.seen(uuid);
    const residentBytes = resident === undefined ? undefined : Math.min(resident, memoryBytes);
    const { touchedBytes, written } = prior({ ofGuest, ofClass, measured, residentBytes });
    const workingSet = fitWorkingSet([], written, 0, touchedBytes ?? memoryBytes);
    const fixed = immovable.length === 0 ? undefined : immovable.join('; ');
    return { touchedBytes, workingSet, fixed };
  }

  /** What cannot be measured now is not known: a plan is made without it, and steering sees it later. */
  async #measure(
    { uuid, host: name, name: vm, state, foreignJob }: SeenVm,
    seconds: number,
  ): Promise<readonly SeenWrites[]> {
    if (state !== 'running' || foreignJob) return [];
    try {
      const seen = await this.#hostNamed(name).measureWrites(uuid, seconds);
      return seen === undefined ? [] : [seen];
    } catch (error) {
      this.#ports.log(`what ${vm} writes could not be measured`, error);
      return [];
    }
  }

  async #domainOf({
    uuid,
    host,
  }: {
    readonly uuid: string;
    readonly host: string;
  }): Promise<DomainFacts | undefined> {
    const known = this.#domains.get(uuid) ?? (await this.#hostNamed(host).findDomain(uuid));
    if (known !== undefined) this.#domains.set(uuid, known);
    return known;
  }

  #hostNamed(name: string): Host {
    const resolved = resolveHost(this.#ports.config(), name);
    const before = this.#hosts.get(name);
    if (before !== undefined && before.uri === resolved.uri) return before.host;
    const host = this.#ports.world.hostAt(resolved, () => undefined);
    this.#hosts.set(name, { uri: resolved.uri, host });
    return host;
  }

  /** `undefined` where the host is silent: whoever plans goes on with the others. */
  async #inTime<T>(name: string, work: (host: Host) => Promise<T>): Promise<T | undefined> {
    const enough = new AbortController();
    const late = this.#ports.world.clock.sleep(answerMs, enough.signal).then(() => undefined);
    try {
      return await Promise.race([work(this.#hostNamed(name)), late]);
    } catch (error) {
      if (!(error instanceof DroverError)) throw error;
      this.#ports.log(`${name} could not be asked: ${messageOf(error)}`, error);
      return undefined;
    } finally {
      enough.abort();
    }
  }
}

export interface ScoutPorts {
  readonly world: World;
  readonly store: Store;
  readonly config: () => Config;
  readonly log: (message: string, error: unknown) => void;
}

function prior(known: {
  readonly ofGuest?: readonly Lesson[];
  readonly ofWay?: readonly Lesson[];
  readonly ofClass?: readonly Lesson[];
  readonly measured?: readonly SeenWrites[];
  readonly residentBytes?: number | undefined;
}): ReturnType<typeof priorFrom> {
  const nothing = { ofGuest: [], ofWay: [], ofClass: [], measured: [], residentBytes: undefined };
  return priorFrom({ ...nothing, ...known, capBytesPerSecond: undefined, syncing: 'continuous' });
}
