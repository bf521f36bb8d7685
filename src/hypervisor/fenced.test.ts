import { describe, expect, test } from 'vitest';
import { DroverError } from '../errors/catalogue.ts';
import { fenced } from './fenced.ts';
import type { Host, MigrateOptions } from './port.ts';
import { SimulatedWorld } from './simulated.ts';
import { VirtualClock } from './virtual-clock.ts';

const options: MigrateOptions = {
  way: { uri: 'simulated://h2/system', address: undefined },
  postCopy: false,
  autoConverge: undefined,
  bandwidthBytesPerSecond: undefined,
  persistent: false,
};

/** Every order that there is. */
const orders: Readonly<Record<string, (host: Host, uuid: string) => Promise<unknown>>> = {
  writeTags: (host, uuid) => host.writeTags(uuid, { slaClass: 'pet', never: [], labels: [] }),
  setMaxDowntime: (host, uuid) => host.setMaxDowntime(uuid, 100),
  setMaxSpeed: (host, uuid) => host.setMaxSpeed(uuid, 1_000),
  startPostCopy: (host, uuid) => host.startPostCopy(uuid),
  abortJob: (host, uuid) => host.abortJob(uuid),
  migrate: (host, uuid) => host.migrate(uuid, options),
  resumePostCopy: (host, uuid) => host.resumePostCopy(uuid, options),
  breakOffPostCopy: (host, uuid) => host.breakOffPostCopy(uuid),
  resumeGuest: (host, uuid) => host.resumeGuest(uuid),
  discardCopy: (host, uuid) => host.discardCopy(uuid),
  forgetDefinition: (host, uuid) => host.forgetDefinition(uuid),
};

describe('a host of which the lease is over', () => {
  test.each(Object.entries(orders))('does not get the order %s', async (name, order) => {
    const { clock, host, heard, uuid } = stage();
    await expect(clock.run(order(host, uuid))).rejects.toMatchObject({ code: 'lease.lost' });
    expect(heard).not.toContain(name);
  });

  test('can still be asked', async () => {
    const { clock, host, uuid } = stage();
    const state = await clock.run(host.domainState(uuid));
    expect(state).toMatchObject({ state: 'running' });
  });
});

/** What the host itself hears is noted. */
function stage() {
  const clock = new VirtualClock();
  const settings = { linkBytesPerSecond: 1e8, syncMs: 100, setupMs: 50, callMs: 1 };
  const real = new SimulatedWorld(clock, settings).addHost('h1');
  const mib = 2 ** 20;
  const guest = { name: 'g1', memoryBytes: 64 * mib, touchedBytes: mib, workingSetBytes: 0 };
  const uuid = real.addGuest({ ...guest, writeBytesPerSecond: 0, throttleEffect: 1 }, 'pet');
  const heard: PropertyKey[] = [];
  const noting = new Proxy(real, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        heard.push(key);
        return Reflect.apply(member, target, given);
      };
    },
  });
  const host = fenced(noting, () => {
    throw new DroverError('lease.lost', 'The migration is no longer steered from here');
  });
  return { clock, host, heard, uuid };
}
