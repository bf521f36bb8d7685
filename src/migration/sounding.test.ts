import { describe, expect, test } from 'vitest';
import { type Config, emptyConfig } from '../fleet/config.ts';
import { learn } from '../forecast/learn.ts';
import { SimulatedWorld } from '../hypervisor/simulated.ts';
import type { GuestModel } from '../hypervisor/simulated-guest.ts';
import type { SimulatedHost } from '../hypervisor/simulated-host.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import { forecastVm } from './foresight.ts';
import { type Keeping, keepsNothing } from './keeping.ts';
import type { MigrationResult } from './result.ts';
import { migrateVm } from './service.ts';
import type { Surroundings } from './surroundings.ts';
import { surroundingsOf } from './testing/surroundings.ts';

const mib = 2 ** 20;
const request = { vm: 'vm', from: 'h1', to: 'h2', importance: 'high' } as const;
const watching = { onEvent: () => undefined, letGo: new AbortController().signal };

interface Scene {
  readonly slaClass?: SlaClass;
  readonly importance?: Importance;
  readonly shrinksTo?: number;
  readonly memoryBytes?: number;
  /** What it writes, where it does not write 80 MiB/s on half of its memory. */
  readonly writes?: Pick<GuestModel, 'workingSetBytes' | 'writeBytesPerSecond' | 'rhythm'>;
  readonly compression?: 'forbidden';
  readonly memoryReading?: 'forbidden';
  /** What is as it usually is not. */
  readonly but?: (source: SimulatedHost) => void;
}

interface Stage {
  readonly clock: VirtualClock;
  readonly config: Config;
  readonly surroundings: Surroundings;
  /** What the source was asked. */
  readonly asked: readonly string[];
}

function setStage(scene: Scene): Stage {
  const clock = new VirtualClock();
  const settings = { linkBytesPerSecond: 112 * mib, syncMs: 60, setupMs: 50, callMs: 1 };
  const world = new SimulatedWorld(clock, settings);
  const able = { compression: { allowed: true }, cpus: 2 } as const;
  const [h1, h2] = [world.addHost('h1', able), world.addHost('h2', able)];
  const { memoryBytes = 256 * mib, shrinksTo = 1 / 3 } = scene;
  const usual = { workingSetBytes: memoryBytes / 2, writeBytesPerSecond: 80 * mib };
  const writes = scene.writes ?? usual;
  const guest = { name: 'vm', memoryBytes, touchedBytes: memoryBytes, throttleEffect: 1 };
  h1.addGuest({ ...guest, ...writes, shrinksTo }, scene.slaClass ?? 'pet');
  const asked: string[] = [];
  noteCalls(h1, asked);
  scene.but?.(h1);
  const { compression = 'allowed', memoryReading = 'allowed' } = scene;
  const settingsOf = (name: string): Config['hosts'][string] => ({
    uri: `simulated:///${name}`,
    peerUri: `simulated://${name}/system`,
    postCopy: 'allowed',
    compression,
    memoryReading,
  });
  const hosts = { h1: settingsOf('h1'), h2: settingsOf('h2') };
  return {
    clock,
    config: { ...emptyConfig, hosts },
    surroundings: surroundingsOf(clock, [h1, h2]),
    asked,
  };
}

function noteCalls(host: SimulatedHost, asked: string[]): void {
  const noting =
    <A extends readonly unknown[], R>(what: string, ask: (...given: A) => R) =>
    (...given: A): R => {
      asked.push(what);
      return ask(...given);
    };
  host.soundMemory = noting('memory', host.soundMemory.bind(host));
  host.markMemory = noting('marks', host.markMemory.bind(host));
  host.measureWrites = noting('writes', host.measureWrites.bind(host));
  host.idleShare = noting('idle', host.idleShare.bind(host));
}

interface Case extends Scene {
  readonly name: string;
  /** Before it began; not whether its memory is read for the order of its writes while it is under way. */
  readonly asked: readonly string[];
  readonly orderIsRead?: false;
  readonly why: RegExp;
}

const compressed: readonly Case[] = [
  {
    name: 'a pet whose memory shrinks',
    asked: ['idle', 'memory', 'writes', 'idle'],
    why: /memory compressed \(zstd, 2 connections\).*shrinks 3 times/,
  },
  {
    name: 'cattle',
    slaClass: 'cattle',
    asked: ['idle', 'memory', 'writes', 'idle'],
    why: /shrinks 3 times/,
  },
  { name: 'a panda that is never split', slaClass: 'panda', asked: [], why: /closed anyhow/ },
];

const plain: readonly Case[] = [
  {
    name: 'a pet whose memory does not shrink',
    shrinksTo: 0.95,
    asked: ['idle', 'memory'],
    why: /able to switch to post-copy, uncompressed \(its memory shrinks only 1\.1 times\)/,
  },
  {
    name: 'one whose host is busy',
    but: (source) => source.setIdleShare(0.1),
    asked: ['idle'],
    why: /processors for it are lacking: 0\.2 idle/,
  },
  {
    name: 'one whose host turns out to be',
    but: (source) => source.setIdleShare(0.2),
    asked: ['idle', 'memory', 'writes', 'idle'],
    why: /processors for it are lacking: 0\.4 idle/,
  },
  {
    name: 'one whose host cannot tell',
    but: (source) => {
      source.idleShare = () => Promise.resolve(undefined);
    },
    asked: [],
    why: /able to switch to post-copy, and may pause/,
  },
  { name: 'one that is soon across', memoryBytes: 64 * mib, asked: [], why: /able to switch/ },
  { name: 'one that may not be', compression: 'forbidden', asked: [], why: /able to switch/ },
  {
    name: 'one not to be read',
    memoryReading: 'forbidden',
    asked: [],
    orderIsRead: false,
    why: /able to switch/,
  },
  {
    name: 'one of cattle not to be read',
    slaClass: 'cattle',
    memoryReading: 'forbidden',
    asked: [],
    orderIsRead: false,
    why: /able to switch/,
  },
  {
    name: 'one of cattle that does not shrink',
    slaClass: 'cattle',
    shrinksTo: 0.95,
    asked: ['idle', 'memory'],
    why: /able to switch/,
  },
  {
    name: 'one that cannot be sounded',
    but: (source) => {
      source.soundMemory = () => Promise.reject(new Error('access denied'));
    },
    asked: ['idle'],
    why: /Whether to compress its memory cannot be told: access denied/,
  },
  {
    name: 'one whose host does not know where its memory lies',
    but: (source) => {
      source.soundMemory = () => Promise.resolve(undefined);
    },
    asked: ['idle'],
    why: /able to switch to post-copy, and may pause/,
  },
  {
    name: 'one whose writes cannot be sampled',
    but: (source) => {
      source.measureWrites = () => Promise.reject(new Error('another job'));
    },
    asked: ['idle', 'memory', 'idle'],
    why: /cannot be told: another job/,
  },
];

describe('on simulated hosts', () => {
  test.each(compressed)('$name goes compressed, and arrives', async (scene) => {
    const { asked, result } = await moved(scene);
    expect(asked).toEqual(scene.asked);
    expect(result).toMatchObject({ outcome: 'completed', switchedToPostCopy: false });
    expect(result.startedWithPostCopy).toBe(false);
    expect(result.why.join('\n')).toMatch(scene.why);
  });

  test.each(plain)('$name starts able to switch to post-copy', async (scene) => {
    const { asked, result } = await moved(scene);
    const forOrder = scene.orderIsRead === false ? [] : ['marks', 'marks'];
    expect(asked).toEqual([...scene.asked, ...forOrder]);
    expect(result).toMatchObject({ outcome: 'completed', startedWithPostCopy: true });
    expect(result.why.join('\n')).toMatch(scene.why);
  });

  test.each([
    ['a pet that has to arrive', 'high'],
    ['one that may stay', 'medium'],
  ] as const)('%s is not stopped for long when it comes to write more', async (_, importance) => {
    // It rests while it is looked at, and writes on half of its memory for ten minutes from then on.
    const rhythm = { burstMs: 600_000, quietMs: 600_000, offsetMs: 1_198_000 };
    const writes = { workingSetBytes: 1024 * mib, writeBytesPerSecond: 600 * mib, rhythm };
    const { result } = await moved({ memoryBytes: 2048 * mib, writes, importance });
    const told = result.why.join('\n');
    expect(told).toMatch(/memory compressed[^]*cancelled, and begins again uncompressed/);
    expect(told).toMatch(/to begin again uncompressed[^]*It starts able to switch to post-copy/);
    expect(result).toMatchObject({ outcome: 'completed', switchedToPostCopy: true });
    expect(result.blackout?.ms).toBeLessThan(500);
  });

  test('what is known of its writes is not sampled again, and is enough', async () => {
    const before = await moved({ shrinksTo: 0.95 });
    const lesson = learn(before.result.telemetry);
    const remembers: Keeping = {
      ...keepsNothing,
      lessons: ({ of }) => Promise.resolve(of === 'class' ? [] : [lesson]),
    };
    const { asked, result } = await moved({}, remembers);
    expect(asked).toEqual(['idle', 'memory']);
    expect(result.why.join('\n')).toMatch(/shrinks 3 times/);
  });

  test('what is found out is kept with the migration, and nothing of the memory', async () => {
    const begun: unknown[] = [];
    const keeping: Keeping = {
      ...keepsNothing,
      begin: ({ head }) => Promise.resolve(void begun.push(head.prior)),
    };
    await moved({}, keeping);
    expect(begun).toMatchObject([
      { sounded: { ratio: 3, idleProcessors: 2 }, written: [{ ms: 1000, weight: 1 }] },
    ]);
  });

  test('who stops it while it is being looked at, has it not begin', async () => {
    const { clock, config, surroundings } = setStage({});
    const orders = (): { readonly cancelled: boolean } => ({ cancelled: clock.nowMs() > 500 });
    const stopped = migrateVm(request, config, { ...watching, orders }, surroundings);
    await expect(clock.run(stopped)).rejects.toMatchObject({ code: 'migration.not-running' });
  });

  test('the forecast says the same', async () => {
    const { clock, config, surroundings } = setStage({});
    const foretold = await clock.run(forecastVm(request, config, surroundings));
    expect(foretold.sources.join('; ')).toMatch(/shrinks to from a look/);
    const postCopy = foretold.options.find(({ option }) => option === 'post-copy');
    expect(postCopy?.permission.allowed).toBe(false);
    expect(foretold.expected.forecast.timeMs.p50).toBeLessThan(2_000);
  });
});

async function moved(
  scene: Scene,
  keeping: Keeping = keepsNothing,
): Promise<{ readonly asked: readonly string[]; readonly result: MigrationResult }> {
  const { clock, config, surroundings, asked } = setStage(scene);
  const { importance = scene.slaClass === 'panda' ? 'medium' : 'high' } = scene;
  const asMeant = { ...request, importance };
  const result = await clock.run(
    migrateVm(asMeant, config, watching, { ...surroundings, keeping }),
  );
  return { asked, result };
}
