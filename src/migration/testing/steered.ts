import {
  type SimulatedHost,
  SimulatedWorld,
  type WorldSettings,
} from '../../hypervisor/simulated.ts';
import type { GuestModel } from '../../hypervisor/simulated-guest.ts';
import { VirtualClock } from '../../hypervisor/virtual-clock.ts';
import type { SlaClass } from '../../policy/vocabulary.ts';
import type { MigrationCapabilities, Permission } from '../../steering/decision.ts';
import { type Intent, steersmanFor } from '../../steering/steersman.ts';
import type { RunEvent } from '../events.ts';
import type { MigrationResult } from '../result.ts';
import { runMigration } from '../run.ts';

const allowed = { allowed: true } as const;

/** Two simulated hosts, and a guest on the first. */
export interface Stage {
  readonly clock: VirtualClock;
  readonly world: SimulatedWorld;
  readonly source: SimulatedHost;
  readonly destination: SimulatedHost;
  readonly uuid: string;
}

export function setStage(settings: WorldSettings, guest: GuestModel, slaClass?: SlaClass): Stage {
  const clock = new VirtualClock();
  const world = new SimulatedWorld(clock, settings);
  // Whether memory is compressed is a matter of the capabilities.
  const facts = { compression: allowed };
  const source = world.addHost('h1', facts);
  const destination = world.addHost('h2', facts);
  return { clock, world, source, destination, uuid: source.addGuest(guest, slaClass) };
}

/** What hosts allow; everything where nothing is said. */
interface Terms {
  readonly capabilities?: MigrationCapabilities;
  readonly postCopyRecovery?: Permission;
  readonly onEvent?: (event: RunEvent) => void;
}

/** The whole migration of the stage's guest, steered for real. */
export async function steer(
  { clock, source, destination, uuid }: Stage,
  intent: Intent,
  {
    capabilities = { postCopy: allowed, postCopyRecoverable: true, autoConverge: allowed },
    postCopyRecovery = allowed,
    onEvent = () => undefined,
  }: Terms = {},
): Promise<MigrationResult> {
  const move = async (): Promise<MigrationResult> => {
    const domain = await source.findDomain(uuid);
    if (domain === undefined) throw new Error('the scene has no guest');
    return runMigration(
      {
        domain,
        ways: destination.ways,
        bandwidthBytesPerSecond: Infinity,
        capabilities,
        postCopyRecovery,
      },
      { source, destination, newSteersman: () => steersmanFor({ intent: () => intent }) },
      clock,
      onEvent,
      new AbortController().signal,
    );
  };
  return clock.run(move());
}
