import { type Stage, steer } from '../../src/migration/testing/steered.ts';
import type { Pair } from '../steering/cells.ts';
import type { Figures } from '../steering/cost.ts';
import { figuresOf } from '../steering/figures.ts';

/** The stage's guest, moved by Drover: what came of it, from the first order to the end. */
export async function figuresSteered(stage: Stage, pair: Pair): Promise<Figures> {
  const intent = { ...pair, deadlineMs: undefined };
  const { outcome, switchedToPostCopy, sentBytes, telemetry } = await steer(stage, intent);
  const did = { totalMs: stage.clock.nowMs(), sentBytes, samples: telemetry };
  const felt = { arrived: outcome === 'completed', ...sufferedOn(stage) };
  return { ...figuresOf(did, felt), postCopy: switchedToPostCopy };
}

/** What the guest suffered, wherever it runs now. */
export function sufferedOn({
  source,
  destination,
  uuid,
}: Stage): Pick<Figures, 'blackoutMs' | 'lostWorkMs'> {
  const toll = destination.toll(uuid) ?? source.toll(uuid);
  const { pausedMs, slowedMs } = toll ?? { pausedMs: 0, slowedMs: 0 };
  return { blackoutMs: pausedMs, lostWorkMs: pausedMs + slowedMs };
}
