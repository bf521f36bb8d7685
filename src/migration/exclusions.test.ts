import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Config, emptyConfig, type Rule } from '../fleet/config.ts';
import { SimulatedWorld } from '../hypervisor/simulated.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import { type Exclusion, exclusions } from '../policy/exclusions.ts';
import { type Importance, importances, type SlaClass, slaClasses } from '../policy/vocabulary.ts';
import type { MigrationResult } from './result.ts';
import { migrateVm } from './service.ts';
import { setTags } from './tags.ts';
import { surroundingsOf } from './testing/surroundings.ts';

const mib = 2 ** 20;

interface Scene {
  readonly slaClass: SlaClass;
  readonly importance: Importance;
  readonly own: readonly Exclusion[];
  readonly byName: readonly Exclusion[];
  readonly byLabel: readonly Exclusion[];
  readonly labelled: boolean;
  readonly writeMiB: number;
  readonly linkMiB: number;
  /** Infinity: whole passes, as QEMU 10 makes them; 60: the syncs of QEMU 11.1. */
  readonly syncMs: number;
}

const some = fc.subarray([...exclusions]);
const scenes: fc.Arbitrary<Scene> = fc.record({
  slaClass: fc.constantFrom(...slaClasses),
  importance: fc.constantFrom(...importances),
  own: some,
  byName: some,
  byLabel: some,
  labelled: fc.boolean(),
  writeMiB: fc.integer({ min: 0, max: 400 }),
  linkMiB: fc.integer({ min: 20, max: 400 }),
  syncMs: fc.constantFrom(60, Infinity),
});

async function migrate(scene: Scene): Promise<MigrationResult> {
  const { slaClass, importance, own, labelled, syncMs } = scene;
  const clock = new VirtualClock();
  const settings = { linkBytesPerSecond: scene.linkMiB * mib, syncMs, setupMs: 50, callMs: 1 };
  const world = new SimulatedWorld(clock, settings);
  const hosts = { h1: world.addHost('h1'), h2: world.addHost('h2') };
  hosts.h1.addGuest({
    name: 'vm',
    memoryBytes: 512 * mib,
    touchedBytes: 480 * mib,
    workingSetBytes: 400 * mib,
    writeBytesPerSecond: scene.writeMiB * mib,
    throttleEffect: 1,
  });
  const surroundings = surroundingsOf(clock, Object.values(hosts));
  const config = configOf(scene);
  const labels = labelled ? ['special'] : [];
  const tags = { slaClass, never: own, labels };
  const watching = { onEvent: () => undefined, letGo: new AbortController().signal };
  return clock.run(
    (async () => {
      await setTags({ vm: 'vm', host: 'h1' }, tags, config, surroundings);
      const request = { vm: 'vm', from: 'h1', to: 'h2', importance };
      return migrateVm(request, config, watching, surroundings);
    })(),
  );
}

function configOf({ byName, byLabel }: Scene): Config {
  const rules: Rule[] = [];
  if (byName.length > 0) rules.push({ name: 'v?', never: [...byName] });
  if (byLabel.length > 0) rules.push({ label: 'spec*', never: [...byLabel] });
  return { ...emptyConfig, hosts: { h1: hostOf('h1'), h2: hostOf('h2') }, rules };
}

function hostOf(name: string): Config['hosts'][string] {
  return {
    uri: `simulated:///${name}`,
    peerUri: `simulated://${name}/system`,
    postCopy: 'allowed',
  };
}

test('what anybody forbids for a VM is not done to it, and who must arrive, arrives', async () => {
  await fc.assert(
    fc.asyncProperty(scenes, async (scene) => {
      const result = await migrate(scene);
      const { own, byName, byLabel, labelled } = scene;
      const forbidden = new Set([...own, ...byName, ...(labelled ? byLabel : [])]);
      if (forbidden.has('post-copy')) expect(result.switchedToPostCopy).toBe(false);
      if (forbidden.has('throttle')) {
        const throttle = Math.max(0, ...result.telemetry.map((sample) => sample.throttlePercent));
        expect(throttle).toBe(0);
      }
      if (scene.importance === 'high') expect(result.outcome).toBe('completed');
    }),
    { numRuns: 200, timeout: 5_000, endOnFailure: true },
  );
}, 60_000);
