import { expect, test } from 'vitest';
import { DroverError } from '../errors/catalogue.ts';
import type { Host } from '../hypervisor/port.ts';
import { SimulatedWorld } from '../hypervisor/simulated.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import { Mending } from './mending.ts';
import type { Sighting } from './whereabouts.ts';

const split = { seen: 'domain', state: { state: 'running', reason: 'post-copy' } } as const;
const broken = { seen: 'domain', state: { state: 'paused', reason: 'post-copy-failed' } } as const;
const options = {
  postCopy: true,
  autoConverge: undefined,
  bandwidthBytesPerSecond: undefined,
  persistent: true,
} as const;

/** What is told of a post-copy that cannot be resumed, after so many attempts. */
async function toldAfter(attempts: number, destination: Sighting): Promise<readonly string[]> {
  const world = new SimulatedWorld(new VirtualClock(), {
    linkBytesPerSecond: 1e8,
    syncMs: 60,
    setupMs: 50,
    callMs: 1,
  });
  let nowMs = 0;
  const refuses: Partial<Host> = {
    resumePostCopy: () => Promise.reject(new DroverError('hypervisor.failed', 'monitored')),
  };
  const source: Host = Object.assign(world.addHost('h1'), refuses);
  const told: string[] = [];
  const mending = new Mending({
    intent: {
      domain: { name: 'vm', uuid: 'u', persistent: true },
      ways: [{ uri: 'qemu+tcp://h2/system', address: undefined }],
      capabilities: {
        postCopy: { allowed: true },
        postCopyRecoverable: true,
        autoConverge: { allowed: true },
      },
      postCopyRecovery: { allowed: true },
      bandwidthBytesPerSecond: Infinity,
    },
    ports: { source, destination: world.addHost('h2') },
    clock: { nowMs: () => nowMs, sleep: () => Promise.resolve() },
    fromTheStart: true,
    tell: (message) => told.push(message),
  });
  mending.saw({ source: broken, destination, jobActive: true }, 'post-copy-failed');
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    await expect(mending.resume((way) => ({ ...options, way }))).rejects.toMatchObject({
      code: 'hypervisor.failed',
    });
    nowMs += 60_000;
  }
  return told.filter((message) => message.includes('ss --kill'));
}

test('a destination that never notices is named once, with the way out', async () => {
  expect(await toldAfter(2, split)).toEqual([]);
  expect(await toldAfter(6, split)).toEqual([expect.stringMatching(/^h2 still waits/)]);
  expect(await toldAfter(6, broken)).toEqual([]);
});
