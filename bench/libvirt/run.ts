/**
 * Calls a second, latency and event-loop delay of the libvirt client, beside python3-libvirt and
 * virsh, on one daemon of the lab.
 * Usage: node bench/libvirt/run.ts [--quick]
 * Writes its table into README.md; --quick (fewer and shorter rounds) only prints it.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLab, type LabHost } from '../../src/lab/index.ts';
import { must } from '../../src/lab/run.ts';
import { connect } from '../../src/libvirt/index.ts';
import { idleDomainXml } from '../../src/libvirt/testing/conformance.ts';
import { labFolder } from '../lab-folder.ts';
import { type Client, startDrover, startPython, virshClient } from './clients.ts';
import { serve } from './drover-client.ts';
import {
  allComparisons,
  type ClientName,
  type Comparison,
  ratioTable,
  table,
  verdict,
} from './report.ts';
import { domainNames } from './task.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, serve: { type: 'string' } },
});
const effort = values.quick
  ? { warmUpSeconds: 0.1, rounds: 2, seconds: 0.1 }
  : { warmUpSeconds: 0.5, rounds: 15, seconds: 0.4 };

async function main(): Promise<void> {
  await installOthers();
  const load = loadavg()[0] ?? 0;
  const folder = await labFolder('bench');
  try {
    const lab = await createLab({ dir: folder.dir, hosts: 1, onProgress: console.error });
    const host = lab.host('h1');
    await startDomains(host);
    const comparisons = await measureAll(host);
    const result = `${await circumstances(host, load)}\n\n${ratioTable(comparisons)}\n\n${table(comparisons)}`;
    if (!values.quick) await publish(result);
    console.log(`${result}\n\n${verdict(comparisons)}`);
  } finally {
    await folder.clear();
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

/**
 * Every comparison once a round, in an order that is drawn anew each time; the contenders of one
 * comparison follow each other at once, so that they find the machine in the same mood.
 */
async function measureAll(host: LabHost): Promise<readonly Comparison[]> {
  const comparisons = allComparisons();
  const clients: Readonly<Record<ClientName, Client>> = {
    drover: startDrover(host.uri),
    python: startPython(host.uri),
    virsh: virshClient(host.uri),
  };
  const measure = (
    { call, inFlight, connections }: Comparison,
    name: ClientName,
    seconds: number,
  ) => clients[name].measure({ call, inFlight, connections, seconds });
  try {
    for (const comparison of comparisons) {
      // Both stay connected and get warm; virsh starts anew each time.
      for (const name of ['drover', 'python'] as const) {
        await measure(comparison, name, effort.warmUpSeconds);
      }
    }
    for (let round = 1; round <= effort.rounds; round += 1) {
      console.error(`round ${round} of ${effort.rounds}`);
      for (const comparison of shuffled(comparisons)) {
        for (const { client, rounds } of shuffled(comparison.contenders)) {
          rounds.push(await measure(comparison, client, effort.seconds));
        }
      }
    }
  } finally {
    await Promise.all(Object.values(clients).map((client) => client.stop()));
  }
  return comparisons;
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
    `- ${effort.rounds} rounds of ${effort.seconds} s each in random order; medians of the rounds, ratios within a round`,
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
