import type { Stage } from '../../src/migration/testing/steered.ts';
import { guestOf, stageOf } from '../calibration/simulated-side.ts';
import type { PeerScene } from '../peers/cells.ts';

/** The guest began its rhythm anew so long ago. */
const moment = { pages: 0, workedMs: 300 };

/** Throws where a scene has what is not simulated here: it would be played as one plain guest. */
export function mustBeSimulable(scenes: readonly PeerScene[]): void {
  const not = scenes.filter(
    ({ guests, guest, linkFallsTo }) => guests > 1 || guest !== 'beat' || linkFallsTo !== undefined,
  );
  if (not.length === 0) return;
  const names = not.map(({ name }) => name).join(', ');
  throw new Error(
    `only one guest of our own over a steady link is simulated; leave out of the file: ${names}`,
  );
}

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
