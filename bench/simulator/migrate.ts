import { SimulatedWorld } from '../../src/hypervisor/simulated.ts';
import type { SimulatedHost } from '../../src/hypervisor/simulated-host.ts';
import { VirtualClock } from '../../src/hypervisor/virtual-clock.ts';
import { runMigration } from '../../src/migration/run.ts';
import { steersmanFor } from '../../src/steering/steersman.ts';
import type { Scene } from './scenes.ts';

/** A migration that has not ended by then is given up. */
const longestMs = 120_000;
const noise = { linkShare: 0.1, callMs: 2 };

interface Stage {
  readonly clock: VirtualClock;
  readonly source: SimulatedHost;
  readonly destination: SimulatedHost;
  readonly uuid: string;
}

function stageOf({ guest, linkBytesPerSecond, syncMs, seed, slaClass }: Scene): Stage {
  const clock = new VirtualClock();
  const world = new SimulatedWorld(clock, {
    linkBytesPerSecond,
    syncMs,
    setupMs: 100,
    callMs: 1,
    noise: { ...noise, seed },
  });
  const source = world.addHost('h1');
  const destination = world.addHost('h2');
  return { clock, source, destination, uuid: source.addGuest(guest, slaClass) };
}

/** What one simulated migration came to: how much time passed in it, and whether the guest arrived. */
export interface Course {
  readonly simulatedMs: number;
  readonly arrived: boolean;
}

/** Pre-copy with QEMU's own downtime limit, and nobody who steers. */
export async function runStatic(scene: Scene): Promise<Course> {
  const { clock, source, destination, uuid } = stageOf(scene);
  const arrived = await clock.run(
    (async () => {
      const call = source.migrate(uuid, {
        way: destination.ways[0],
        postCopy: false,
        autoConverge: undefined,
        bandwidthBytesPerSecond: undefined,
        persistent: false,
      });
      // A cancellation in the instant of the arrival is refused.
      const giveUp = (): void => void source.abortJob(uuid).catch(() => undefined);
      const withdraw = clock.schedule(longestMs, giveUp);
      const completed = await call.then(
        () => true,
        () => false,
      );
      withdraw();
      return completed;
    })(),
  );
  return { simulatedMs: clock.nowMs(), arrived };
}

/** As Drover does it: watched and steered, by what the guest is worth. */
export async function runSteered(scene: Scene): Promise<Course> {
  const { clock, source, destination, uuid } = stageOf(scene);
  const { slaClass, importance } = scene;
  const intent = { slaClass, importance, deadlineMs: undefined };
  const result = await clock.run(
    (async () => {
      const domain = await source.findDomain(uuid);
      if (domain === undefined) throw new Error('the scene has no guest');
      return runMigration(
        {
          domain,
          ways: destination.ways,
          bandwidthBytesPerSecond: Infinity,
          capabilities: {
            postCopy: { allowed: true },
            postCopyRecoverable: true,
            autoConverge: { allowed: true },
          },
          postCopyRecovery: { allowed: true },
        },
        { source, destination, newSteersman: () => steersmanFor({ intent: () => intent }) },
        clock,
        () => undefined,
        new AbortController().signal,
      );
    })(),
  );
  return { simulatedMs: clock.nowMs(), arrived: result.outcome === 'completed' };
}
