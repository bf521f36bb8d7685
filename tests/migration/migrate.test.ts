import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/migration/events.ts';
import { abortVm, migrateVm } from '../../src/migration/service.ts';
import { getTags, setTags } from '../../src/migration/tags.ts';
import {
  type Act,
  type Played,
  play,
  type Stage,
  setStage,
  slowBits,
  withGuest,
  withoutPostCopy,
} from './stage.ts';

/** Writes all of its memory again faster than the link carries it. */
const furious = 'random:rate=100MiB/s,scrub=2s';
const quiet = 'random:rate=1MiB/s,set=4MiB,scrub=2s';

/** What the guest itself must say after all that is done to it. */
const unharmed = { integrity: 'ok', verifiedWhole: true, onePlace: 'ok' } as const;

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
    linkBits: slowBits,
    request: { reason: 'evacuation' },
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: true,
  },
  {
    says: 'furious cattle of high importance arrives, though its metadata forbids post-copy',
    name: 'cattle-excluded',
    slaClass: 'cattle',
    never: ['post-copy'],
    workload: furious,
    memoryMiB: 128,
    request: { reason: 'evacuation' },
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: false,
    why: /without post-copy \(the VM's own metadata forbids post-copy\)/,
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
    onEvent: (event, cancel) => {
      if (event.kind === 'progress' && event.progress.sentBytes > 0) cancel();
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
    expect(report).toMatchObject({ runsOn: scene.runsOn, ...unharmed });
    expect(result.blackout !== undefined).toBe(scene.outcome === 'completed');
  });

  test('a furious panda of low importance stays, neither throttled nor stopped, and is told why', async () => {
    const { result, report } = await play(stage, {
      name: 'panda-spared',
      slaClass: 'panda',
      workload: furious,
      request: { importance: 'low' },
    });
    expect({ outcome: result.outcome, why: result.why }).toMatchObject({ outcome: 'stayed' });
    expect(result.why.join('\n')).toMatch(/the guest (keeps )?writ.*stays where it is/s);
    expect(Math.max(...result.telemetry.map((sample) => sample.throttlePercent))).toBe(0);
    const acts = result.decisions.map(({ action }) => action.kind);
    expect(acts).not.toContain('freeze');
    expect(acts).not.toContain('start-post-copy');
    expect(report).toMatchObject({ runsOn: ['h1'], ...unharmed });
  });

  test('a pet that waits for its memory in post-copy is sent first what it asks for', async () => {
    const { result, report } = await play(stage, {
      name: 'waiting-pet',
      slaClass: 'pet',
      workload: furious,
      memoryMiB: 96,
      linkBits: slowBits,
      request: { importance: 'high' },
    });
    expect({ outcome: result.outcome, why: result.why }).toMatchObject({ outcome: 'completed' });
    expect(result.decisions.map(({ action }) => action)).toContainEqual({
      kind: 'set-post-copy-speed',
      bytesPerSecond: expect.closeTo((slowBits / 8) * 0.3, -6),
    });
    expect(result.why.join('\n')).not.toMatch(/Could not/);
    expect(report).toMatchObject({ runsOn: ['h2'], ...unharmed });
  });

  test('cattle that write in turn are switched within the first pass, and miss nothing', async () => {
    const { result, report } = await play(stage, {
      name: 'in-turn',
      slaClass: 'cattle',
      workload: 'sequential:rate=5MiB/s,set=40MiB,scrub=2s',
      memoryMiB: 96,
      linkBits: slowBits,
      request: { importance: 'high' },
    });
    expect({ outcome: result.outcome, why: result.why }).toMatchObject({ outcome: 'completed' });
    expect(result.why.join('\n')).toMatch(/It writes in turn, at most .* by what has changed/);
    expect(result.decisions.map(({ action }) => action.kind)).not.toContain('set-post-copy-speed');
    expect(report).toMatchObject({ runsOn: ['h2'], ...unharmed });
  });

  test('a post-copy whose connection breaks is taken up again', async () => {
    let breaking: Promise<number> | undefined;
    const { result, report } = await play(stage, {
      name: 'broken',
      slaClass: 'cattle',
      workload: furious,
      memoryMiB: 96,
      linkBits: slowBits,
      request: { importance: 'high' },
      onEvent: (event) => {
        if (event.kind !== 'phase' || event.phase !== 'post-copy') return;
        // In the first moments of post-copy libvirt ends a guest whose connection breaks.
        breaking ??= pause(500).then(() => stage.lab.breakMigrationConnection('h1'));
      },
    });
    expect(await breaking).toBeGreaterThan(0);
    expect({ outcome: result.outcome, why: result.why }).toMatchObject({ outcome: 'completed' });
    expect(result.why.join('\n')).toMatch(/resuming it, attempt 1/);
    expect(report).toMatchObject({ runsOn: ['h2'], ...unharmed });
  });

  test('a migration that nobody watches any more goes on, and can be cancelled by another', async () => {
    const vm = 'left';
    const act = { name: vm, slaClass: 'panda', workload: furious } as const;
    const stop = new AbortController();
    const onEvent = (event: RunEvent): void => {
      if (event.kind === 'progress' && event.progress.sentBytes > 0) stop.abort();
    };
    await withGuest(stage, act, async () => {
      const request = { vm, from: 'h1', to: 'h2' };
      const left = await migrateVm(request, stage.config, { onEvent, letGo: stop.signal });
      expect(left.outcome).toBe('detached');
      const aborted = await abortVm({ vm, from: 'h1' }, stage.config);
      expect(aborted).toMatchObject({ runsOn: 'h1' });
      await expect(abortVm({ vm, from: 'h1' }, stage.config)).rejects.toMatchObject({
        code: 'migration.not-running',
      });
    });
  });

  test('what is said of a guest travels with it, and a refusal touches nothing', async () => {
    const vm = 'traveller';
    const { config } = stage;
    const watching = { onEvent: () => undefined, letGo: new AbortController().signal };
    await withGuest(stage, { name: vm, slaClass: 'pet', workload: quiet }, async () => {
      const said = { slaClass: 'panda', never: ['post-copy'], labels: ['db', 'eu'] } as const;
      expect(await getTags({ vm, host: 'h1' }, config)).toMatchObject({ slaClass: 'pet' });
      await setTags({ vm, host: 'h1' }, said, config);
      await expect(migrateVm({ vm, from: 'h1', to: 'h1' }, config, watching)).rejects.toMatchObject(
        { code: 'preflight.refused' },
      );
      const there = await migrateVm({ vm, from: 'h1', to: 'h2' }, config, watching);
      expect({ outcome: there.outcome, why: there.why }).toMatchObject({ outcome: 'completed' });
      expect(await getTags({ vm, host: 'h2' }, config)).toMatchObject({
        slaClass: 'panda',
        classOrigin: { from: 'metadata' },
        excluded: [{ what: 'post-copy', from: 'metadata' }],
        labels: ['db', 'eu'],
        unreadable: [],
      });
      const nothing = { slaClass: undefined, never: [], labels: [] } as const;
      await setTags({ vm, host: 'h2' }, nothing, config);
      expect(await getTags({ vm, host: 'h2' }, config)).toMatchObject({
        slaClass: 'pet',
        classOrigin: { from: 'default' },
        excluded: [],
        labels: [],
      });
      await expect(migrateVm({ vm, from: 'h1', to: 'h2' }, config, watching)).rejects.toMatchObject(
        { code: 'domain.not-found' },
      );
    });
  });
});
