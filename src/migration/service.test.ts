import { describe, expect, test } from 'vitest';
import { type Config, emptyConfig, type Rule } from '../fleet/config.ts';
import { type Lesson, learn } from '../forecast/learn.ts';
import { SimulatedWorld } from '../hypervisor/simulated.ts';
import type { GuestModel } from '../hypervisor/simulated-guest.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import type { Tags } from '../policy/tags.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import type { ActionKind } from '../steering/decision.ts';
import type { Beginning } from './beginning.ts';
import { forecastVm } from './foresight.ts';
import { type Keeping, keepsNothing, type LessonsOf } from './keeping.ts';
import type { Orders } from './orders.ts';
import type { MigrationResult } from './result.ts';
import { migrateVm } from './service.ts';
import type { Surroundings } from './surroundings.ts';
import { getTags, setTags } from './tags.ts';
import { surroundingsOf } from './testing/surroundings.ts';

const mib = 2 ** 20;

const guests = {
  idle: { touchedBytes: 64 * mib, workingSetBytes: 0, writeBytesPerSecond: 0 },
  furious: {
    touchedBytes: 512 * mib,
    workingSetBytes: 480 * mib,
    writeBytesPerSecond: 400 * mib,
  },
} as const;

interface Scene {
  readonly guest: keyof typeof guests;
  readonly slaClass: SlaClass;
  readonly importance: Importance;
  readonly postCopy?: 'forbidden';
  readonly own?: Partial<Tags>;
  readonly rules?: readonly Rule[];
  readonly outcome: MigrationResult['outcome'];
  /** What has to be done to the guest, and what must not. */
  readonly does?: ActionKind;
  readonly never?: readonly ActionKind[];
  readonly throttled?: boolean;
  readonly says?: RegExp;
}

const disturbing: readonly ActionKind[] = ['start-post-copy', 'freeze'];

const scenes: readonly Scene[] = [
  { guest: 'idle', slaClass: 'pet', importance: 'low', outcome: 'completed', never: disturbing },
  { guest: 'idle', slaClass: 'panda', importance: 'low', outcome: 'completed', never: disturbing },
  {
    guest: 'furious',
    slaClass: 'cattle',
    importance: 'high',
    outcome: 'completed',
    does: 'start-post-copy',
  },
  { guest: 'furious', slaClass: 'panda', importance: 'low', outcome: 'stayed', never: disturbing },
  {
    guest: 'furious',
    slaClass: 'panda',
    importance: 'medium',
    outcome: 'stayed',
    never: disturbing,
  },
  { guest: 'furious', slaClass: 'pet', importance: 'low', outcome: 'stayed', never: disturbing },
  {
    guest: 'furious',
    slaClass: 'panda',
    importance: 'high',
    outcome: 'completed',
    does: 'start-post-copy',
  },
  {
    guest: 'furious',
    slaClass: 'panda',
    importance: 'high',
    postCopy: 'forbidden',
    outcome: 'completed',
    never: ['start-post-copy'],
  },
  {
    guest: 'furious',
    slaClass: 'cattle',
    importance: 'high',
    own: { never: ['post-copy'] },
    outcome: 'completed',
    never: ['start-post-copy'],
    says: /without post-copy \(the VM's own metadata forbids post-copy\)/,
  },
  {
    guest: 'furious',
    slaClass: 'cattle',
    importance: 'high',
    own: { never: ['post-copy'], labels: ['realtime'] },
    rules: [{ label: 'realtime', never: ['throttle'] }],
    outcome: 'completed',
    does: 'freeze',
    never: ['start-post-copy'],
    throttled: false,
    says: /the rule for label realtime forbids slowing it down/,
  },
];

interface Stage {
  readonly clock: VirtualClock;
  readonly config: Config;
  readonly surroundings: Surroundings;
}

function setStage(
  scene: Pick<Scene, 'guest' | 'slaClass' | 'postCopy' | 'rules'>,
  syncMs = 100,
): Stage {
  const clock = new VirtualClock();
  const settings = { linkBytesPerSecond: 100 * mib, syncMs, setupMs: 50, callMs: 1 };
  const world = new SimulatedWorld(clock, settings);
  const [source, ...others] = ['h1', 'h2'].map((name) => world.addHost(name));
  const model: GuestModel = {
    name: 'vm',
    memoryBytes: 512 * mib,
    throttleEffect: 1,
    ...guests[scene.guest],
  };
  source?.addGuest(model, scene.slaClass);
  const postCopy = scene.postCopy ?? 'allowed';
  const settingsOf = (name: string): Config['hosts'][string] => ({
    uri: `simulated:///${name}`,
    peerUri: `simulated://${name}/system`,
    postCopy,
  });
  const config: Config = {
    ...emptyConfig,
    hosts: { h1: settingsOf('h1'), h2: settingsOf('h2') },
    rules: [...(scene.rules ?? [])],
  };
  return {
    clock,
    config,
    surroundings: surroundingsOf(clock, source === undefined ? others : [source, ...others]),
  };
}

const watching = { onEvent: () => undefined, letGo: new AbortController().signal };

describe('migrateVm, steered, on simulated hosts', () => {
  test.each(
    scenes.flatMap((scene) => [
      { ...scene, syncMs: 100, qemu: 'that sync all the time' },
      { ...scene, syncMs: Infinity, qemu: 'that sync after each pass' },
    ]),
  )('$guest $slaClass, $importance, on hosts $qemu: $outcome', async (scene) => {
    const { clock, config, surroundings } = setStage(scene, scene.syncMs);
    const request = { vm: 'vm', from: 'h1', to: 'h2', importance: scene.importance };
    await clock.run(setTags({ vm: 'vm', host: 'h1' }, scene.own ?? {}, config, surroundings));
    const result = await clock.run(migrateVm(request, config, watching, surroundings));
    expect({ outcome: result.outcome, why: result.why }).toMatchObject({ outcome: scene.outcome });
    const acts = result.decisions.map(({ action }) => action.kind);
    expect(acts).toEqual(expect.arrayContaining(scene.does === undefined ? [] : [scene.does]));
    expect(acts.filter((act) => scene.never?.includes(act))).toEqual([]);
    const throttled = result.telemetry.some(({ throttlePercent }) => throttlePercent > 0);
    expect(throttled).toBe(scene.throttled ?? throttled);
    expect(result.why.join('\n')).toMatch(scene.says ?? /./);
  });

  test.each([
    ['a host nobody knows', { vm: 'vm', from: 'h1', to: 'h9' }, 'host.not-found'],
    ['no such VM', { vm: 'other', from: 'h1', to: 'h2' }, 'domain.not-found'],
    [
      'a host that is not there',
      { vm: 'vm', from: 'h1', to: 'qemu+ssh://h3/system' },
      'host.unreachable',
    ],
  ])('%s is refused, and nothing was touched', async (_, request, code) => {
    const { clock, config, surroundings } = setStage({ guest: 'idle', slaClass: 'pet' });
    await expect(
      clock.run(migrateVm(request, config, watching, surroundings)),
    ).rejects.toMatchObject({ code });
  });
});

test('who stops it before it began, has it not begin', async () => {
  const { clock, config, surroundings } = setStage({ guest: 'idle', slaClass: 'pet' });
  const request = { vm: 'vm', from: 'h1', to: 'h2' };
  const stopped = { ...watching, letGo: AbortSignal.abort() };
  await expect(clock.run(migrateVm(request, config, stopped, surroundings))).rejects.toMatchObject({
    code: 'migration.not-running',
  });
  const state = await clock.run(getTags({ vm: 'vm', host: 'h1' }, config, surroundings));
  expect(state.domain.name).toBe('vm');
});

describe('what changes while it runs', () => {
  test('a raised importance is obeyed at the next decision, and told', async () => {
    const { clock, config, surroundings } = setStage({ guest: 'furious', slaClass: 'panda' });
    const orders = (): Orders => (clock.nowMs() > 15_000 ? { importance: 'high' } : {});
    const request = { vm: 'vm', from: 'h1', to: 'h2', importance: 'low' } as const;
    const moved = await clock.run(
      migrateVm(request, config, { ...watching, orders }, surroundings),
    );
    expect(moved.outcome).toBe('completed');
    expect(moved.why.join(' ')).toMatch(/importance was changed from low to high/);
  });

  test('a host that forbids post-copy by now closes it', async () => {
    const { clock, config, surroundings } = setStage({ guest: 'furious', slaClass: 'cattle' });
    const { config: forbidding } = setStage({
      guest: 'furious',
      slaClass: 'cattle',
      postCopy: 'forbidden',
    });
    const orders = (): Orders => (clock.nowMs() > 1_000 ? { config: forbidding } : {});
    const request = { vm: 'vm', from: 'h1', to: 'h2', importance: 'high' } as const;
    const moved = await clock.run(
      migrateVm(request, config, { ...watching, orders }, surroundings),
    );
    expect(moved).toMatchObject({ outcome: 'completed', switchedToPostCopy: false });
    expect(moved.startedWithPostCopy).toBe(true);
  });
});

/** Remembers what it is told, and what the migrations of one test taught. */
class Memory implements Keeping {
  readonly begun: Beginning[] = [];
  readonly #lessons: Lesson[] = [];
  passed = 0;

  learn({ telemetry }: MigrationResult): void {
    this.#lessons.unshift(learn(telemetry));
  }

  lessons(of: LessonsOf, limit: number): Promise<readonly Lesson[]> {
    return Promise.resolve(of.of === 'class' ? [] : this.#lessons.slice(0, limit));
  }

  begin(beginning: Beginning): Promise<void> {
    this.begun.push(beginning);
    return Promise.resolve();
  }

  passReturn(): Promise<void> {
    this.passed += 1;
    return Promise.resolve();
  }
}

describe('what is remembered', () => {
  const request = { vm: 'vm', from: 'h1', to: 'h2', importance: 'low' } as const;

  test('is the next migration told: with what the guest writes, the first pass is foreseen', async () => {
    const keeping = new Memory();
    const { clock, config, surroundings } = setStage({ guest: 'furious', slaClass: 'panda' });
    const remembering = { ...surroundings, keeping };
    const before = await clock.run(forecastVm(request, config, remembering));
    expect(before.bandwidthGuessed).toBe(true);
    const moved = await clock.run(migrateVm(request, config, watching, remembering));
    expect(moved.outcome).toBe('stayed');
    keeping.learn(moved);
    const after = await clock.run(forecastVm(request, config, remembering));
    expect(after.bandwidthGuessed).toBe(false);
    expect(after.bandwidthBytesPerSecond / (100 * mib)).toBeCloseTo(1, 1);
    expect(after.expected.ending).toBe('stay');
  });

  test('that cannot be read stops nothing, and is told once', async () => {
    const { clock, config, surroundings } = setStage({ guest: 'furious', slaClass: 'panda' });
    const keeping = { ...keepsNothing, lessons: () => Promise.reject(new Error('no permission')) };
    const moved = await clock.run(
      migrateVm(request, config, watching, { ...surroundings, keeping }),
    );
    expect(moved.outcome).toBe('stayed');
    const told = /Earlier migrations cannot be read: no permission/;
    expect(moved.why.filter((line) => told.test(line))).toHaveLength(1);
  });
});

describe('what has to be durable', () => {
  const request = { vm: 'vm', from: 'h1', to: 'h2', importance: 'high' } as const;

  test('is kept before the first order, and before post-copy', async () => {
    const keeping = new Memory();
    const { clock, config, surroundings } = setStage({ guest: 'furious', slaClass: 'cattle' });
    const moved = await clock.run(
      migrateVm(request, config, watching, { ...surroundings, keeping }),
    );
    expect(moved).toMatchObject({ outcome: 'completed', switchedToPostCopy: true });
    expect(keeping.begun).toMatchObject([
      { head: { vm: { name: 'vm' }, slaClass: 'cattle' }, former: { downtimeMs: 300 } },
    ]);
    expect(keeping.passed).toBeGreaterThan(0);
  });

  test('before the first order but cannot be, has it not begin', async () => {
    const { clock, config, surroundings } = setStage({ guest: 'idle', slaClass: 'pet' });
    const keeping = { ...keepsNothing, begin: () => Promise.reject(new Error('no space left')) };
    await expect(
      clock.run(migrateVm(request, config, watching, { ...surroundings, keeping })),
    ).rejects.toThrow('no space left');
    const { domain } = await clock.run(getTags({ vm: 'vm', host: 'h1' }, config, surroundings));
    expect(domain.name).toBe('vm');
  });

  test('before post-copy but cannot be, has post-copy not be started', async () => {
    const { clock, config, surroundings } = setStage({ guest: 'furious', slaClass: 'cattle' });
    const noSpace = new Error('no space left');
    const keeping = { ...keepsNothing, passReturn: () => Promise.reject(noSpace) };
    const orders = (): Orders => ({ cancelled: clock.nowMs() > 60_000 });
    const moved = await clock.run(
      migrateVm(request, config, { ...watching, orders }, { ...surroundings, keeping }),
    );
    expect(moved.switchedToPostCopy).toBe(false);
    expect(moved.why.join('\n')).toMatch(/Could not start post-copy yet: no space left/);
  });
});
