import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addGuest, parseWorkload } from '../../src/lab/guest/index.ts';
import { createLab, type Lab } from '../../src/lab/index.ts';
import { waitUntil } from '../../src/lab/processes.ts';
import { type Connection, connect, type Domain, type JobStats } from '../../src/libvirt/index.ts';
import { idleDomainXml } from '../../src/libvirt/testing/conformance.ts';
import { labFolder } from '../lab/machine.ts';

type HostName = 'h1' | 'h2';

const guest = 'mover';
let folder: string;
let lab: Lab;
let hosts: Readonly<Record<HostName, Connection>>;

beforeAll(async () => {
  folder = await labFolder();
  lab = await createLab({ dir: folder, hosts: 2, link: 300e6 });
  hosts = { h1: await connect(lab.host('h1').uri), h2: await connect(lab.host('h2').uri) };
  await addGuest(lab.host('h1'), {
    name: guest,
    class: 'pet',
    kind: 'beat',
    memoryBytes: 64 * 2 ** 20,
    workload: parseWorkload('random:rate=20MiB/s,set=32MiB,content=random'),
  });
  // Kept after it has moved, so that the source still knows how that went.
  const started = await hosts.h1.lookupByName(guest);
  await hosts.h1.defineDomain(await started.xml({ inactive: true, secure: true }));
  await hosts.h1.defineDomain(idleDomainXml('kept'));
  const paused = await hosts.h1.createDomain(idleDomainXml('halted'));
  await paused.suspend();
}, 600_000);

afterAll(async () => {
  await Promise.all(Object.values(hosts).map((connection) => connection.close()));
  await lab.down();
  await rm(folder, { recursive: true, force: true });
});

/** What virsh prints on that host, connected to the same daemon. */
async function virsh(host: HostName, ...command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.exec(host, ['virsh', '-q', ...command]);
  if (code !== 0) throw new Error(`virsh ${command.join(' ')}: ${stderr}`);
  return stdout;
}

async function mover(host: HostName): Promise<Domain> {
  return await hosts[host].lookupByName(guest);
}

describe('virsh agrees on', () => {
  test('what the host is and can do', async () => {
    const { h1 } = hosts;
    expect((await virsh('h1', 'hostname')).trim()).toBe(await h1.hostname());
    expect((await virsh('h1', 'capabilities')).trim()).toBe((await h1.capabilities()).trim());
    const kind = { virtType: 'qemu', architecture: 'x86_64' };
    const capabilities = await virsh('h1', 'domcapabilities', '--virttype', 'qemu');
    expect(capabilities.trim()).toBe((await h1.domainCapabilities(kind)).trim());
    const version = await virsh('h1', 'version', '--daemon');
    expect(version).toContain(`daemon: ${(await h1.libvirtVersion()).text}`);
    expect(version).toContain(`QEMU ${(await h1.hypervisorVersion()).text}`);
  });

  test('the size of the host', async () => {
    const node = await hosts.h1.nodeInfo();
    const told = fields(await virsh('h1', 'nodeinfo'));
    expect(told).toMatchObject({
      'CPU model': node.cpuModel,
      'CPU(s)': `${node.cpus}`,
      'CPU socket(s)': `${node.socketsPerNode}`,
      'Core(s) per socket': `${node.coresPerSocket}`,
      'Thread(s) per core': `${node.threadsPerCore}`,
      'NUMA cell(s)': `${node.numaNodes}`,
      'Memory size': `${node.memoryBytes / 1024} KiB`,
    });
    const memory = await hosts.h1.nodeMemoryStats();
    const { total } = fields(await virsh('h1', 'nodememstats'));
    expect(total).toBe(`${(memory.totalBytes ?? 0) / 1024} KiB`);
  });

  test('which domains there are, and their states', async () => {
    const listed = (await virsh('h1', 'list', '--all'))
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/).join(' | '));
    const ours = await Promise.all(
      (await hosts.h1.listDomains()).map(async (domain) => {
        const { state } = await domain.state();
        return `${domain.id < 0 ? '-' : domain.id} | ${domain.name} | ${state.replace('-', ' ')}`;
      }),
    );
    expect(ours.toSorted()).toEqual(listed.toSorted());
    expect(ours).toHaveLength(3);
    const uuids = (await virsh('h1', 'list', '--uuid')).trim().split('\n');
    const active = await hosts.h1.listDomains({ active: true });
    expect(active.map(({ uuid }) => uuid).toSorted()).toEqual(uuids.toSorted());
  });

  test.each([
    ['running', [], {}],
    ['for its next start', ['--inactive'], { inactive: true }],
    ['for another host', ['--migratable'], { migratable: true }],
    ['with its secrets', ['--security-info'], { secure: true }],
    ['with its CPU', ['--update-cpu'], { updateCpu: true }],
  ])('the XML of a domain: %s', async (_, words, options) => {
    const told = await virsh('h1', 'dumpxml', guest, ...words);
    expect(told.trim()).toBe((await (await mover('h1')).xml(options)).trim());
  });

  test('the statistics of all domains', async () => {
    const records = await hosts.h1.allDomainStats(['state', 'balloon', 'vm']);
    const told = await virsh('h1', 'domstats', '--raw', '--state', '--balloon', '--vm');
    const theirs = new Map(
      told
        .trim()
        .split(/\n\s*\n/)
        .map((block) => [/^Domain: '(.*)'/.exec(block)?.[1], statsOf(block)]),
    );
    expect(new Set(records.map(({ domain }) => domain.name))).toEqual(new Set(theirs.keys()));
    for (const { domain, stats } of records) {
      const ours = Object.fromEntries([...stats].map(([name, value]) => [name, String(value)]));
      expect(withoutWhatMoves(ours)).toEqual(withoutWhatMoves(theirs.get(domain.name) ?? {}));
    }
  });

  test('a domain without a job', async () => {
    expect(await (await mover('h1')).jobStats()).toBeUndefined();
    expect(await rawJob('h1')).toEqual({ 'Job type': '0' });
  });

  test('the limits of a migration, whoever sets them', async () => {
    const domain = await mover('h1');
    await domain.setMaxDowntimeMs(123);
    expect((await virsh('h1', 'migrate-getmaxdowntime', guest)).trim()).toBe('123');
    await virsh('h1', 'migrate-setmaxdowntime', guest, '300');
    expect(await domain.getMaxDowntimeMs()).toBe(300);
    await domain.setMaxSpeed(7 * 2 ** 20);
    expect((await virsh('h1', 'migrate-getspeed', guest)).trim()).toBe('7');
    await virsh('h1', 'migrate-setspeed', guest, '9');
    expect(await domain.getMaxSpeed()).toBe(9 * 2 ** 20);
    await domain.setMaxSpeed(Number.POSITIVE_INFINITY);
  });
});

describe('virsh agrees, in a migration over a slow link, on', () => {
  let migration: Promise<void>;

  beforeAll(async () => {
    const source = await mover('h1');
    migration = source.migratePeerToPeer(lab.host('h2').peerUri, { bandwidthMiBPerSecond: 1 });
    await waitUntil('it sends', async () => {
      return ((await source.jobStats())?.memoryProcessedBytes ?? 0) > 0;
    });
  });

  test('the running job, while all its numbers move', async () => {
    for (let look = 0; look < 10; look += 1) {
      const { before, told, after } = await lookAtOnce();
      expect(unknownNumbers(told)).toEqual([]);
      expect(numbersIn(told, fixedFields)).toEqual(numbersOf(before, fixedFields));
      const wrong = risingFields.filter(([name, property]) => {
        const number = Number(told[name]);
        return !(number >= Number(before[property]) && number <= Number(after[property]));
      });
      expect(wrong).toEqual([]);
    }
  });

  test('every number of it, in moments in which it does not move', async () => {
    // A guest that stands still and a speed far below the link's leave such moments.
    await (await mover('h1')).suspend();
    const standing = runningFields.filter(([name]) => name !== 'time_elapsed');
    const awaited = new Map(standing);
    await waitUntil('each number stood still for a moment', async () => {
      const { before, told, after } = await lookAtOnce();
      const still = [...awaited].filter(
        ([, property]) => property in before && before[property] === after[property],
      );
      expect(numbersIn(told, still)).toEqual(numbersOf(before, still));
      for (const [name] of still) awaited.delete(name);
      return awaited.size === 0;
    });
    expect(awaited.size).toBe(0);
  });

  test('the states at both ends, and that the destination has no numbers', async () => {
    for (const host of ['h1', 'h2'] as const) {
      const { state } = await (await mover(host)).state();
      expect((await virsh(host, 'domstate', guest)).trim()).toBe(state);
    }
    expect((await (await mover('h1')).controlInfo()).state).toBe('ok');
    const code = 'operation-unsupported';
    await expect((await mover('h2')).jobStats()).rejects.toMatchObject({ code });
    await expect(rawJob('h2')).rejects.toThrow('Operation not supported');
  });

  test('what it has cost in the end, at both ends', async () => {
    await (await mover('h1')).setMaxSpeed(Number.POSITIVE_INFINITY);
    await migration;
    await waitUntil('the source has let go', async () => {
      return (await (await mover('h1')).state()).state === 'shut-off';
    });
    for (const host of ['h1', 'h2'] as const) {
      const told = await rawJob(host, '--completed', '--keep-completed');
      const ours = await completed(host);
      expect(unknownNumbers(told)).toEqual([]);
      expect(numbersIn(told, allFields)).toEqual(numbersOf(ours, allFields));
      expect(told['Job type']).toBe('3');
      const operation = host === 'h1' ? 'migration-out' : 'migration-in';
      expect(ours).toMatchObject({ type: 'completed', operation });
    }
  });
});

type Numbers = readonly (readonly [name: string, property: keyof JobStats])[];

/** What virsh calls it and what we do: numbers that can only rise while a job runs. */
const risingFields: Numbers = [
  ['time_elapsed', 'elapsedMs'],
  ['data_processed', 'dataProcessedBytes'],
  ['memory_processed', 'memoryProcessedBytes'],
  ['memory_constant', 'memoryConstantPages'],
  ['memory_normal', 'memoryNormalPages'],
  ['memory_normal_bytes', 'memoryNormalBytes'],
  ['memory_iteration', 'memoryIteration'],
];

/** Numbers that stay. */
const fixedFields: Numbers = [
  ['setup_time', 'setupMs'],
  ['data_total', 'dataTotalBytes'],
  ['memory_total', 'memoryTotalBytes'],
  ['memory_page_size', 'memoryPageSizeBytes'],
  ['memory_postcopy_requests', 'memoryPostCopyRequests'],
  ['disk_total', 'diskTotalBytes'],
  ['disk_processed', 'diskProcessedBytes'],
  ['disk_remaining', 'diskRemainingBytes'],
];

/** Numbers that go up and down. */
const swayingFields: Numbers = [
  ['downtime', 'downtimeMs'],
  ['data_remaining', 'dataRemainingBytes'],
  ['memory_remaining', 'memoryRemainingBytes'],
  ['memory_bps', 'memoryBytesPerSecond'],
  ['memory_dirty_rate', 'memoryDirtyRatePagesPerSecond'],
];

/** Numbers that only a finished job has. */
const finalFields: Numbers = [
  ['time_elapsed_net', 'elapsedNetMs'],
  ['downtime_net', 'downtimeNetMs'],
];

const runningFields = [...risingFields, ...fixedFields, ...swayingFields];
const allFields = [...runningFields, ...finalFields];

/** Our numbers, those of virsh, and ours again. */
async function lookAtOnce() {
  const source = await mover('h1');
  const before = await running(source);
  const told = await rawJob('h1');
  return { before, told, after: await running(source) };
}

async function running(domain: Domain): Promise<JobStats> {
  const stats = await domain.jobStats();
  if (stats === undefined) throw new Error('the migration is over already');
  return stats;
}

async function completed(host: HostName): Promise<JobStats> {
  const stats = await (await mover(host)).completedJobStats({ keep: true });
  if (stats === undefined) throw new Error('the migration is forgotten');
  return stats;
}

/** What virsh says of which this test does not know what it should be, and what it should say. */
function unknownNumbers(told: Readonly<Record<string, string>>): readonly string[] {
  const known = ['Job type', 'operation', ...allFields.map(([name]) => name)];
  const always = [...risingFields, ...fixedFields].map(([name]) => name);
  return [
    ...Object.keys(told).filter((name) => !known.includes(name)),
    ...always.filter((name) => !(name in told)),
  ];
}

function numbersIn(told: Readonly<Record<string, string>>, numbers: Numbers): object {
  const here = numbers.filter(([name]) => name in told);
  return Object.fromEntries(here.map(([name]) => [name, Number(told[name])]));
}

function numbersOf(stats: JobStats, numbers: Numbers): object {
  const here = numbers.filter(([, property]) => property in stats);
  return Object.fromEntries(here.map(([name, property]) => [name, stats[property]]));
}

async function rawJob(
  host: HostName,
  ...options: readonly string[]
): Promise<Readonly<Record<string, string>>> {
  return fields(await virsh(host, 'domjobinfo', guest, '--rawstats', ...options));
}

/** Lines such as `name: value`. */
function fields(text: string): Readonly<Record<string, string>> {
  const pairs = text.split('\n').flatMap((line) => {
    const [, name, value] = /^([^:]*?)\s*:\s+(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(pairs);
}

/** Lines such as `  name=value`. */
function statsOf(block: string): Readonly<Record<string, string>> {
  const pairs = [...block.matchAll(/^ +([^=]+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
  return Object.fromEntries(pairs);
}

/** QEMU's own memory grows while the guest runs. */
function withoutWhatMoves(stats: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(stats).filter(([name]) => name !== 'balloon.rss'));
}
