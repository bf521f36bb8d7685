import { describe, expect, test } from 'vitest';
import { type Config, emptyConfig } from '../fleet/config.ts';
import { SimulatedWorld } from '../hypervisor/simulated.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import type { Tags } from '../policy/tags.ts';
import { getTags, setTags, type TagsAnswer } from './tags.ts';
import { surroundingsOf } from './testing/surroundings.ts';

const mib = 2 ** 20;
const where = { vm: 'vm', host: 'h1' };

interface Stage {
  readonly get: () => Promise<TagsAnswer>;
  readonly set: (changes: Partial<Tags>) => Promise<TagsAnswer>;
  /** Begins a migration that nobody waits for. */
  readonly begin: () => void;
}

function stage(): Stage {
  const clock = new VirtualClock();
  const settings = { linkBytesPerSecond: 10 * mib, syncMs: 100, setupMs: 10, callMs: 1 };
  const world = new SimulatedWorld(clock, settings);
  const host = world.addHost('h1');
  const [way] = world.addHost('h2').ways;
  const guest = { touchedBytes: 64 * mib, workingSetBytes: mib, writeBytesPerSecond: mib };
  const named = { name: 'vm', memoryBytes: 64 * mib, throttleEffect: 1 };
  const uuid = host.addGuest({ ...named, ...guest }, 'pet');
  const surroundings = surroundingsOf(clock, [host]);
  const config: Config = {
    ...emptyConfig,
    hosts: { h1: { uri: 'simulated:///h1', postCopy: 'allowed' } },
    rules: [{ name: 'v*', class: 'panda', never: ['throttle'] }],
  };
  return {
    get: () => clock.run(getTags(where, config, surroundings)),
    set: (changes) => clock.run(setTags(where, changes, config, surroundings)),
    begin: () => {
      const plan = { postCopy: false, autoConverge: undefined, persistent: false };
      const options = { ...plan, way, bandwidthBytesPerSecond: undefined };
      void host.migrate(uuid, options);
    },
  };
}

const byRule = { what: 'throttle', from: 'rule', rule: 'v*' } as const;

describe('tags', () => {
  test('change where they are named, stay where they are not, and are what is read', async () => {
    const { get, set } = stage();
    expect(await get()).toMatchObject({ slaClass: 'pet', excluded: [byRule], labels: [] });
    await set({ never: ['post-copy'], labels: ['db'] });
    const answer = await set({ slaClass: 'cattle' });
    expect(answer).toMatchObject({
      slaClass: 'cattle',
      classOrigin: { from: 'metadata' },
      excluded: [{ what: 'post-copy', from: 'metadata' }, byRule],
      labels: ['db'],
    });
    expect(await get()).toEqual(answer);
  });

  test('taken away leave it to the rules, whose exclusions no VM can take away', async () => {
    const { set } = stage();
    expect(await set({ slaClass: undefined, never: [], labels: [] })).toMatchObject({
      slaClass: 'panda',
      classOrigin: { from: 'rule', rule: 'v*' },
      excluded: [byRule],
    });
  });

  test('that are none are refused, and nothing is written', async () => {
    const { get, set } = stage();
    const refused = set({ slaClass: 'cattle', labels: ['not one'] });
    await expect(refused).rejects.toMatchObject({ code: 'usage.invalid' });
    expect(await get()).toMatchObject({ slaClass: 'pet', labels: [] });
  });

  test('are not written while the VM moves', async () => {
    const { set, begin } = stage();
    begin();
    await expect(set({ never: [] })).rejects.toMatchObject({ code: 'domain.busy' });
  });
});
