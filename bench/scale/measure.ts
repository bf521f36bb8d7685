import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Controller } from '../../src/controller/controller.ts';
import { LagClock } from '../../src/controller/lag.ts';
import { makeController } from '../../src/controller/make.ts';
import { realWorld } from '../../src/controller/world.ts';
import { emptyConfig } from '../../src/fleet/config.ts';
import { appOver } from '../../src/server/app.ts';
import { type Door, openPort } from '../../src/server/listen.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { openStore, type StorePlace } from '../../src/store/open.ts';
import { type MigrationPhase } from '../../src/store/rows.ts';
import { type Alive, countAlive } from './alive.ts';
import { Clients } from './clients.ts';
import { countedStore } from './counted-store.ts';
import { destinationName, pairsFor, perPair, sourceName } from './layout.ts';
import { quantilesOf } from './quantiles.ts';
import { RemoteHosts } from './remote-hosts.ts';

/** One way of listening for each of so many migrations, and as many who hear every change. */
const listenedTo = 50;
const settleMs = 5_000;
const longestStartMs = 600_000;
const ended: readonly MigrationPhase[] = ['completed', 'stayed', 'aborted', 'failed-safe', 'lost'];

export interface Measured {
  readonly engine: StorePlace['kind'];
  readonly count: number;
  /** How long it took to ask for all over HTTP, and until all were under way, s. */
  readonly askedSeconds: number;
  readonly startedSeconds: number;
  readonly lagMs: { readonly p50: number; readonly p99: number };
  /** Of the controller's process alone. */
  readonly cores: number;
  readonly hostsCores: number;
  readonly rssMb: number;
  readonly callsPerSecond: number;
  readonly writesPerSecond: number;
  readonly reportsPerSecond: number;
  readonly heardPerSecond: number;
  readonly heardLateMs: { readonly p50: number; readonly p99: number };
  readonly lostLeases: number;
  /** Where that was asked for. */
  readonly alive: Alive | undefined;
}

/** Steers so many for so long. */
export async function measure(
  place: StorePlace,
  count: number,
  measuredMs: number,
  countsAlive: boolean,
): Promise<Measured> {
  const written = { calls: 0, reports: 0 };
  const store = countedStore(await openStore(place), written);
  const hosts = new RemoteHosts(count);
  const clients = new Clients();
  const lag = new LagClock(realWorld.clock);
  const controller = makeController({
    store,
    config: { ...emptyConfig, hosts: settingsFor(count) },
    name: 'bench',
    scope: 'all',
    world: { ...realWorld, clock: lag, hostAt: (host, mayAct) => hosts.hostAt(host, mayAct) },
    log,
  });
  const ending = new AbortController();
  const door = await serve(controller, ending.signal);
  try {
    await controller.start();
    const begunMs = performance.now();
    const ids = await clients.ask(door.address, count);
    const askedSeconds = secondsSince(begunMs);
    await untilSteered(controller, count);
    const startedSeconds = secondsSince(begunMs);
    await pause(settleMs);
    await clients.listen(door.address, ids.slice(0, listenedTo));
    const before = { cpu: process.cpuUsage(), hosts: await cpuSecondsOf(hosts.pid) };
    const made = { ...written, hostCalls: hosts.calls };
    const startMs = performance.now();
    lag.beginAnew();
    await pause(measuredMs);
    const seconds = secondsSince(startMs);
    const { user, system } = process.cpuUsage(before.cpu);
    const heard = await clients.heard();
    const [p50 = 0, p99 = 0] = lag.quantiles([0.5, 0.99]);
    const { lostLeases, steering } = controller.status();
    const rssMb = process.memoryUsage.rss() / 1e6;
    const hostsSeconds = (await cpuSecondsOf(hosts.pid)) - before.hosts;
    return {
      engine: place.kind,
      count: steering,
      askedSeconds,
      startedSeconds,
      lagMs: { p50, p99 },
      cores: (user + system) / 1e6 / seconds,
      hostsCores: hostsSeconds / seconds,
      rssMb,
      callsPerSecond: (hosts.calls - made.hostCalls) / seconds,
      writesPerSecond: (written.calls - made.calls) / seconds,
      reportsPerSecond: (written.reports - made.reports) / seconds,
      heardPerSecond: heard.events / seconds,
      heardLateMs: quantilesOf(heard.latenessMs),
      lostLeases,
      alive: countsAlive ? await countAlive() : undefined,
    };
  } finally {
    ending.abort();
    await clients.stop();
    await door.close();
    await controller.stop();
    await hosts.stop();
    await store.close();
  }
}

function settingsFor(count: number): typeof emptyConfig.hosts {
  const names = Array.from({ length: pairsFor(count) }, (_, pair) => [
    sourceName(pair),
    destinationName(pair),
  ]).flat();
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        uri: `simulated:///${name}`,
        peerUri: `simulated://${name}/system`,
        postCopy: 'allowed' as const,
        maxOutgoing: perPair,
        maxIncoming: perPair,
      },
    ]),
  );
}

function serve(controller: Controller, ending: AbortSignal): Promise<Door> {
  const app = appOver({
    controller,
    metrics: new Metrics(),
    auth: { store: controller.store, oidc: undefined, certificates: {}, wallMs, log },
    rate: { perSecond: 1e6, burst: 1e6 },
    version: 'bench',
    wallMs,
    log,
    ending,
  });
  const peer = { kind: 'local', who: 'bench', by: 'embedded' } as const;
  return openPort(
    { fetch: (request: Request) => app.fetch(request, { peer }) },
    { ...emptyConfig.server, listen: '127.0.0.1:0' },
  );
}

function wallMs(): number {
  return realWorld.wallMs();
}

/** None of them ends by itself: if one has, nothing was measured. */
async function untilSteered(
  controller: Controller,
  count: number,
  untilMs = performance.now() + longestStartMs,
): Promise<void> {
  const { steering } = controller.status();
  if (steering >= count) return;
  const { items: over } = await controller.store.migrations.list({ phases: ended }, { limit: 1 });
  const [one] = over;
  if (one !== undefined)
    throw new Error(
      `${one.id} is ${one.phase} before all are under way: ${one.error?.message ?? ''}`,
    );
  if (performance.now() >= untilMs) throw new Error(`only ${steering} of ${count} are under way`);
  await pause(1_000);
  return untilSteered(controller, count, untilMs);
}

/** User and system time of a process, from proc(5), in ticks of which Linux has 100 a second. */
async function cpuSecondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function secondsSince(startMs: number): number {
  return (performance.now() - startMs) / 1000;
}

function log(message: string, error: unknown): void {
  console.error(message, error);
}
