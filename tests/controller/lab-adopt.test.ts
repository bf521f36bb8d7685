import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeController } from '../../src/controller/make.ts';
import { addGuest, parseWorkload } from '../../src/lab/guest/index.ts';
import { openStore } from '../../src/store/open.ts';
import { unended } from '../../src/store/rows.ts';
import { type Stage, setStage } from '../migration/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(async () => {
  await stage.down();
});

const me = { who: 'test', from: 'local' };

test('a job that virsh began is seen as foreign, is adopted, and arrives steered', async () => {
  const { lab, config } = stage;
  const vm = 'theirs';
  await addGuest(lab.host('h1'), {
    name: vm,
    class: 'cattle',
    kind: 'beat',
    memoryBytes: 128 * 2 ** 20,
    workload: parseWorkload('random:rate=80MiB/s,set=96MiB,scrub=2s'),
  });
  const store = await openStore({ kind: 'sqlite', path: join(lab.dir, 'adopt.db') });
  const controller = makeController({
    store,
    config,
    name: 'test',
    scope: 'all',
    log: console.error,
  });
  await controller.start();
  try {
    const flags = ['--live', '--p2p', '--postcopy'];
    const carried = lab.exec('h1', ['virsh', 'migrate', ...flags, vm, lab.host('h2').peerUri], {
      timeoutMs: 120_000,
    });
    await pause(3_000);
    const seen = await controller.vms({ name: vm }, true);
    expect(seen).toMatchObject({ silent: [], vms: [{ name: vm, host: 'h1', foreignJob: true }] });
    const { row } = await controller.adopt({ vm, from: 'h1', importance: 'high' }, me);
    expect(row).toMatchObject({ origin: 'adopted', from: 'h1', to: 'h2' });
    let now = await controller.find(row.id);
    while (unended.some((phase) => phase === now.phase)) {
      await pause(250);
      now = await controller.find(row.id);
    }
    const { why, decisions } = await controller.recording(row.id);
    expect({ why, phase: now.phase, end: now.end }).toMatchObject({
      phase: 'completed',
      end: { runsOn: ['h2'] },
    });
    expect(why.join('\n')).toMatch(/Somebody else began it/);
    expect(decisions.filter(({ action }) => action.kind !== 'wait')).not.toEqual([]);
    expect((await carried).code).toBe(0);
  } finally {
    await controller.stop();
    await store.close();
  }
});
