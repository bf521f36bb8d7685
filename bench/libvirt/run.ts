/**
 * Calls a second, latency and event-loop delay of the libvirt client, beside python3-libvirt and
 * virsh, on one daemon of the lab.
 * Usage: node bench/libvirt/run.ts [--quick]
 * Writes its table into README.md; --quick (fewer and shorter rounds) only prints it.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLab, downLab, type LabHost } from '../../src/lab/index.ts';
import { must } from '../../src/lab/run.ts';
import { connect } from '../../src/libvirt/index.ts';
import { idleDomainXml } from '../../src/libvirt/testing/conformance.ts';
import { type Client, startDrover, startPython, virshClient } from './clients.ts';
import { serve } from './drover-client.ts';
import { type Cell, contenders, table, verdict } from './report.ts';
import { calls, domainNames } from './task.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, serve: { type: 'string' } },
});
const effort = values.quick
  ? { warmUpSeconds: 0.2, rounds: 1, seconds: 0.2 }
  : { warmUpSeconds: 2, rounds: 7, seconds: 1 };

async function main(): Promise<void> {
  await installOthers();
  const load = loadavg()[0] ?? 0;
  const dir = await mkdtemp(join(tmpdir(), 'drover-bench-'));
  try {
    const lab = await createLab({ dir, hosts: 1, onProgress: console.error });
    const host = lab.host('h1');
    await startDomains(host);
    const cells = await measureAll(host);
    const result = `${await circumstances(host, load)}\n\n${table(cells)}`;
    if (!values.quick) await publish(result);
    console.log(`${result}\n\n${verdict(cells)}`);
  } finally {
    await downLab(dir);
    await rm(dir, { recursive: true, force: true });
  }
}

/** What Drover is measured beside. */
async function installOthers(): Promise<void> {
  const needed = {
    '/usr/lib/python3/dist-packages/libvirt.py': 'python3-libvirt',
    '/usr/bin/virsh': 'libvirt-clients',
  };
  const missing = Object.entries(needed).flatMap(([path, name]) => (existsSync(path) ? [] : name));
  if (missing.length === 0) return;
  console.error(`installing Debian packages: ${missing.join(' ')}`);
  await must(['apt-get', 'update']);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await must(['apt-get', 'install', '-y', '--no-install-recommends', ...missing], { env });
}

async function startDomains(host: LabHost): Promise<void> {
  const connection = await connect(host.uri);
  for (const name of domainNames) await connection.createDomain(idleDomainXml(name));
  await connection.close();
}

/** Every contender and call once a round, in an order that is drawn anew each time. */
async function measureAll(host: LabHost): Promise<readonly Cell[]> {
  const cells: readonly Cell[] = calls.flatMap((call) =>
    contenders.map((contender) => ({ contender, call, rounds: [] })),
  );
  const clients: Readonly<Record<(typeof contenders)[number]['client'], Client>> = {
    drover: startDrover(host.uri),
    python: startPython(host.uri),
    virsh: virshClient(host.uri),
  };
  try {
    for (const { contender, call } of cells) {
      const { client, inFlight, connections } = contender;
      // A long-lived client is compiled and warm; virsh starts anew each time.
      if (client === 'virsh') continue;
      await clients[client].measure({
        call,
        inFlight,
        connections,
        seconds: effort.warmUpSeconds / 4,
      });
    }
    for (let round = 1; round <= effort.rounds; round += 1) {
      console.error(`round ${round} of ${effort.rounds}`);
      for (const { contender, call, rounds } of shuffled(cells)) {
        const { client, inFlight, connections } = contender;
        const task = { call, inFlight, connections, seconds: effort.seconds };
        rounds.push(await clients[client].measure(task));
      }
    }
  } finally {
    await Promise.all(Object.values(clients).map((client) => client.stop()));
  }
  return cells;
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .toSorted(([one], [other]) => one - other)
    .map(([, item]) => item);
}

async function circumstances(host: LabHost, load: number): Promise<string> {
  const [first] = cpus();
  const memoryGiB = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `- ${cpus().length} x ${first?.model.trim()}, ${memoryGiB} GiB; load before the run ${load.toFixed(1)}`,
    `- daemon: libvirtd ${host.libvirtVersion}, QEMU ${host.qemuVersion} (${host.suite}), ${domainNames.length} idle domains, unix socket`,
    `- Drover on Node ${process.versions.node}; python3-libvirt ${await packageVersion('python3-libvirt')}; virsh ${await packageVersion('libvirt-clients')}`,
    `- ${effort.rounds} rounds of ${effort.seconds} s each in random order; medians of the rounds`,
  ].join('\n');
}

async function packageVersion(name: string): Promise<string> {
  return (await must(['dpkg-query', '-W', '-f', '${Version}', name])).trim();
}

async function publish(result: string): Promise<void> {
  const path = join(import.meta.dirname, 'README.md');
  const [begin, end] = ['<!-- result -->', '<!-- end of result -->'];
  const text = await readFile(path, 'utf8');
  const [before, after] = [text.split(begin)[0], text.split(end)[1]];
  if (before === undefined || after === undefined) throw new Error(`${path} has no ${begin}`);
  await writeFile(path, `${before}${begin}\n${result}\n${end}${after}`);
}

await (values.serve === undefined ? main() : serve(values.serve));
