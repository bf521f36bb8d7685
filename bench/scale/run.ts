/** One process that steers very many migrations at once; see README.md. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Controller } from '../../src/controller/controller.ts';
import { makeController } from '../../src/controller/make.ts';
import { type Config, emptyConfig } from '../../src/fleet/config.ts';
import { systemClock } from '../../src/hypervisor/clock.ts';
import { fenced } from '../../src/hypervisor/fenced.ts';
import type { SimulatedHost } from '../../src/hypervisor/simulated.ts';
import { SimulatedWorld } from '../../src/hypervisor/simulated.ts';
import { VirtualClock } from '../../src/hypervisor/virtual-clock.ts';
import { appOver } from '../../src/server/app.ts';
import { openPort } from '../../src/server/listen.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { openStore } from '../../src/store/open.ts';

const mib = 2 ** 20;
const quick = process.argv.includes('--quick');
const counts = quick ? [100, 1_000] : [100, 300, 1_000, 3_000];
const measuredMs = quick ? 20_000 : 60_000;
const listeners = 100;
/** Each pair of hosts is a world of its own, with so many guests that move over its link. */
const perPair = 100;
/** So little for each that all are under way for the whole time. */
const bytesPerSecondEach = mib;
const by = { who: 'bench', from: 'local' };

interface Measured {
  readonly count: number;
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  readonly cpuShare: number;
  readonly rssMb: number;
  readonly storeKbPerSecond: number;
  readonly heardPerSecond: number;
}

interface Fleet {
  readonly clock: VirtualClock;
  readonly hosts: ReadonlyMap<string, SimulatedHost>;
  readonly config: Config;
}

function fleetOf(count: number): Fleet {
  const clock = new VirtualClock();
  const hosts = new Map<string, SimulatedHost>();
  for (let pair = 0; pair * perPair < count; pair += 1) {
    const here = Math.min(perPair, count - pair * perPair);
    const link = { linkBytesPerSecond: here * bytesPerSecondEach, syncMs: Infinity };
    const world = new SimulatedWorld(clock, { ...link, setupMs: 50, callMs: 1 });
    for (const name of [`s${pair}`, `d${pair}`]) hosts.set(name, world.addHost(name));
    for (let guest = 0; guest < here; guest += 1)
      hosts.get(`s${pair}`)?.addGuest(
        {
          name: `vm${pair}-${guest}`,
          memoryBytes: 512 * mib,
          touchedBytes: 400 * mib,
          workingSetBytes: 64 * mib,
          writeBytesPerSecond: mib / 2,
          throttleEffect: 1,
        },
        'pet',
      );
  }
  const settings = [...hosts.keys()].map((name) => [
    name,
    {
      uri: `simulated:///${name}`,
      peerUri: `simulated://${name}/system`,
      postCopy: 'allowed' as const,
      maxOutgoing: perPair,
      maxIncoming: perPair,
    },
  ]);
  return { clock, hosts, config: { ...emptyConfig, hosts: Object.fromEntries(settings) } };
}

async function measure(count: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-scale-'));
  const path = join(folder, 'drover.db');
  const store = await openStore({ kind: 'sqlite', path });
  const { clock, hosts, config } = fleetOf(count);
  const end = new AbortController();
  const passing = clock.follow(systemClock, end.signal);
  let ids = 0;
  const controller = makeController({
    store,
    config,
    name: 'bench',
    scope: 'all',
    world: {
      clock: systemClock,
      wallMs,
      newId: () => `m${String((ids += 1)).padStart(6, '0')}`,
      hostAt: ({ name }, mayAct) => {
        const host = hosts.get(name);
        if (host === undefined) throw new Error(`there is no ${name}`);
        return fenced(host, mayAct);
      },
    },
    log,
  });
  await controller.start();
  await askForAll(controller, count);
  const heard = { count: 0 };
  const leave = await listen(controller, store, heard, end.signal);
  await pause(3_000);
  const before = { cpu: process.cpuUsage(), bytes: await bytesOf(path), heard: heard.count };
  const startMs = performance.now();
  await pause(measuredMs);
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(before.cpu);
  const { lagMs, steering } = controller.status();
  if (steering !== count) console.error(`${steering} of ${count} were steered at the end`);
  const measured = {
    count: steering,
    lagP50Ms: lagMs.p50,
    lagP99Ms: lagMs.p99,
    cpuShare: (user + system) / 1e6 / seconds,
    rssMb: process.memoryUsage.rss() / 1e6,
    storeKbPerSecond: ((await bytesOf(path)) - before.bytes) / 1000 / seconds,
    heardPerSecond: (heard.count - before.heard) / seconds,
  };
  await leave();
  await controller.stop();
  end.abort();
  await passing;
  await store.close();
  await rm(folder, { recursive: true });
  return measured;
}

async function askForAll(controller: Controller, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const pair = Math.floor(index / perPair);
    const vm = `vm${pair}-${index % perPair}`;
    await controller.migrate({ vm, from: `s${pair}`, to: `d${pair}`, importance: 'low' }, by);
  }
  const untilMs = performance.now() + 300_000;
  while (controller.status().steering < count && performance.now() < untilMs) await pause(200);
}

function wallMs(): number {
  return Date.now();
}

function log(message: string, error: unknown): void {
  console.error(message, error);
}

/** Streams of events over real HTTP, each of one migration. */
async function listen(
  controller: Controller,
  store: Controller['store'],
  heard: { count: number },
  ending: AbortSignal,
): Promise<() => Promise<void>> {
  const app = appOver({
    controller,
    metrics: new Metrics(),
    auth: { store, oidc: undefined, certificates: {}, wallMs, log },
    rate: { perSecond: 1e6, burst: 1e6 },
    version: 'bench',
    wallMs,
    log,
    ending,
  });
  const peer = { kind: 'local', who: 'bench', by: 'embedded' } as const;
  const door = await openPort(
    { fetch: (request: Request) => app.fetch(request, { peer }) },
    { ...emptyConfig.server, listen: '127.0.0.1:0' },
  );
  const stop = new AbortController();
  for (let index = 1; index <= listeners; index += 1)
    void follow(
      `${door.address}/v1/events?migration=m${String(index).padStart(6, '0')}`,
      heard,
      stop.signal,
    );
  return async () => {
    stop.abort();
    await door.close();
  };
}

async function follow(url: string, heard: { count: number }, signal: AbortSignal): Promise<void> {
  try {
    const answer = await fetch(url, { signal });
    for await (const piece of answer.body ?? [])
      heard.count += new TextDecoder().decode(piece).split('\n\n').length - 1;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The file and its log. */
async function bytesOf(path: string): Promise<number> {
  const sizes = await Promise.all(
    [path, `${path}-wal`].map(async (file) => (await stat(file).catch(() => undefined))?.size ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

console.log(
  '| migrations at once | lag p50, ms | lag p99, ms | CPU, cores | RSS, MB | store grows, kB/s | events heard, 1/s |',
);
console.log('|---|---|---|---|---|---|---|');
let last: Measured | undefined;
for (const count of counts) {
  last = await measure(count);
  const { lagP50Ms, lagP99Ms, cpuShare, rssMb, storeKbPerSecond, heardPerSecond } = last;
  const cells = [
    last.count,
    lagP50Ms.toFixed(1),
    lagP99Ms.toFixed(1),
    cpuShare.toFixed(2),
    Math.round(rssMb),
    Math.round(storeKbPerSecond),
    Math.round(heardPerSecond),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
if (last !== undefined)
  console.log(
    `migrations ${last.count} lag_p50_ms ${last.lagP50Ms.toFixed(1)} lag_p99_ms ${last.lagP99Ms.toFixed(1)} cpu_cores ${last.cpuShare.toFixed(2)} rss_mb ${Math.round(last.rssMb)}`,
  );
process.exit(0);
