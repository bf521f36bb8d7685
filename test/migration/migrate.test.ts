import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getClass, migrateVm, setClass } from '../../src/migration/service.ts';
import {
  type Act,
  type Played,
  play,
  type Stage,
  setStage,
  withGuest,
  withoutPostCopy,
} from './stage.ts';

/** Writes all of its memory again faster than the link carries it. */
const furious = 'random:rate=100MiB/s,scrub=2s';
const quiet = 'random:rate=1MiB/s,set=4MiB,scrub=2s';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(async () => {
  await stage.down();
});

interface Scene extends Act {
  readonly says: string;
  readonly outcome: Played['result']['outcome'];
  readonly runsOn: readonly string[];
  /** `undefined`: either is right. */
  readonly postCopy: boolean | undefined;
  readonly postCopyForbidden?: boolean;
  readonly why?: RegExp;
}

const scenes: readonly Scene[] = [
  {
    says: 'a quiet pet moves by pre-copy',
    name: 'quiet-pet',
    slaClass: 'pet',
    workload: quiet,
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: false,
  },
  {
    says: 'furious cattle of high importance is switched to post-copy',
    name: 'furious-cattle',
    slaClass: 'cattle',
    workload: furious,
    // Cattle may pause for a while: what it keeps writing must not fit through the link in that.
    memoryMiB: 128,
    request: { reason: 'evacuation' },
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: true,
  },
  {
    says: 'a furious panda of low importance stays, unharmed, and is told why',
    name: 'panda-low',
    slaClass: 'panda',
    workload: furious,
    request: { reason: 'rebalance' },
    outcome: 'stayed',
    runsOn: ['h1'],
    postCopy: false,
    why: /stays on h1/,
  },
  {
    says: 'a furious panda of high importance arrives',
    name: 'panda-high',
    slaClass: 'panda',
    workload: furious,
    request: { reason: 'evacuation' },
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: undefined,
  },
  {
    says: 'a furious panda of high importance arrives, though post-copy is forbidden',
    name: 'panda-forbidden',
    slaClass: 'panda',
    workload: furious,
    request: { reason: 'evacuation' },
    postCopyForbidden: true,
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: false,
  },
  {
    says: 'a migration that is cancelled leaves the guest where it was',
    name: 'cancelled',
    slaClass: 'panda',
    workload: furious,
    onEvent: (event, stop) => {
      if (event.kind === 'progress' && event.progress.sentBytes > 0) stop('abort');
    },
    outcome: 'aborted',
    runsOn: ['h1'],
    postCopy: false,
  },
];

describe('a migration on real hosts', () => {
  test.each(scenes)('$says', async (scene) => {
    const config = scene.postCopyForbidden === true ? withoutPostCopy(stage.config) : stage.config;
    const { result, report } = await play(stage, { ...scene, config });
    expect({ outcome: result.outcome, why: result.why }).toMatchObject({ outcome: scene.outcome });
    expect(result.runsOn).toEqual(scene.runsOn);
    expect(result.switchedToPostCopy).toBe(scene.postCopy ?? result.switchedToPostCopy);
    expect(result.why.join('\n')).toMatch(scene.why ?? /./);
    // The guest's own word, by its heartbeat.
    expect(report).toMatchObject({ runsOn: scene.runsOn, integrity: 'ok', onePlace: 'ok' });
    expect(result.blackout !== undefined).toBe(scene.outcome === 'completed');
  });

  test('the class is set, travels with the guest, and a refusal touches nothing', async () => {
    const vm = 'traveller';
    const { config } = stage;
    const watching = { onEvent: () => undefined, signal: new AbortController().signal };
    await withGuest(stage, { name: vm, slaClass: 'pet', workload: quiet }, async () => {
      expect(await getClass({ vm, host: 'h1' }, config)).toMatchObject({ slaClass: 'pet' });
      await setClass({ vm, host: 'h1', slaClass: 'panda' }, config);
      await expect(migrateVm({ vm, from: 'h1', to: 'h1' }, config, watching)).rejects.toMatchObject(
        { code: 'preflight.refused' },
      );
      const there = await migrateVm({ vm, from: 'h1', to: 'h2' }, config, watching);
      expect({ outcome: there.outcome, why: there.why }).toMatchObject({ outcome: 'completed' });
      const travelled = await getClass({ vm, host: 'h2' }, config);
      expect(travelled).toMatchObject({ slaClass: 'panda', from: 'metadata' });
      await expect(migrateVm({ vm, from: 'h1', to: 'h2' }, config, watching)).rejects.toMatchObject(
        { code: 'domain.not-found' },
      );
    });
  });
});
