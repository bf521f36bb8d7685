import type { Stage } from '../../src/migration/testing/steered.ts';
import { guestOf, stageOf } from '../calibration/simulated-side.ts';
import type { PeerScene } from '../peers/cells.ts';

/** The guest began its rhythm anew so long ago. */
const moment = { pages: 0, workedMs: 300 };

/** Two simulated hosts of a suite, with the scene's guest on the first. */
export function stageFor(
  suite: string,
  {
    does,
    memoryMib,
    linkMbitPerSecond,
  }: Pick<PeerScene, 'does' | 'memoryMib' | 'linkMbitPerSecond'>,
): Stage {
  const guest = guestOf({ workload: does, memoryBytes: memoryMib * 2 ** 20 }, moment);
  return stageOf(suite, linkMbitPerSecond, guest);
}
