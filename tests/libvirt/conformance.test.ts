import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLab, type Lab } from '../../src/lab/index.ts';
import { type Connection, connect, type Domain, LibvirtError } from '../../src/libvirt/index.ts';
import { idleDomainXml, scenarios, until } from '../../src/libvirt/testing/conformance.ts';
import { labFolder } from '../lab/machine.ts';

let folder: string;
let lab: Lab;
let source: Connection;
let destination: Connection;

beforeAll(async () => {
  folder = await labFolder();
  lab = await createLab({ dir: folder, hosts: 2 });
  source = await connect(lab.host('h1').uri);
  destination = await connect(lab.host('h2').uri);
}, 600_000);

afterAll(async () => {
  await source.close();
  await destination.close();
  await lab.down();
  await rm(folder, { recursive: true, force: true });
});

describe('a real daemon conforms', () => {
  test.each(scenarios)('$name', async ({ run }) => {
    await run(source);
    // Nothing that the daemon sent was unknown to the client.
    expect(await source.hostname()).toBe('h1');
  });
});

describe('a migration between real daemons', () => {
  test('arrives, is told by events, and leaves its statistics at the destination', async () => {
    const told: string[] = [];
    const tell = (host: string) => (event: { event: string; detail: string }) =>
      void told.push(`${host} ${event.event} ${event.detail}`);
    await source.subscribe('lifecycle', tell('source'));
    await destination.subscribe('lifecycle', tell('destination'));
    const completed: number[] = [];
    await source.subscribe('job-completed', ({ stats }) => {
      completed.push(stats.dataProcessedBytes ?? 0);
    });

    const domain = await source.createDomain(idleDomainXml('move'));
    await domain.migratePeerToPeer(lab.host('h2').peerUri, {});

    const moved = await destination.lookupByUuid(domain.uuid);
    expect(await moved.state()).toEqual({ state: 'running', reason: 'migrated' });
    expect(await failure(domain.state())).toMatchObject({ code: 'no-domain' });
    await until(() => completed.length > 0);
    expect(completed[0]).toBeGreaterThan(0);
    expect(told).toContain('source suspended migrated');
    expect(told).toContain('destination resumed migrated');
    const kept = await moved.completedJobStats({ keep: true });
    expect(kept).toMatchObject({ type: 'completed', operation: 'migration-in' });
    expect(kept?.downtimeMs).toBeGreaterThanOrEqual(0);
    expect(await moved.completedJobStats()).toEqual(kept);
    expect(await moved.completedJobStats()).toBeUndefined();
    await moved.destroy();
  });

  test('is watched while it runs, aborted, and leaves the guest where it was', async () => {
    await withSlowMigration('abort', {}, async (domain, outcome) => {
      const stats = await domain.jobStats();
      expect(stats).toMatchObject({ type: 'unbounded', operation: 'migration-out' });
      expect(stats?.memoryTotalBytes).toBeGreaterThan(0);
      expect(stats?.memoryRemainingBytes).toBeGreaterThan(0);
      const there = await destination.lookupByUuid(domain.uuid);
      expect(await there.state()).toEqual({ state: 'paused', reason: 'migration' });
      expect(await failure(there.jobStats())).toMatchObject({ code: 'operation-unsupported' });
      await domain.abortJob();
      expect(await outcome).toMatchObject({ code: 'operation-aborted' });
      expect((await domain.state()).state).toBe('running');
    });
  });

  test('switches to post-copy and finishes there', async () => {
    await withSlowMigration('post', { postCopy: true }, async (domain, outcome) => {
      await domain.startPostCopy();
      expect(await outcome).toBeUndefined();
      const there = await destination.lookupByUuid(domain.uuid);
      expect((await there.state()).state).toBe('running');
      await there.destroy();
    });
  });

  test('does not keep the short calls waiting', async () => {
    await withSlowMigration('answers', {}, async (domain, outcome) => {
      const states = await Promise.all(Array.from({ length: 20 }, () => domain.state()));
      expect(new Set(states.map(({ state }) => state))).toEqual(new Set(['running']));
      await domain.abortJob();
      expect(await outcome).toMatchObject({ code: 'operation-aborted' });
    });
  });

  test('that cannot begin says why and touches nothing', async () => {
    const domain = await source.createDomain(idleDomainXml('nowhere'));
    const error = await failure(domain.migratePeerToPeer('qemu+tcp://127.0.0.1:1/system', {}));
    expect(error.message).not.toBe('');
    expect(await domain.state()).toEqual({ state: 'running', reason: 'booted' });
    await domain.destroy();
  });
});

/** A migration at 1 MiB/s, past its first pass's begin; `outcome` is its error or undefined. */
async function withSlowMigration(
  name: string,
  parameters: { readonly postCopy?: boolean },
  use: (domain: Domain, outcome: Promise<unknown>) => Promise<void>,
): Promise<void> {
  const domain = await source.createDomain(idleDomainXml(name));
  // The firmware leaves hardly any memory to send unless it is slowed down that much.
  const migration = domain.migratePeerToPeer(lab.host('h2').peerUri, {
    ...parameters,
    bandwidthMiBPerSecond: 1,
    postCopyBandwidthMiBPerSecond: 100,
  });
  const outcome = migration.catch((error: unknown) => error);
  await untilSending(domain);
  try {
    await use(domain, outcome);
  } finally {
    await outcome;
    await domain.destroy().catch(onlyWhenGone);
  }
}

async function untilSending(domain: Domain): Promise<void> {
  const mostLooks = 2_000;
  for (let looks = 0; looks < mostLooks; looks += 1) {
    const stats = await domain.jobStats();
    if ((stats?.memoryProcessedBytes ?? 0) > 0) return;
    await sleep(10);
  }
  throw new Error('the migration sends nothing');
}

async function failure(call: Promise<unknown>): Promise<LibvirtError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof LibvirtError) return error;
  throw new Error(`no LibvirtError but ${String(error)}`);
}

function onlyWhenGone(error: unknown): void {
  if (!(error instanceof LibvirtError) || error.code !== 'no-domain') throw error;
}
