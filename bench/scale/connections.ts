/**
 * Very many connections to real daemons at once, all of one process; see README.md.
 * Usage: node --expose-gc bench/scale/connections.ts [--hosts 4] [--count 200]
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { inspectHosts } from '../../src/lab/host.ts';
import { createLab, type Lab } from '../../src/lab/index.ts';
import { type Connection, connect } from '../../src/libvirt/index.ts';
import { idleDomainXml } from '../../src/libvirt/testing/conformance.ts';
import { labFolder } from '../lab-folder.ts';
import { quantilesOf } from './quantiles.ts';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '4' },
    count: { type: 'string', default: '200' },
  },
});
const count = Number(values.count);
const calledMs = 10_000;
/** A reading of each, as often as a controller takes one: four times a second. */
const readingMs = 250;
const settleMs = 2_000;

interface Opened {
  readonly connection: Connection;
  readonly ms: number;
}

async function open(uri: string): Promise<Opened> {
  const startMs = performance.now();
  const connection = await connect(uri);
  return { connection, ms: performance.now() - startMs };
}

interface Calls {
  readonly perSecond: number;
  readonly ms: readonly number[];
  readonly refused: number;
  readonly cores: number;
}

/** Each connection asks for its domain's state: again at once, or after a pause. */
async function callAll(connections: readonly Connection[], everyMs: number): Promise<Calls> {
  const ms: number[] = [];
  let refused = 0;
  const untilMs = performance.now() + calledMs;
  const callOn = async (connection: Connection): Promise<void> => {
    const domain = await connection.lookupByName('idle');
    while (performance.now() < untilMs) {
      const startMs = performance.now();
      await domain.state().catch(() => (refused += 1));
      const tookMs = performance.now() - startMs;
      ms.push(tookMs);
      if (everyMs > 0) await pause(Math.max(0, everyMs - tookMs));
    }
  };
  const startMs = performance.now();
  const before = process.cpuUsage();
  await Promise.all(connections.map(callOn));
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { perSecond: ms.length / seconds, ms, refused, cores: (user + system) / 1e6 / seconds };
}

async function daemons(lab: Lab): Promise<readonly number[]> {
  const found = await inspectHosts(
    lab.id,
    lab.hosts.map(({ name }) => name),
  );
  return found.flatMap(({ daemon }) => daemon?.pid ?? []);
}

/** Sockets that a process has open. */
async function socketsOf(pid: number): Promise<number> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => '')),
  );
  return links.filter((link) => link.startsWith('socket:')).length;
}

async function socketsOfAll(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map(socketsOf));
  return each.reduce((sum, one) => sum + one, 0);
}

async function rssKiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
}

async function rssOfAll(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map(rssKiB));
  return each.reduce((sum, one) => sum + one, 0);
}

/** What is alive after a collection. */
function aliveKiB(): number {
  if (globalThis.gc === undefined) throw new Error('start it with --expose-gc');
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024;
}

async function measure(lab: Lab): Promise<void> {
  for (const { uri } of lab.hosts) {
    const { connection } = await open(uri);
    await connection.createDomain(idleDomainXml('idle'));
    await connection.close();
  }
  const uris = Array.from(
    { length: count },
    (_, index) => lab.hosts[index % lab.hosts.length]?.uri ?? '',
  );
  // Once before: what is loaded and grown for the first time is no connection's.
  const first = await Promise.all(uris.map(open));
  await Promise.all(first.map(({ connection }) => connection.close()));
  await pause(settleMs);
  const pids = await daemons(lab);
  const before = {
    own: await socketsOf(process.pid),
    theirs: await socketsOfAll(pids),
    aliveKiB: aliveKiB(),
    daemonsKiB: await rssOfAll(pids),
  };
  const startMs = performance.now();
  const opened = await Promise.all(uris.map(open));
  const openMs = performance.now() - startMs;
  const connections = opened.map(({ connection }) => connection);
  await pause(settleMs);
  const each = {
    ownKiB: (aliveKiB() - before.aliveKiB) / count,
    daemonKiB: ((await rssOfAll(pids)) - before.daemonsKiB) / count,
  };
  const steady = await callAll(connections, readingMs);
  const busy = await callAll(connections, 0);
  const closeStartMs = performance.now();
  await Promise.all(connections.map((connection) => connection.close()));
  const ends = await Promise.all(connections.map(({ closed }) => closed));
  const closeMs = performance.now() - closeStartMs;
  await pause(settleMs);
  const left = (await socketsOf(process.pid)) - before.own;
  const theirs = (await socketsOfAll(pids)) - before.theirs;
  const openedMs = quantilesOf(opened.map(({ ms }) => ms));
  const rows: readonly (readonly [string, string])[] = [
    ['connections, on daemons', `${connections.length}, ${pids.length}`],
    ['all open after, ms', openMs.toFixed(0)],
    ['each open after p50 / p99, ms', `${openedMs.p50.toFixed(0)} / ${openedMs.p99.toFixed(0)}`],
    [
      'memory of each here / at its daemon, KiB',
      `${each.ownKiB.toFixed(0)} / ${each.daemonKiB.toFixed(0)}`,
    ],
    ...callRows('four readings a second of each', steady),
    ...callRows('one reading after another of each', busy),
    ['refused', String(steady.refused + busy.refused)],
    ['all closed after, ms', closeMs.toFixed(0)],
    [
      'closed for a reason that was not ours',
      String(ends.filter((end) => end !== undefined).length),
    ],
    ['sockets left here / at the daemons', `${left} / ${theirs}`],
  ];
  console.log('| | |\n|---|---|');
  for (const [what, value] of rows) console.log(`| ${what} | ${value} |`);
  console.log(
    `connections ${connections.length} open_ms ${openMs.toFixed(0)} calls_per_s ${busy.perSecond.toFixed(0)} refused ${steady.refused + busy.refused} sockets_left ${left + theirs}`,
  );
}

function callRows(what: string, calls: Calls): readonly (readonly [string, string])[] {
  const { p50, p99 } = quantilesOf(calls.ms);
  return [
    [`${what}: calls a second, cores`, `${calls.perSecond.toFixed(0)}, ${calls.cores.toFixed(2)}`],
    [`${what}: p50 / p99, ms`, `${p50.toFixed(2)} / ${p99.toFixed(2)}`],
  ];
}

const folder = await labFolder('connections');
try {
  const lab = await createLab({
    dir: folder.dir,
    hosts: Number(values.hosts),
    onProgress: console.error,
  });
  await measure(lab);
} finally {
  await folder.clear();
}
