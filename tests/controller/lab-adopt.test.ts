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

interface Theirs {
  readonly vm: string;
  readonly workload: string;
  /** How virsh begins it. */
  readonly flags: readonly string[];
  readonly tells: RegExp;
}

const theirs: readonly Theirs[] = [
  {
    vm: 'theirs',
    workload: 'random:rate=80MiB/s,set=96MiB,scrub=2s',
    flags: ['--postcopy'],
    tells: /shows only when that is tried/,
  },
  {
    vm: 'compressed',
    workload: 'random:rate=150MiB/s,set=96MiB,content=text,scrub=2s',
    flags: ['--parallel', '--compressed', '--comp-methods', 'zstd'],
    tells: /Its memory goes compressed: it cannot switch to post-copy/,
  },
];

test.each(theirs)(
  'a job that virsh began with $flags is seen as foreign, is adopted, and arrives steered',
  async (one) => {
    const { lab, config } = stage;
    const { vm } = one;
    await addGuest(lab.host('h1'), {
      name: vm,
      class: 'cattle',
      kind: 'beat',
      memoryBytes: 128 * 2 ** 20,
      workload: parseWorkload(one.workload),
    });
    const store = await openStore({ kind: 'sqlite', path: join(lab.dir, `${vm}.db`) });
    const controller = makeController({
      store,
      config,
      name: 'test',
      scope: 'all',
      log: console.error,
    });
    await controller.start();
    try {
      // By QEMU's own limit, which it reckons uncompressed, it might have arrived before anybody looks.
      await lab.exec('h1', ['virsh', 'migrate-setmaxdowntime', vm, '1']);
      const migrate = ['virsh', 'migrate', '--live', '--p2p', ...one.flags];
      const carried = lab.exec('h1', [...migrate, vm, lab.host('h2').peerUri], {
        timeoutMs: 120_000,
      });
      await pause(3_000);
      const seen = await controller.vms({ name: vm }, true);
      const ours = { name: vm, host: 'h1', foreignJob: true };
      expect(seen).toMatchObject({ silent: [], vms: [ours] });
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
      expect(why.join('\n')).toMatch(one.tells);
      expect(decisions.filter(({ action }) => action.kind !== 'wait')).not.toEqual([]);
      expect((await carried).code).toBe(0);
    } finally {
      await controller.stop();
      await store.close();
    }
  },
);
