import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { ResolvedHost } from '../fleet/hosts.ts';
import type { HostFacts } from '../hypervisor/port.ts';
import { SimulatedWorld } from '../hypervisor/simulated.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import { examineFleet } from './doctor.ts';
import type { Finding } from './finding.ts';
import { examineWays } from './ways.ts';

const leftovers: (() => void)[] = [];
afterEach(() => {
  for (const leave of leftovers.splice(0)) leave();
});

/** A daemon's port that takes connections, and says nothing. */
function openPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    leftovers.push(() => server.close());
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

interface Scene {
  readonly name: string;
  /** Of h2; h1 is as it should be. */
  readonly facts?: Partial<HostFacts>;
  readonly resolved?: Partial<ResolvedHost>;
  readonly silent?: boolean;
  readonly finds: Partial<Finding>;
}

const scenes: readonly Scene[] = [
  {
    name: 'a host that answers',
    finds: { severity: 'ok', check: 'reach', where: 'h2' },
  },
  {
    name: 'one that does not',
    silent: true,
    finds: { severity: 'error', check: 'reach', where: 'h2', message: 'h2 does not answer' },
  },
  {
    name: 'two that are one',
    facts: { hostUuid: 'uuid-of-h1' },
    finds: { severity: 'error', check: 'identity', where: 'h1, h2' },
  },
  {
    name: 'two that call themselves alike',
    facts: { hostname: 'h1' },
    finds: { severity: 'warning', check: 'identity', where: 'h1, h2' },
  },
  {
    name: 'post-copy that its versions lack',
    facts: { postCopy: { allowed: false, because: 'QEMU 2.5 has no post-copy' } },
    finds: { severity: 'warning', check: 'post-copy', message: 'QEMU 2.5 has no post-copy' },
  },
  {
    name: 'a broken post-copy that cannot be resumed',
    facts: { postCopyRecoverable: { allowed: false, because: 'its daemon crashes' } },
    finds: { severity: 'warning', check: 'recovery', message: 'its daemon crashes' },
  },
  {
    name: 'a way that nobody has named',
    resolved: { ways: [] },
    finds: { severity: 'error', check: 'way', where: 'h2' },
  },
  {
    name: 'a way on which nobody answers',
    resolved: { ways: [{ uri: 'qemu+tcp://127.0.0.1:1/system', address: undefined }] },
    finds: { severity: 'warning', check: 'way', where: 'h2' },
  },
  {
    name: 'a way that ends where it begins',
    resolved: { ways: [{ uri: 'qemu+tcp://127.0.0.2:1/system', address: undefined }] },
    finds: {
      severity: 'warning',
      check: 'way',
      message: expect.stringMatching(/127\.0\.0\.2 .*itself/),
    },
  },
  {
    name: 'a name that libvirt sends no memory to',
    facts: { hostname: 'localhost.localdomain' },
    finds: { severity: 'warning', check: 'identity', where: 'h2' },
  },
  {
    name: 'little memory',
    facts: { freeMemoryBytes: 2 ** 20 },
    finds: { severity: 'warning', check: 'memory', where: 'h2' },
  },
  {
    name: 'memory that goes in clear',
    finds: { severity: 'unseen', check: 'encryption', message: expect.stringMatching(/in clear$/) },
  },
  {
    name: 'memory that goes by TLS where it can',
    resolved: { migrationTls: 'prefer' },
    finds: { severity: 'unseen', check: 'encryption', message: expect.stringMatching(/whether/) },
  },
  {
    name: 'memory that goes by TLS only',
    resolved: { migrationTls: 'require' },
    finds: { severity: 'ok', check: 'encryption', where: 'h2' },
  },
  {
    name: 'what cannot be seen, said as such',
    finds: { severity: 'unseen', check: 'migration ports' },
  },
];

test.each(scenes)('the doctor sees $name', async ({ facts, resolved, silent, finds }) => {
  const clock = new VirtualClock();
  const settings = { linkBytesPerSecond: 1e8, syncMs: 100, setupMs: 50, callMs: 1 };
  const world = new SimulatedWorld(clock, settings);
  const names = ['h1', 'h2'];
  const hosts = names.map((name) =>
    world.addHost(name, {
      hostname: name,
      hostUuid: `uuid-of-${name}`,
      ...(name === 'h2' ? facts : {}),
    }),
  );
  if (silent) hosts[1]?.setReachable(false);
  const port = await openPort();
  const asked = names.map((name): ResolvedHost => {
    const usual = {
      name,
      uri: `qemu+tcp://${name}/system`,
      ways: [{ uri: `qemu+tcp://127.0.0.1:${port}/system`, address: undefined }],
      postCopy: { allowed: true },
      bandwidthBytesPerSecond: undefined,
    } as const;
    return name === 'h2' ? { ...usual, ...resolved } : usual;
  });
  const findings = await clock.run(
    examineFleet(asked, ({ name }) => {
      const host = hosts.find((one) => one.name === name);
      if (host === undefined) throw new Error('the scene has no such host');
      return host;
    }),
  );
  expect(findings).toContainEqual(expect.objectContaining(finds));
});

test('a port that should speak TLS and does not shows no certificate', async () => {
  const findings = await examineWays({
    name: 'h1',
    uri: 'qemu+tls://h1/system',
    ways: [{ uri: `qemu+tls://127.0.0.1:${await openPort()}/system`, address: undefined }],
    postCopy: { allowed: true },
    bandwidthBytesPerSecond: undefined,
  });
  expect(findings).toContainEqual(
    expect.objectContaining({ severity: 'warning', check: 'certificate', where: 'h1' }),
  );
});
