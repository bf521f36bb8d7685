import { describe, expect, test } from 'vitest';
import { DroverError } from '../errors/catalogue.ts';
import type { DomainFacts, Host, HostFacts } from '../hypervisor/port.ts';
import { SimulatedWorld } from '../hypervisor/simulated.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import { exclusions } from '../policy/exclusions.ts';
import { allowedFor } from './capabilities.ts';
import { type Contact, codeOfRefusal, type FindingCode, preflight } from './preflight.ts';

const mib = 2 ** 20;

interface Scene {
  readonly name: string;
  readonly vm?: string;
  readonly source?: Partial<HostFacts>;
  readonly destination?: Partial<HostFacts>;
  readonly domain?: Partial<DomainFacts>;
  readonly taken?: boolean;
  readonly noPeer?: boolean;
  readonly silent?: boolean;
  readonly blocks: readonly FindingCode[];
  readonly says: RegExp;
}

const scenes: readonly Scene[] = [
  { name: 'nothing against it', blocks: [], says: /with its own credentials/ },
  {
    name: 'the destination is silent',
    silent: true,
    blocks: ['unreachable'],
    says: /h2 cannot be reached: no route/,
  },
  {
    name: 'the same host',
    destination: { hostUuid: 'uuid-of-h1' },
    blocks: ['same-host'],
    says: /already/,
  },
  {
    name: 'the same hostname',
    destination: { hostname: 'h1' },
    blocks: ['same-host'],
    says: /call themselves h1/,
  },
  { name: 'no such VM', vm: 'other', blocks: ['not-found'], says: /h1 has no VM other/ },
  {
    name: 'not running',
    domain: { state: { state: 'shut-off', reason: 'other' } },
    blocks: ['not-running'],
    says: /is shut-off/,
  },
  {
    name: 'busy',
    domain: { busyWith: 'a migration' },
    blocks: ['busy'],
    says: /busy with a migration/,
  },
  {
    name: 'a host device and too little memory',
    domain: { immovable: ['a host device is passed through to it'] },
    destination: { freeMemoryBytes: 64 * mib },
    blocks: ['immovable', 'memory'],
    says: /It cannot move: a host device/,
  },
  { name: 'taken there', taken: true, blocks: ['taken'], says: /has vm already/ },
  {
    name: 'no way between the hosts',
    noPeer: true,
    blocks: ['no-way-between'],
    says: /set peerUri/,
  },
  {
    name: 'doubts do not block',
    domain: { doubts: ['whether both hosts share the storage of its disk vda'] },
    destination: { unknowns: ['whether userfaultfd is open to QEMU'] },
    blocks: [],
    says: /disk vda[\s\S]*h2: whether userfaultfd/,
  },
];

async function judge(scene: Scene): ReturnType<typeof preflight> {
  const clock = new VirtualClock();
  const settings = { linkBytesPerSecond: mib, syncMs: 100, setupMs: 10, callMs: 1 };
  const world = new SimulatedWorld(clock, settings);
  const guest = {
    name: 'vm',
    memoryBytes: 128 * mib,
    touchedBytes: mib,
    workingSetBytes: 0,
    writeBytesPerSecond: 0,
    throttleEffect: 1,
  };
  const source = world.addHost('h1', scene.source);
  const destination = world.addHost('h2', scene.destination);
  source.addGuest(guest);
  if (scene.taken === true) destination.addGuest(guest);
  const findDomain: Host['findDomain'] = async (name) => {
    const found = await source.findDomain(name);
    return found && { ...found, ...scene.domain };
  };
  const from: Contact = { host: overlay(source, { findDomain }) };
  const to: Contact =
    scene.silent === true
      ? { name: 'h2', unreachable: new DroverError('host.unreachable', 'no route to host') }
      : {
          host: scene.noPeer === true ? overlay(destination, { ways: [] }) : destination,
        };
  return clock.run(preflight(from, to, scene.vm ?? 'vm'));
}

/** The host with some of its members replaced. */
function overlay(host: Host, members: Partial<Record<keyof Host, unknown>>): Host {
  return new Proxy(host, {
    get(target, key) {
      if (key in members) return Reflect.get(members, key);
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('preflight', () => {
  test.each(scenes)('$name', async (scene) => {
    const { findings, cleared } = await judge(scene);
    const blocking = findings.filter(({ severity }) => severity === 'blocks');
    expect(blocking.map(({ code }) => code)).toEqual(scene.blocks);
    expect(findings.map(({ message }) => message).join('\n')).toMatch(scene.says);
    expect(cleared === undefined).toBe(scene.blocks.length > 0);
  });

  test('one reason has its own code, several share one', async () => {
    const one = await judge({ name: '', vm: 'other', blocks: [], says: /./ });
    expect(codeOfRefusal(one.findings)).toBe('domain.not-found');
    const two = await judge({ name: '', taken: true, noPeer: true, blocks: [], says: /./ });
    expect(codeOfRefusal(two.findings)).toBe('preflight.refused');
  });
});

describe('what a migration may use', () => {
  const yes = { allowed: true } as const;
  const no = { allowed: false, because: 'the administrator forbids it on h2' } as const;

  test.each([
    ['all allow it', {}, { source: yes, destination: yes }, yes],
    ['the administrator forbids it', {}, { source: yes, destination: no }, no],
    [
      'the host cannot',
      { destination: { postCopy: { allowed: false, because: 'QEMU 2.1 has none' } } },
      { source: yes, destination: yes },
      { allowed: false, because: 'on h2, QEMU 2.1 has none' },
    ],
    [
      'the guest cannot',
      { domain: { postCopyObstacles: ['it has 1 GiB pages'] } },
      { source: yes, destination: yes },
      { allowed: false, because: 'it has 1 GiB pages' },
    ],
  ] as const)('post-copy: %s', async (name, scene, admin, expected) => {
    const { cleared } = await judge({ name, blocks: [], says: /./, ...scene });
    if (cleared === undefined) throw new Error('it was refused');
    const { source, destination } = admin;
    const admins = { source: { postCopy: source }, destination: { postCopy: destination } };
    expect(allowedFor(cleared, admins, []).capabilities.postCopy).toEqual(expected);
  });

  test.each([
    ['allows it', undefined, undefined, true],
    ['forbids it at the source', no, undefined, false],
    ['forbids it at the destination, where the memory is not yet', undefined, no, true],
  ])('reading the memory: the administrator %s', async (name, source, destination, expected) => {
    const { cleared } = await judge({ name, blocks: [], says: /./ });
    if (cleared === undefined) throw new Error('it was refused');
    const set = (memoryReading: typeof source) =>
      memoryReading === undefined ? { postCopy: yes } : { postCopy: yes, memoryReading };
    const admins = { source: set(source), destination: set(destination) };
    expect(allowedFor(cleared, admins, []).capabilities.memoryReading?.allowed).toBe(expected);
  });

  test.each([
    [yes, yes],
    [yes, no],
  ])(
    'an exclusion closes what it names, and opens nothing (%j, %j)',
    async (source, destination) => {
      const { cleared } = await judge({ name: '', blocks: [], says: /./ });
      if (cleared === undefined) throw new Error('it was refused');
      const admin = { source: { postCopy: source }, destination: { postCopy: destination } };
      const without = allowedFor(cleared, admin, []);
      const closed = {
        allowed: false,
        because: expect.stringContaining("VM's own metadata forbids"),
      };
      const mechanism = { 'post-copy': 'postCopy', throttle: 'autoConverge' } as const;
      for (const what of exclusions) {
        const excluded = allowedFor(cleared, admin, [{ what, from: 'metadata' }]);
        expect(excluded).toEqual({
          ...without,
          capabilities: { ...without.capabilities, [mechanism[what]]: closed },
        });
      }
    },
  );
});
