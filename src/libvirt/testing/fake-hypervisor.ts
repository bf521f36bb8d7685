import type { PayloadOf } from '../protocol/events.ts';
import type { DomainReference, TypedParameter } from '../protocol/types.ts';
import { FakeDaemon, Refusal } from './fake-daemon.ts';

interface FakeDomain {
  reference: DomainReference;
  persistent: boolean;
  state: { state: number; reason: number };
  metadata: Map<string, string>;
  downtimeMs: bigint;
  speed: bigint;
}

const errors = { invalid: 55, noDomain: 42, noMetadata: 80 } as const;
const states = {
  booted: { state: 1, reason: 1 },
  unpaused: { state: 1, reason: 5 },
  paused: { state: 3, reason: 1 },
  startingUp: { state: 3, reason: 11 },
  off: { state: 5, reason: 2 },
} as const;
const turns = { started: [2, 0], suspended: [3, 0], resumed: [4, 0], stopped: [5, 1] } as const;
/** What QEMU itself says of some of them. */
const monitorNames: Partial<Record<keyof typeof turns, string>> = {
  suspended: 'STOP',
  resumed: 'RESUME',
};
/** The monitor's events have no number of their own: one that no other has. */
const eventIds = { lifecycle: 0, metadataChange: 23, monitor: -1 } as const;
const unlimited = 8796093022207n;

/** A fake daemon that keeps domains as a real one does, as far as the conformance suite looks. */
export function fakeHypervisor(): FakeDaemon {
  const daemon = new FakeDaemon();
  const world = new World(daemon);
  answerForHost(daemon);
  answerForDomains(daemon, world);
  answerForLimits(daemon, world);
  answerForMetadata(daemon, world);
  return daemon;
}

class World {
  readonly domains = new Map<string, FakeDomain>();
  readonly callbacks = new Map<number, number>();
  #lastId = 0;
  #lastCallback = 0;
  readonly #daemon: FakeDaemon;

  constructor(daemon: FakeDaemon) {
    this.#daemon = daemon;
  }

  define(xml: string, persistent: boolean): FakeDomain {
    const name = /<name>(.*?)<\/name>/.exec(xml)?.[1] ?? '';
    const uuid = /<uuid>(.*?)<\/uuid>/.exec(xml)?.[1] ?? crypto.randomUUID();
    const domain: FakeDomain = {
      reference: { name, uuid, id: -1 },
      persistent,
      state: states.off,
      metadata: new Map(),
      downtimeMs: 300n,
      speed: unlimited,
    };
    this.domains.set(uuid, domain);
    return domain;
  }

  start(domain: FakeDomain, paused: boolean): DomainReference {
    this.#lastId += 1;
    domain.reference = { ...domain.reference, id: this.#lastId };
    domain.state = paused ? states.startingUp : states.booted;
    this.tell(domain, 'started');
    return domain.reference;
  }

  find({ uuid, name }: { uuid?: string; name?: string }): FakeDomain {
    for (const domain of this.domains.values()) {
      const { reference } = domain;
      if (uuid === undefined ? reference.name === name : reference.uuid === uuid) return domain;
    }
    throw new Refusal(errors.noDomain, 'Domain not found');
  }

  subscribe(event: number): number {
    this.#lastCallback += 1;
    this.callbacks.set(this.#lastCallback, event);
    return this.#lastCallback;
  }

  tell(domain: FakeDomain, turn: keyof typeof turns): void {
    const [event, detail] = turns[turn];
    for (const callback of this.#callbacksOf(eventIds.lifecycle)) {
      this.#daemon.emit('lifecycle', { callback, domain: domain.reference, event, detail });
    }
    this.#tellMonitor(domain, monitorNames[turn]);
  }

  #tellMonitor({ reference }: FakeDomain, event: string | undefined): void {
    if (event === undefined) return;
    const nowMs = Date.now();
    const seconds = BigInt(Math.floor(nowMs / 1000));
    for (const callback of this.#callbacksOf(eventIds.monitor)) {
      const micros = (nowMs % 1000) * 1000;
      const payload = { callback, domain: reference, event, seconds, micros, details: undefined };
      this.#daemon.emit('monitor', payload);
    }
  }

  tellMetadata(domain: FakeDomain, uri: string | undefined): void {
    for (const callback of this.#callbacksOf(eventIds.metadataChange)) {
      const payload: PayloadOf<'metadata-change'> = {
        callback,
        domain: domain.reference,
        type: 2,
        uri,
      };
      this.#daemon.emit('metadata-change', payload);
    }
  }

  #callbacksOf(wanted: number): number[] {
    return [...this.callbacks].filter(([, event]) => event === wanted).map(([id]) => id);
  }
}

function answerForHost(daemon: FakeDaemon): void {
  daemon.answer('connectGetHostname', () => 'fake');
  daemon.answer('connectGetLibVersion', () => 12_008_000n);
  daemon.answer('connectGetVersion', () => 11_001_002n);
  daemon.answer('connectGetCapabilities', () => '<capabilities></capabilities>');
  daemon.answer('connectGetDomainCapabilities', () => '<domainCapabilities></domainCapabilities>');
  daemon.answer('nodeGetFreeMemory', () => 2n ** 30n);
  daemon.answer('nodeGetInfo', () => ({
    model: 'x86_64',
    memoryKiB: 2n ** 20n,
    cpus: 2,
    mhz: 2000,
    nodes: 1,
    sockets: 1,
    cores: 2,
    threads: 1,
  }));
  const statistics = [
    { field: 'total', value: 2n ** 20n },
    { field: 'free', value: 2n ** 19n },
  ];
  daemon.answer('nodeGetMemoryStats', ({ most }) => ({
    statistics: most === 0 ? [] : statistics,
    available: statistics.length,
  }));
  const times = ['kernel', 'user', 'idle', 'iowait'].map((field) => ({ field, value: 10n ** 10n }));
  daemon.answer('nodeGetCpuStats', ({ most }) => ({
    statistics: most === 0 ? [] : times,
    available: times.length,
  }));
}

function answerForDomains(daemon: FakeDaemon, world: World): void {
  daemon.answer('domainLookupByName', ({ name }) => world.find({ name }).reference);
  daemon.answer('domainLookupByUuid', ({ uuid }) => world.find({ uuid }).reference);
  daemon.answer('domainCreateXml', ({ xml, flags }) =>
    world.start(world.define(xml, false), flags === 1),
  );
  daemon.answer('domainDefineXml', ({ xml }) => world.define(xml, true).reference);
  daemon.answer('domainCreateWithFlags', ({ domain, flags }) =>
    world.start(world.find(domain), flags === 1),
  );
  daemon.answer('domainGetState', ({ domain }) => world.find(domain).state);
  daemon.answer('domainMemoryPeek', ({ domain, bytes }) => {
    if (world.find(domain).reference.id < 0) throw new Refusal(errors.invalid, 'not running');
    return new Uint8Array(bytes);
  });
  daemon.answer('domainIsPersistent', ({ domain }) => world.find(domain).persistent);
  daemon.answer('domainSuspend', ({ domain }) => change(world, domain, 'paused', 'suspended'));
  daemon.answer('domainResume', ({ domain }) => change(world, domain, 'unpaused', 'resumed'));
  daemon.answer('domainDestroyFlags', ({ domain }) => {
    change(world, domain, 'off', 'stopped');
    if (!world.find(domain).persistent) world.domains.delete(domain.uuid);
  });
  daemon.answer('domainUndefineFlags', ({ domain }) => void world.domains.delete(domain.uuid));
  daemon.answer('connectListAllDomains', ({ flags }) => {
    const domains = [...world.domains.values()]
      .filter(({ state }) => flags === 0 || (state === states.off ? flags === 2 : flags === 1))
      .map(({ reference }) => reference);
    return { domains, count: domains.length };
  });
  daemon.answer('connectGetAllDomainStats', ({ domains }) =>
    domains.map((domain) => ({ domain, parameters: statsOf(world.find(domain)) })),
  );
  daemon.answer('connectDomainEventCallbackRegisterAny', ({ event }) => world.subscribe(event));
  daemon.answer('connectDomainEventCallbackDeregisterAny', ({ callback }) => {
    world.callbacks.delete(callback);
  });
  daemon.answer('qemuConnectDomainMonitorEventRegister', () => world.subscribe(eventIds.monitor));
  daemon.answer('qemuConnectDomainMonitorEventDeregister', ({ callback }) => {
    world.callbacks.delete(callback);
  });
}

function answerForLimits(daemon: FakeDaemon, world: World): void {
  daemon.answer('domainMigrateGetMaxDowntime', ({ domain }) => world.find(domain).downtimeMs);
  daemon.answer('domainMigrateSetMaxDowntime', ({ domain, amount }) => {
    world.find(domain).downtimeMs = amount;
  });
  daemon.answer('domainMigrateGetMaxSpeed', ({ domain }) => world.find(domain).speed);
  daemon.answer('domainMigrateSetMaxSpeed', ({ domain, amount }) => {
    world.find(domain).speed = amount;
  });
  daemon.answer('domainGetJobStats', () => ({ type: 0, parameters: [] }));
  daemon.answer('domainGetControlInfo', () => ({ state: 0, details: 0, sinceMs: 0n }));
  daemon.answer('domainAbortJob', noJob);
  daemon.answer('domainMigrateStartPostCopy', noJob);
}

function answerForMetadata(daemon: FakeDaemon, world: World): void {
  daemon.answer('domainGetMetadata', ({ domain, uri }) => {
    const xml = world.find(domain).metadata.get(uri ?? '');
    if (xml === undefined) throw new Refusal(errors.noMetadata, 'Requested metadata not found');
    return xml;
  });
  daemon.answer('domainSetMetadata', ({ domain, uri, xml }) => {
    const { metadata } = world.find(domain);
    if (xml === undefined) metadata.delete(uri ?? '');
    else metadata.set(uri ?? '', xml);
    world.tellMetadata(world.find(domain), uri);
  });
}

function change(
  world: World,
  { uuid }: DomainReference,
  state: keyof typeof states,
  told: keyof typeof turns,
): void {
  const domain = world.find({ uuid });
  domain.state = states[state];
  world.tell(domain, told);
}

function noJob(): never {
  throw new Refusal(errors.invalid, 'no job is active on the domain');
}

function statsOf(domain: FakeDomain): TypedParameter[] {
  return [
    { field: 'state.state', value: { type: 'int', value: domain.state.state } },
    { field: 'balloon.maximum', value: { type: 'ullong', value: 16384n } },
  ];
}
