import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { DroverError } from '../errors/catalogue.ts';
import { type Config, emptyConfig } from '../fleet/config.ts';
import { fenced } from '../hypervisor/fenced.ts';
import { type SimulatedHost, SimulatedWorld } from '../hypervisor/simulated.ts';
import type { GuestModel } from '../hypervisor/simulated-guest.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import type { MigrationRow } from '../store/rows.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import type { Controller } from './controller.ts';
import { makeController } from './make.ts';
import type { World } from './world.ts';

const mib = 2 ** 20;
const idle = { touchedBytes: 64 * mib, workingSetBytes: 0, writeBytesPerSecond: 0 };
const furious = {
  touchedBytes: 512 * mib,
  workingSetBytes: 480 * mib,
  writeBytesPerSecond: 400 * mib,
};

test('x', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'drover-controller-'));
  const store = await openStore({ kind: 'sqlite', path: join(folder, 'drover.db') });
  const clock = new VirtualClock();
  const sim = new SimulatedWorld(clock, { linkBytesPerSecond: 100 * mib, syncMs: 100, setupMs: 50, callMs: 1 });
  const hosts = new Map(['h1', 'h2'].map((name) => [name, sim.addHost(name)]));
  const uuid = hosts.get('h1')?.addGuest({ name: 'vm', memoryBytes: 512 * mib, throttleEffect: 1, ...furious }, 'pet');
  let n = 0;
  const world: World = {
    clock,
    wallMs: () => 1_800_000_000_000 + clock.nowMs(),
    hostAt: ({ name }, mayAct) => {
      const host = hosts.get(name);
      if (host === undefined) throw new DroverError('host.unreachable', name);
      return fenced(host, mayAct);
    },
    newId: () => `m${++n}`,
  };
  const config: Config = {
    ...emptyConfig,
    hosts: Object.fromEntries(['h1', 'h2'].map((name) => [name, { uri: `simulated:///${name}`, peerUri: `simulated://${name}/system`, postCopy: 'allowed' as const }])),
  };
  const controller = makeController({ store, config, name: 'a', scope: 'all', world, log: (m, e) => console.log(m, e) });
  await controller.start();
  const by = { who: 'me', from: 'local' };
  const { row } = await controller.migrate({ vm: 'vm', from: 'h1', to: 'h2', importance: 'high' }, by);
  const r = await clock.run((async () => {
    for (;;) {
      const now = await store.migrations.get(row.id);
      if (now?.endedAt !== undefined) return now;
      await clock.sleep(500);
    }
  })());
  console.log(r, (await store.events.after(0, 100)).map(({ type, data }) => [type, JSON.stringify(data).slice(0,150)]));
  const rec = await controller.recording(row.id);
  console.log(rec.samples.length, rec.decisions.length, rec.why, controller.status());
  await clock.run(controller.stop());
  await store.close();
  await rm(folder, { recursive: true });
});
