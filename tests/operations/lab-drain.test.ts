import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, clientFor, type Operation } from '../../src/client/client.ts';
import { takeCensus } from '../../src/demo/census.ts';
import { DroverError } from '../../src/errors/catalogue.ts';
import { addGuest, analyse, parseWorkload, watchGuest } from '../../src/lab/guest/index.ts';
import { createLab, downLab, type Lab } from '../../src/lab/index.ts';
import { isLiveOperation } from '../../src/operations/report.ts';
import type { SlaClass } from '../../src/policy/vocabulary.ts';
import { ended, startDrover } from '../cli/drover.ts';

const mib = 2 ** 20;
const linkBits = 200e6;
const longestMs = 240_000;

const guests: readonly (readonly [name: string, slaClass: SlaClass, workload: string])[] = [
  ['cache', 'cattle', 'random:rate=1MiB/s,set=4MiB,scrub=2s'],
  ['thumbs', 'cattle', 'random:rate=40MiB/s,set=48MiB,scrub=2s'],
  ['wiki', 'pet', 'random:rate=1MiB/s,set=4MiB,scrub=2s'],
  ['mail', 'pet', 'random:rate=2MiB/s,set=8MiB,scrub=2s'],
  ['archive', 'panda', 'random:rate=1MiB/s,set=4MiB,scrub=2s'],
  ['billing', 'panda', 'random:rate=2MiB/s,set=8MiB,scrub=2s'],
];

let dir: string;
let lab: Lab;
let service: ChildProcess | undefined;
let client: Client;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-drain-'));
  lab = await createLab({ dir: join(dir, 'lab'), hosts: 4, link: linkBits });
  await Promise.all(
    guests.map(([name, slaClass, workload]) =>
      addGuest(lab.host('h1'), {
        name,
        class: slaClass,
        kind: 'beat',
        memoryBytes: 96 * mib,
        workload: parseWorkload(workload),
      }),
    ),
  );
  await writeFile(join(dir, 'config.yaml'), configText());
  beginService();
  client = await clientFor({ kind: 'socket', path: join(dir, 's') });
}, 120_000);

afterAll(async () => {
  await client.close();
  await killService();
  await downLab(join(dir, 'lab'));
  await rm(dir, { recursive: true, force: true });
}, 60_000);

function configText(): string {
  const lines = lab.hosts.map(
    ({ name, uri, peerUri }) =>
      `  ${name}:\n    uri: ${uri}\n    peerUri: ${peerUri}\n    compression: forbidden\n    bandwidth: ${linkBits / 8} B/s\n`,
  );
  return `hosts:\n${lines.join('')}`;
}

function beginService(): void {
  const files = [join(dir, 'config.yaml'), join(dir, 'drover.db'), join(dir, 's')];
  service = fork(new URL('../controller/lab-service.ts', import.meta.url), files, {
    stdio: 'ignore',
  });
}

async function killService(): Promise<void> {
  if (service === undefined || service.exitCode !== null || service.signalCode !== null) return;
  const gone = once(service, 'exit');
  service.kill('SIGKILL');
  await gone;
}

/** Asks until the service answers. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof DroverError) || error.code !== 'server.unreachable') throw error;
      await pause(200);
    }
  }
}

async function until(id: string, holds: (operation: Operation) => boolean): Promise<Operation> {
  const untilMs = performance.now() + longestMs;
  for (;;) {
    const operation = await answered(() => client.operation(id));
    if (holds(operation)) return operation;
    if (performance.now() > untilMs)
      throw new Error(`it has not come to it: ${JSON.stringify(operation, undefined, 1)}`);
    await pause(250);
  }
}

function partsIn(operation: Operation, state: string): readonly string[] {
  return (operation.report?.parts ?? []).flatMap((part) => (part.state === state ? [part.vm] : []));
}

test('what a drain would do is told beforehand, and touches nothing', async () => {
  await answered(() => client.status());
  const told = await ended(startDrover(['drain', 'h1', '--dry-run', '--server', join(dir, 's')]));
  expect(told.code).toBe(0);
  for (const [name] of guests) expect(told.out).toContain(name);
  expect(told.out).toMatch(/6 of 6 VMs, .* no schedule of these moves takes less than/);
  expect(told.out).toContain('Nothing was touched.');
  expect(await client.operations(1)).toEqual([]);
  const census = await takeCensus(lab);
  expect(guests.map(([name]) => census.get(name))).toEqual(guests.map(() => ['h1']));
}, 60_000);

test('a drain on which much goes wrong ends in the truth, and nobody is lost', async () => {
  const watchers = guests.map(([name]) => watchGuest(lab.hosts, name));
  const startMs = performance.now();
  const { id } = await answered(() =>
    client.operate({ kind: 'drain', host: 'h1', reason: 'evacuation' }),
  );
  const begun = await until(id, ({ report }) =>
    (report?.parts ?? []).some(({ state, share }) => state === 'moving' && share > 0.05),
  );
  // Nobody has arrived anywhere: the host that dies takes nobody with it.
  const doomed = begun.report?.parts.find(({ state }) => state === 'moving')?.to ?? '';
  const [hurried = '', left = ''] = partsIn(begun, 'waiting');
  await client.changeOperation(id, { vms: { [left]: { leave: true } } });
  await killService();
  await lab.kill(doomed, 'host');
  await lab.shape('h1', linkBits / 2);
  beginService();
  await answered(() => client.changeOperation(id, { vms: { [hurried]: { importance: 'high' } } }));
  const operation = await until(id, ({ state }) => !isLiveOperation(state));
  const endMs = performance.now();
  const others = guests.map(([name]) => name).filter((name) => name !== left);
  expect({
    state: operation.state,
    moved: partsIn(operation, 'moved').toSorted(),
    stays: partsIn(operation, 'stays'),
  }).toEqual({ state: 'incomplete', moved: others.toSorted(), stays: [left] });
  expect(operation.report?.says).toContain(`${left} stays: a person left it where it is`);

  await pause(6_000);
  const untilMs = performance.now();
  const reports = watchers.map(({ log }) => analyse(log, { startMs, endMs, untilMs }));
  for (const watcher of watchers) watcher.stop();
  expect(reports.map(({ integrity, onePlace }) => `${integrity} ${onePlace}`)).toEqual(
    guests.map(() => 'ok ok'),
  );
  await lab.start(doomed);
  const census = await takeCensus(lab);
  const told = new Map((operation.report?.parts ?? []).map(({ vm, to }) => [vm, to]));
  expect(new Map(guests.map(([name]) => [name, census.get(name)]))).toEqual(
    new Map(guests.map(([name]) => [name, [name === left ? 'h1' : told.get(name)]])),
  );
  const { items } = { items: await client.migrations({ operation: id, vm: hurried }, 1) };
  expect(items.map(({ importance }) => importance)).toEqual(['high']);
}, 400_000);

test('without a server the command empties the host by itself', async () => {
  const state = { DROVER_STATE_DIR: join(dir, 'state') };
  const args = ['drain', 'h1', '--reason', 'evacuation', '--config', join(dir, 'config.yaml')];
  const { code, out, err } = await ended(startDrover(args, state));
  expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/moved to h[234]/) });
  expect(out).toMatch(/drain of h1: completed\.[^]*1 of 1 moved\./);
  const census = await takeCensus(lab);
  expect([...census.values()].flat()).not.toContain('h1');
  const open = ['undrain', 'h1', '--config', join(dir, 'config.yaml')];
  expect(await ended(startDrover(open, state))).toMatchObject({
    code: 0,
    out: 'h1 is open again.\n',
  });
}, 120_000);
