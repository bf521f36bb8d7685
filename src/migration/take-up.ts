import type { Config } from '../fleet/config.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import { matrixWith } from '../policy/overrides.ts';
import { type Intent, steersmanFor } from '../steering/steersman.ts';
import type { Beginning } from './beginning.ts';
import { Door } from './door.ts';
import type { UnderWay } from './intent.ts';
import { intentNow, type Orders, throughDoor, type Watching, wantedNow } from './orders.ts';
import type { Conclusion } from './result.ts';
import { carryOn } from './run.ts';
import type { Surroundings } from './surroundings.ts';

/** A migration that somebody else steered before. */
export interface TakenUp extends Omit<UnderWay, 'plan' | 'former'> {
  readonly beginning: Beginning;
  readonly from: ResolvedHost;
  readonly to: ResolvedHost;
}

/**
 * Steers a migration on from where both hosts show that it is, whoever steered it before. The hosts
 * need not be there yet. Resolves as `moveVm` does.
 */
export async function takeUpVm(
  taken: TakenUp,
  config: Config,
  watching: Watching,
  surroundings: Surroundings,
): Promise<Conclusion> {
  const { beginning, from, to } = taken;
  const { head, plan, former, ways, persistent, postCopyRecovery } = beginning;
  const { keeping, clock } = surroundings;
  const orders = (): Orders => watching.orders?.() ?? {};
  const door = new Door();
  const intent = (): Intent =>
    throughDoor(intentNow(head, orders(), [from, to]), door, clock.nowMs());
  const { prior, vm, capabilities, capBytesPerSecond } = head;
  const briefing = {
    intent,
    matrix: matrixWith(config.policy),
    prior,
    memoryBytes: vm.memoryBytes,
  };
  const source = surroundings.hostAt(from);
  const destination = surroundings.hostAt(to);
  try {
    return await carryOn(
      {
        domain: { ...vm, persistent },
        ways,
        capabilities,
        postCopyRecovery,
        bandwidthBytesPerSecond: capBytesPerSecond ?? Infinity,
      },
      { ...taken, plan, former },
      {
        source,
        destination,
        newSteersman: () => steersmanFor(briefing),
        wanted: () => wantedNow(orders(), capBytesPerSecond),
        milestones: {
          begin: () => Promise.resolve(),
          passReturn: () => keeping.passReturn(),
        },
        // Its flags may not be what was taken for granted of one that somebody else began.
        door,
      },
      clock,
      watching.onEvent,
      watching.letGo,
    );
  } finally {
    await Promise.all([source.close(), destination.close()]);
  }
}
