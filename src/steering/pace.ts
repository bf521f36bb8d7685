import { neededDowntimeMs, socketDrainMs } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { writtenWithin } from '../forecast/working-set.ts';
import { formatDuration, formatRate } from '../units/format.ts';
import { decision } from './decide.ts';
import type { Decision } from './decision.ts';
import { expect } from './expect.ts';
import { paceAheadMs, pacedShare, pacingPays } from './pacing.ts';
import type { Situation } from './situation.ts';
import { story } from './story.ts';

/** Holds the stream back before a switch-over that is near, and lets go of it where none comes. */
export function pace(situation: Situation, view: Outlook): Decision | undefined {
  const bytesPerSecond = situation.state.paced
    ? view.bandwidthBytesPerSecond
    : view.bandwidthBytesPerSecond * pacedShare;
  const near = switchOverNear(situation, { ...view, bandwidthBytesPerSecond: bytesPerSecond });
  if (situation.state.paced && !near) {
    const why = `${story(view)} Holding the stream back does not help it across: the whole link is used again.`;
    return decision(
      situation,
      { kind: 'set-max-speed', bytesPerSecond: Infinity },
      why,
      expect(situation, view),
      [],
    );
  }
  const { paced, pacedBefore } = situation.state;
  if (paced || pacedBefore || !near || !pacingPays(view)) return undefined;
  const why = `The switch-over is near. What waits in the sender's socket would add ${formatDuration(socketDrainMs(view))} to the pause, so the stream is held to ${formatRate(bytesPerSecond)} and the buffer runs empty.`;
  return decision(
    situation,
    { kind: 'set-max-speed', bytesPerSecond },
    why,
    expect(situation, view),
    [],
  );
}

/** Whether the guest is about to fit its allowed pause, at this bandwidth. */
function switchOverNear(situation: Situation, view: Outlook): boolean {
  const { model, budget } = situation;
  if (model.firstPassEndMs !== undefined)
    return view.trough === undefined || neededDowntimeMs(view) <= budget.blackoutMs;
  const leftMs = (view.remainingBytes / view.bandwidthBytesPerSecond) * 1000;
  const written = view.workingSet === undefined ? 0 : writtenWithin(view.workingSet, leftMs);
  return leftMs < paceAheadMs && written < view.remainingBytes / 2;
}
