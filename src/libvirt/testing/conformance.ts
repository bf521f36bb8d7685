import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../connection.ts';
import type { Domain } from '../domain.ts';
import { LibvirtError } from '../errors.ts';
import type { LifecycleEvent, MonitorEvent } from '../events.ts';

/** What a client must do, whichever daemon it talks to: a fake one, or a real libvirtd. */
export interface Scenario {
  readonly name: string;
  readonly run: (connection: Connection) => Promise<void>;
}

const namespaceUri = 'urn:conformance';
const uuids = { transient: '11111111-0000-4000-8000-000000000001' } as const;
const mebibyte = 1024 * 1024;

/** A small machine without disks: its firmware finds nothing to boot and idles. */
export function idleDomainXml(name: string, uuid?: string): string {
  return `<domain type='qemu'><name>${name}</name>${uuid ? `<uuid>${uuid}</uuid>` : ''}
    <memory unit='MiB'>16</memory><vcpu>1</vcpu>
    <os><type arch='x86_64'>hvm</type></os><features><acpi/></features>
    <devices><controller type='usb' model='none'/><memballoon model='none'/>
    <video><model type='none'/></video></devices></domain>`;
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'the host says who it is',
    run: async (connection) => {
      assert.notEqual(await connection.hostname(), '');
      const version = await connection.libvirtVersion();
      assert.match(version.text, /^\d+\.\d+\.\d+$/);
      assert.ok(version.major > 0);
      assert.ok((await connection.hypervisorVersion()).major > 0);
    },
  },
  {
    name: 'the host says what it can do and what it has',
    run: async (connection) => {
      assert.match(await connection.capabilities(), /<capabilities>/);
      assert.match(
        await connection.domainCapabilities({ virtType: 'qemu', architecture: 'x86_64' }),
        /<domainCapabilities>/,
      );
      const node = await connection.nodeInfo();
      assert.ok(node.memoryBytes > mebibyte && node.cpus > 0 && node.cpuModel.length > 0);
      const memory = await connection.nodeMemoryStats();
      assert.ok((memory.totalBytes ?? 0) >= (memory.freeBytes ?? Number.POSITIVE_INFINITY));
      assert.ok((await connection.freeMemoryBytes()) > 0);
      const { idleMs = 0, userMs = 0, kernelMs = 0 } = await connection.nodeCpuStats();
      assert.ok(idleMs + userMs + kernelMs > 1000);
    },
  },
  {
    name: 'a domain that does not exist is refused as such',
    run: async (connection) => {
      await refused('no-domain', connection.lookupByName('nobody'));
      await refused('no-domain', connection.lookupByUuid('99999999-0000-4000-8000-000000000000'));
    },
  },
  {
    name: 'a transient domain lives from create to destroy, and events tell it',
    run: (connection) =>
      withLifecycle(connection, async (seen) => {
        const xml = idleDomainXml('conform-life', uuids.transient);
        const domain = await connection.createDomain(xml);
        assert.equal(domain.uuid, uuids.transient);
        assert.deepEqual(await domain.state(), { state: 'running', reason: 'booted' });
        assert.equal(await domain.isPersistent(), false);
        await domain.suspend();
        assert.deepEqual(await domain.state(), { state: 'paused', reason: 'user' });
        await domain.resume();
        assert.deepEqual(await domain.state(), { state: 'running', reason: 'unpaused' });
        const listed = await connection.listDomains({ active: true });
        assert.ok(listed.some(({ uuid }) => uuid === domain.uuid));
        await domain.destroy();
        await refused('no-domain', domain.state());
        await until(() => seen.some(({ event }) => event === 'stopped'));
        const told = seen.map(({ event, detail }) => `${event} ${detail}`);
        for (const turn of ['started booted', 'suspended paused', 'stopped destroyed']) {
          assert.ok(told.includes(turn), `${turn} is missing from: ${told.join(', ')}`);
        }
      }),
  },
  {
    name: "QEMU's own events come with the time of the host",
    run: (connection) =>
      withDomain(connection, async (domain) => {
        const seen: MonitorEvent[] = [];
        const subscription = await connection.subscribe(
          'monitor',
          (event) => void seen.push(event),
          { domain },
        );
        const beforeMs = Date.now();
        await domain.suspend();
        await until(() => seen.some(({ event }) => event === 'STOP'));
        const stop = seen.find(({ event }) => event === 'STOP');
        // The daemon is one of this machine; a part of a ms is cut off on this side.
        assert.ok((stop?.atMs ?? 0) >= beforeMs && (stop?.atMs ?? Infinity) <= Date.now() + 1);
        await subscription.unsubscribe();
        await domain.resume();
        await domain.state();
        assert.ok(!seen.some(({ event }) => event === 'RESUME'));
      }),
  },
  {
    name: 'as much of the memory of a running domain is read as was asked for',
    run: (connection) =>
      withDomain(connection, async (domain) => {
        assert.equal((await domain.peekMemory(mebibyte, 8192)).length, 8192);
      }),
  },
  {
    name: 'a persistent domain is defined, started paused, and undefined',
    run: async (connection) => {
      const defined = await connection.defineDomain(idleDomainXml('conform-persistent'));
      assert.equal(defined.id, -1);
      assert.equal((await defined.state()).state, 'shut-off');
      const started = await defined.start({ paused: true });
      assert.ok(started.id > 0);
      assert.equal((await started.state()).state, 'paused');
      assert.equal(await started.isPersistent(), true);
      await started.destroy();
      const inactive = await connection.listDomains({ inactive: true });
      assert.ok(inactive.some(({ uuid }) => uuid === defined.uuid));
      await defined.undefine();
      await refused('no-domain', connection.lookupByUuid(defined.uuid));
    },
  },
  {
    name: 'metadata is absent, written, read, and removed',
    run: (connection) =>
      withDomain(connection, async (domain) => {
        const read = (): Promise<string | undefined> =>
          domain.getMetadata(namespaceUri, { from: 'live' });
        const change = { namespaceUri, key: 'c', live: true };
        const changes: (string | undefined)[] = [];
        const subscription = await connection.subscribe(
          'metadata-change',
          (event) => changes.push(event.namespaceUri),
          { domain },
        );
        assert.equal(await read(), undefined);
        await domain.setMetadata({ ...change, xml: '<class>pet</class>' });
        assert.match((await read()) ?? '', /<class[^>]*>pet<\/class>/);
        await domain.setMetadata({ ...change, xml: undefined });
        assert.equal(await read(), undefined);
        await until(() => changes.length === 2);
        assert.deepEqual(changes, [namespaceUri, namespaceUri]);
        await subscription.unsubscribe();
      }),
  },
  {
    name: 'the limits of a migration can be set before it begins',
    run: (connection) =>
      withDomain(connection, async (domain) => {
        await domain.setMaxDowntimeMs(123);
        assert.equal(await domain.getMaxDowntimeMs(), 123);
        assert.equal(await domain.getMaxSpeed(), Number.POSITIVE_INFINITY);
        await domain.setMaxSpeed(20 * mebibyte);
        assert.equal(await domain.getMaxSpeed(), 20 * mebibyte);
        await domain.setMaxSpeed(Number.POSITIVE_INFINITY);
        assert.equal(await domain.getMaxSpeed(), Number.POSITIVE_INFINITY);
      }),
  },
  {
    name: 'a domain without a job has no statistics and nothing to abort',
    run: (connection) =>
      withDomain(connection, async (domain) => {
        assert.equal(await domain.jobStats(), undefined);
        assert.equal(await domain.completedJobStats({ keep: true }), undefined);
        assert.equal((await domain.controlInfo()).state, 'ok');
        await refused('operation-invalid', domain.abortJob());
        await refused('operation-invalid', domain.startPostCopy());
      }),
  },
  {
    name: 'many calls at once are each answered as they should be',
    run: (connection) =>
      withDomain(connection, async (domain) => {
        const answers = await Promise.all(
          Array.from({ length: 200 }, async (_, index) =>
            index % 2 === 0 ? (await domain.state()).state : await connection.hostname(),
          ),
        );
        const hostname = await connection.hostname();
        answers.forEach((answer, index) => {
          assert.equal(answer, index % 2 === 0 ? 'running' : hostname);
        });
      }),
  },
  {
    name: 'statistics come by name, for the domains that were asked for',
    run: (connection) =>
      withDomain(connection, async (domain) => {
        const records = await connection.allDomainStats(['state', 'balloon'], [domain]);
        assert.equal(records.length, 1);
        assert.equal(records[0]?.domain.uuid, domain.uuid);
        assert.equal(records[0]?.stats.get('state.state'), 1);
        assert.equal(records[0]?.stats.get('balloon.maximum'), 16 * 1024);
      }),
  },
];

async function withDomain(
  connection: Connection,
  use: (domain: Domain) => Promise<void>,
): Promise<void> {
  const domain = await connection.createDomain(idleDomainXml('conform-domain'));
  try {
    await use(domain);
  } finally {
    await domain.destroy();
  }
}

async function withLifecycle(
  connection: Connection,
  use: (seen: readonly LifecycleEvent[]) => Promise<void>,
): Promise<void> {
  const seen: LifecycleEvent[] = [];
  const subscription = await connection.subscribe('lifecycle', (event) => void seen.push(event));
  try {
    await use(seen);
  } finally {
    await subscription.unsubscribe();
  }
}

async function refused(code: LibvirtError['code'], call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof LibvirtError);
    assert.equal(error.code, code);
    return true;
  });
}

/** Waits for what an event will bring. */
export async function until(happened: () => boolean): Promise<void> {
  const patienceMs = 10_000;
  for (let waitedMs = 0; waitedMs < patienceMs && !happened(); waitedMs += 10) await sleep(10);
  assert.ok(happened(), 'it did not happen');
}
