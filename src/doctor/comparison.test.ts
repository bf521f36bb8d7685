import { expect, test } from 'vitest';
import type { ResolvedHost } from '../fleet/hosts.ts';
import type { HostFacts, HostSurvey } from '../hypervisor/port.ts';
import { SimulatedWorld } from '../hypervisor/simulated.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import { compareHosts } from './comparison.ts';
import type { Finding } from './finding.ts';

/** One host that is not as the others. */
type Odd = Partial<HostSurvey> & { readonly facts?: Partial<HostFacts> };

async function compared(...hosts: readonly Odd[]): Promise<readonly Finding[]> {
  const clock = new VirtualClock();
  const settings = { linkBytesPerSecond: 1e8, syncMs: 100, setupMs: 50, callMs: 1 };
  const world = new SimulatedWorld(clock, settings);
  const examined = await Promise.all(
    hosts.map(async ({ facts, ...survey }, index) => {
      const host = world.addHost(`h${index + 1}`, facts, survey);
      const { name, address: uri, ways } = host;
      const resolved: ResolvedHost = {
        name,
        uri,
        ways,
        postCopy: { allowed: true },
        bandwidthBytesPerSecond: undefined,
      };
      return { host: resolved, facts: await clock.run(host.facts()), findings: [], answers: host };
    }),
  );
  return clock.run(
    compareHosts(examined, ({ name }) => {
      const found = examined.find(({ host }) => host.name === name);
      if (found === undefined) throw new Error(`the scene has no ${name}`);
      return found.answers;
    }),
  );
}

const newer: Odd = { machineTypes: ['pc-i440fx-9.2', 'pc-q35-10.0', 'pc-q35-9.2'] };
const older: Odd = { machineTypes: ['pc-i440fx-9.2', 'pc-q35-9.2'] };
const better: Odd = { cpu: { model: 'better', definition: 'sse avx avx512' } };
const emulating: Odd = { accelerator: 'emulation', cpu: undefined };

interface Scene {
  readonly name: string;
  readonly hosts: readonly Odd[];
  /** All that is found beside what is as it should be; a part of each. */
  readonly finds: readonly Partial<Finding>[];
}

const scenes: readonly Scene[] = [
  { name: 'one host has none to be compared with', hosts: [{}], finds: [] },
  { name: 'equal hosts', hosts: [{}, {}, {}], finds: [] },
  {
    name: 'a machine type that only newer hosts have',
    hosts: [newer, older, newer],
    finds: [
      {
        severity: 'warning',
        check: 'machine types',
        where: 'h1, h3 to h2',
        message: 'guests of pc-q35-10.0 cannot move',
        hint: expect.stringContaining('both have: pc-i440fx-9.2, pc-q35-9.2 or older'),
      },
    ],
  },
  {
    name: 'no machine type in common',
    hosts: [{ machineTypes: ['virt-1.0'] }, { machineTypes: ['virt-2.0'] }],
    finds: [
      { check: 'machine types', where: 'h1 to h2', hint: 'They have none in common.' },
      { check: 'machine types', where: 'h2 to h1', hint: 'They have none in common.' },
    ],
  },
  {
    name: 'different architectures',
    hosts: [{}, { architecture: 'aarch64', machineTypes: ['virt-11.1'] }],
    finds: [
      { check: 'machine types', where: 'h1 to h2', message: expect.stringMatching(/no guest/) },
      { check: 'machine types', where: 'h2 to h1', message: expect.stringMatching(/no guest/) },
    ],
  },
  {
    name: 'different versions of QEMU',
    hosts: [{}, { facts: { hypervisorVersion: '10.0.2' } }],
    finds: [
      {
        severity: 'warning',
        check: 'versions',
        where: 'h1, h2',
        message: 'QEMU is 11.1.0 on h1, 10.0.2 on h2',
      },
    ],
  },
  {
    name: 'a CPU that can do more',
    hosts: [better, {}, {}],
    finds: [{ severity: 'warning', check: 'cpu', where: 'h1 to h2, h3' }],
  },
  {
    name: 'a host that does not tell its CPU',
    hosts: [{}, { cpu: undefined }],
    finds: [{ severity: 'unseen', check: 'cpu', where: 'h2' }],
  },
  {
    name: 'a host without KVM among those that have it',
    hosts: [{}, emulating],
    finds: [{ severity: 'warning', check: 'cpu', where: 'h1 to h2' }],
  },
  { name: 'hosts that all emulate', hosts: [emulating, emulating], finds: [] },
];

test.each(scenes)('comparing $name', async ({ hosts, finds }) => {
  const findings = await compared(...hosts);
  const notable = findings.filter(({ severity }) => severity !== 'ok');
  expect(notable).toEqual(finds.map((found) => expect.objectContaining(found)));
});

test('what is alike is said once, for all', async () => {
  const alike = (await compared({}, {}, {})).filter(({ check }) => check !== 'streams');
  expect(alike).toEqual([
    expect.objectContaining({ severity: 'ok', check: 'machine types', where: 'h1, h2, h3' }),
    expect.objectContaining({ severity: 'ok', check: 'cpu', where: 'h1, h2, h3' }),
  ]);
});

test('what versions lack for several streams is said', async () => {
  const allowed = false;
  const [findings] = await compared({
    parallelStreams: { allowed, because: 'no multifd' },
    compression: { allowed, because: 'nor zlib' },
  });
  expect(findings?.message).toBe(
    'memory goes over one connection, uncompressed: no multifd; nor zlib',
  );
});
