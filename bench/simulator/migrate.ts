import { type Stage, setStage, steer } from '../../src/migration/testing/steered.ts';
import type { Scene } from './scenes.ts';

/** A migration that has not ended by then is given up. */
const longestMs = 120_000;

function stageOf({ guest, linkBytesPerSecond, syncMs, seed, slaClass }: Scene): Stage {
  const noise = { linkShare: 0.1, callMs: 2, seed };
  return setStage({ linkBytesPerSecond, syncMs, setupMs: 100, callMs: 1, noise }, guest, slaClass);
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
  const stage = stageOf(scene);
  const { slaClass, importance } = scene;
  const { outcome } = await steer(stage, { slaClass, importance, deadlineMs: undefined });
  return { simulatedMs: stage.clock.nowMs(), arrived: outcome === 'completed' };
}
