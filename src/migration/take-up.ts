import type { Config } from '../fleet/config.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import { matrixWith } from '../policy/overrides.ts';
import type { Beginning } from './beginning.ts';
import type { UnderWay } from './intent.ts';
import { Mandate, runIntentOf } from './mandate.ts';
import type { Watching } from './orders.ts';
import { type Run, readyToGoOn } from './run.ts';
import type { Surroundings } from './surroundings.ts';

/** A migration that somebody else steered before. */
export interface TakenUp extends Omit<UnderWay, 'plan' | 'former'> {
  readonly beginning: Beginning;
  readonly from: ResolvedHost;
  readonly to: ResolvedHost;
}

/**
 * Makes ready to steer a migration on from where both hosts show that it is, whoever steered it
 * before. The hosts need not be there yet.
 */
export async function readyToTakeUp(
  taken: TakenUp,
  config: Config,
  watching: Watching,
  surroundings: Surroundings,
): Promise<Run> {
  const { beginning, from, to } = taken;
  const { plan, former, ...foreknown } = beginning;
  const { keeping, clock } = surroundings;
  const source = surroundings.hostAt(from);
  const destination = surroundings.hostAt(to);
  const matrix = matrixWith(config.policy);
  const { orders } = watching;
  const mandate = new Mandate({ source, destination, matrix, foreknown, orders, keeping, clock });
  const intent = runIntentOf(foreknown, foreknown.head.capBytesPerSecond ?? Infinity);
  const underWay = { ...taken, plan, former };
  return readyToGoOn(intent, underWay, mandate, clock, watching.onEvent, watching.letGo);
}
