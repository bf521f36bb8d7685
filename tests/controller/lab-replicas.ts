import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { realWorld } from '../../src/controller/world.ts';
import { takeCensus } from '../../src/demo/census.ts';
import { addGuest, parseWorkload } from '../../src/lab/guest/index.ts';
import { createLab, type Lab } from '../../src/lab/index.ts';
import { openStore } from '../../src/store/open.ts';
import { type MigrationRow, unended } from '../../src/store/rows.ts';
import type { Store } from '../../src/store/store.ts';
import { startPostgres } from '../store/postgres.ts';

const mib = 2 ** 20;
/** So slow that all are in their first pass when everything has been done to their controllers: after it some may end. */
const slowBits = 5e6;
const quickBits = 400e6;
const guests = ['a', 'b', 'c', 'd', 'e', 'f'];
const longestMs = 120_000;

/** One `drover serve` of several. */
interface Replica {
  readonly child: ChildProcess;
  readonly name: string;
  readonly address: string;
}

/** What became of what replicas steered that were killed, halted or ended. ms. */
export interface Replicated {
  /** From SIGKILL, SIGSTOP and SIGTERM to the moment when others steer all that it steered. */
  readonly takenOverMs: Readonly<Record<'killed' | 'halted' | 'ended', number>>;
  /** How many it steered. */
  readonly steered: Readonly<Record<'killed' | 'halted' | 'ended', number>>;
  /** Orders to hosts that the halted one gave after it went on. */
  readonly ordersOfTheFenced: number;
  readonly migrations: readonly MigrationRow[];
  /** What is not as it was told, in words. */
  readonly wrong: readonly string[];
}

/** Four replicas on one PostgreSQL, real hosts, six guests on their way; one replica after another goes. */
export async function loseReplicas(dir: string): Promise<Replicated> {
  const lab = await createLab({ dir, hosts: 2, link: slowBits });
  const postgres = await startPostgres();
  const store = await openStore({ kind: 'postgres', url: postgres.url });
  const replicas: Replica[] = [];
  try {
    const files = join(dir, 'controller');
    await mkdir(files);
    const config = join(files, 'config.yaml');
    await writeFile(config, configText(lab));
    for (const name of guests) await addGuest(lab.host('h1'), guestOf(name));
    for (let index = 0; index < 4; index += 1)
      replicas.push(await beginReplica(config, postgres.url, join(files, `s${index}`)));
    for (const name of guests) await ask(store, name);
    await until('all are on their way', store, async () =>
      (await live(store)).every(
        ({ phase, progress }) => phase === 'copying' && progress !== undefined,
      ),
    );
    const killed = await lose(store, replicas, 'SIGKILL');
    const halted = await lose(store, replicas, 'SIGSTOP');
    halted.replica.child.kill('SIGCONT');
    await pause(4_000);
    const ordersOfTheFenced = (await ordersOf(halted.replica)) - halted.orders;
    const ended = await lose(store, replicas, 'SIGTERM');
    for (const host of lab.hosts) await lab.shape(host.name, quickBits);
    await until('all have ended', store, async () => (await live(store)).length === 0);
    const { items } = await store.migrations.list({}, { limit: 100 });
    const census = await takeCensus(lab);
    return {
      takenOverMs: { killed: killed.ms, halted: halted.ms, ended: ended.ms },
      steered: { killed: killed.steered, halted: halted.steered, ended: ended.steered },
      ordersOfTheFenced,
      migrations: items,
      wrong: items.flatMap((row) => wrongPlace(row, census)),
    };
  } finally {
    for (const { child } of replicas) await kill(child);
    await store.close();
    await postgres.remove();
    await lab.down();
    await rm(dir, { recursive: true, force: true });
  }
}

async function beginReplica(config: string, database: string, socket: string): Promise<Replica> {
  const child = fork(new URL('lab-service.ts', import.meta.url), [config, database, socket], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let said = '';
  let complained = '';
  child.stdout?.on('data', (text) => {
    said += String(text);
  });
  child.stderr?.on('data', (text) => {
    complained = `${complained}${String(text)}`.slice(-4_000);
  });
  await until('the replica serves', undefined, async () => {
    if (hasEnded(child)) throw new Error(`a replica did not begin: ${complained}`);
    return said.includes('Serving on');
  });
  const [address = ''] = /http:\/\/[\d.:]+/.exec(said) ?? [];
  const metrics = await (await fetch(`${address}/metrics`)).text();
  const [, name = ''] = /drover_replica_info{name="([^"]+)"}/.exec(metrics) ?? [];
  return { child, name, address };
}

interface Lost {
  readonly replica: Replica;
  readonly steered: number;
  /** That it had given to hosts by then. */
  readonly orders: number;
  readonly ms: number;
}

/** Has the replica that steers most lose all of it, and waits until others steer that. */
async function lose(store: Store, replicas: Replica[], signal: NodeJS.Signals): Promise<Lost> {
  const rows = await live(store);
  const steeredBy = (name: string): readonly MigrationRow[] =>
    rows.filter(({ owner }) => owner === name);
  const [replica] = replicas.toSorted(
    (a, b) => steeredBy(b.name).length - steeredBy(a.name).length,
  );
  if (replica === undefined) throw new Error('no replica is left');
  const its = steeredBy(replica.name).map(({ id }) => id);
  const orders = await ordersOf(replica);
  const startMs = performance.now();
  replica.child.kill(signal);
  await until(`others steer what was lost by ${signal}`, store, async () => {
    const now = await Promise.all(its.map((id) => store.migrations.get(id)));
    // Who lost it cannot have ended it.
    return now.every(
      (row) => row?.endedAt !== undefined || (row?.owner ?? replica.name) !== replica.name,
    );
  });
  const ms = performance.now() - startMs;
  replicas.splice(replicas.indexOf(replica), 1);
  if (signal === 'SIGSTOP') replicas.push(replica);
  return { replica, steered: its.length, orders, ms };
}

/** Orders to hosts that went out, by the replica's own count. */
async function ordersOf({ address }: Replica): Promise<number> {
  const metrics = await (await fetch(`${address}/metrics`)).text();
  const lines = metrics.matchAll(
    /drover_hypervisor_calls_total{call="(?:migrate|setMaxDowntime|setMaxSpeed|startPostCopy|abortJob|resumePostCopy)",result="ok"} (\d+)/g,
  );
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function ask(store: Store, vm: string): Promise<void> {
  const id = realWorld.newId();
  const at = realWorld.wallMs();
  const asked = { vm, from: 'h1', to: 'h2', importance: 'medium' } as const;
  const rest = { reason: undefined, deadlineAt: undefined, operationId: undefined };
  await store.migrations.create(
    {
      id,
      origin: 'request',
      ...asked,
      ...rest,
      requestedBy: 'test',
      requestedAt: at,
      requestKey: id,
    },
    { at, type: 'migration.queued', subject: id, data: asked },
  );
}

function wrongPlace(
  { id, vm, phase, to, from }: MigrationRow,
  census: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const told = phase === 'completed' ? to : from;
  const found = census.get(vm) ?? [];
  if (found.length === 1 && found[0] === told) return [];
  return [`${id} of ${vm}, ${phase}, runs on ${found.join(' and ') || 'none'}`];
}

async function live(store: Store): Promise<readonly MigrationRow[]> {
  return (await store.migrations.list({ phases: unended }, { limit: 100 })).items;
}

/** What did not come is told with how all migrations stand. */
async function until(
  what: string,
  store: Store | undefined,
  holds: () => Promise<boolean>,
): Promise<void> {
  const untilMs = performance.now() + longestMs;
  while (!(await holds())) {
    if (performance.now() > untilMs)
      throw new Error(`it did not come that ${what}: ${await standing(store)}`);
    await pause(50);
  }
}

async function standing(store: Store | undefined): Promise<string> {
  const rows = (await store?.migrations.list({}, { limit: 100 }))?.items ?? [];
  return rows
    .map(({ vm, phase, owner, progress, error }) => {
      const left = progress === undefined ? '' : ` ${progress.remainingBytes} B left`;
      return `${vm} ${phase}${left} by ${owner ?? 'nobody'}${error === undefined ? '' : ` (${error.message})`}`;
    })
    .join('; ');
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function kill(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

function guestOf(name: string): Parameters<typeof addGuest>[1] {
  const workload = parseWorkload('random:rate=256KiB/s,set=1MiB,scrub=4s');
  return { name, class: 'pet', kind: 'beat', memoryBytes: 48 * mib, workload };
}

function configText(lab: Lab): string {
  const lines = lab.hosts.map(
    ({ name, uri, peerUri }) =>
      `  ${name}: { uri: '${uri}', peerUri: '${peerUri}', maxOutgoing: 6, maxIncoming: 6, migrationTls: never, compression: forbidden }\n`,
  );
  return `hosts:\n${lines.join('')}`;
}
