import { socketDrainMs, switchesInMs } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { formatDuration, formatRate } from '../units/format.ts';
import { decision } from './decide.ts';
import type { Decision } from './decision.ts';
import { expect } from './expect.ts';
import { fallsFastEnough, paceAheadMs, pacedShareOf, pacingPays } from './pacing.ts';
import type { Situation } from './situation.ts';
import { story } from './story.ts';

/** Holds the stream back before a switch-over that is near, and lets go of it where none comes. */
export function pace(situation: Situation, view: Outlook): Decision | undefined {
  const { paced, pacedTimes } = situation.state;
  // Before anything is forecast: it is asked at each reading.
  if (!paced && (pacedTimes >= mostTimes || !fallsFastEnough(view))) return undefined;
  const bytesPerSecond = paced
    ? view.bandwidthBytesPerSecond
    : view.bandwidthBytesPerSecond * pacedShareOf(view);
  const near = switchOverNear(situation, { ...view, bandwidthBytesPerSecond: bytesPerSecond });
  if (paced && (!near || isHeldForLong(situation, view))) {
    const why = `${story(view)} Holding the stream back does not help it across: the whole link is used again.`;
    return decision(
      situation,
      { kind: 'set-max-speed', bytesPerSecond: Infinity },
      why,
      expect(situation, view),
      [],
    );
  }
  if (paced || !near) return undefined;
  const why = `The switch-over is near. What waits in the sender's socket would add ${formatDuration(socketDrainMs(view))} to the pause, so the stream is held to ${formatRate(bytesPerSecond)} and the buffer runs empty.`;
  return decision(
    situation,
    { kind: 'set-max-speed', bytesPerSecond },
    why,
    expect(situation, view),
    [],
  );
}

/** It was to be across in as long as the buffer needs to run empty, and is not after so many times that. */
const longTimes = 2;

/**
 * Who writes as fast as the stream is held to is about to fit at every moment, and never does: one that wrote 0.85 of
 * what 400 Mbit/s carry was held for 4.2 s, and across after 9.7 s.
 */
function isHeldForLong({ state, atMs }: Situation, view: Outlook): boolean {
  return atMs - state.pacedSetAtMs > paceAheadMs(view) * longTimes;
}

/** What holds a stream back is not taken back for a forecast that moves a little. */
const heldTimes = 1.5;
/** Who has been held back so often in vain is not seen right. */
const mostTimes = 3;

/** Whether the guest is expected to switch over in as long as the buffer needs to run empty, at this bandwidth. */
function switchOverNear(situation: Situation, view: Outlook): boolean {
  if (!pacingPays(view)) return false;
  if (situation.model.firstPassEndMs !== undefined && view.trough === undefined) return true;
  const { ending, forecast } = expect(situation, view);
  const aheadMs = paceAheadMs(view) * (situation.state.paced ? heldTimes : 1);
  return ending === 'switch-over' && switchesInMs(forecast) < aheadMs;
}
