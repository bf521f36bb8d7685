import type { Clock } from '../hypervisor/clock.ts';
import type { Host } from '../hypervisor/port.ts';
import { lookAtBoth, messageOf } from './look.ts';
import { type Look, type Sighting, whereabouts } from './whereabouts.ts';

/** A definition that libvirt is about to take away by itself goes within this, ms. */
const byItselfMs = 3_000;
/** A guest whose disk fails at once again stops within this, ms. */
const stopsAgainMs = 1_000;

/** What a migration that has ended needs to be tidied up. */
export interface Untidy {
  readonly source: Host;
  readonly destination: Host;
  readonly uuid: string;
  readonly clock: Clock;
  /** The domain was to be defined at the destination and no longer at the source. */
  readonly persistent: boolean;
  readonly tell: (message: string) => void;
}

/**
 * Takes away what a migration has left half done, but only what both hosts prove to be of no use:
 * a copy that never ran, beside the guest that runs at its source; a definition at the source, of
 * a guest that runs and is defined at its destination. And has a guest go on that stands still
 * because a disk failed it. What cannot be done is told.
 */
export async function tidyUp(untidy: Untidy): Promise<void> {
  const { source, destination, uuid, tell } = untidy;
  try {
    const look = await lookAtBoth(source, destination, uuid);
    const verdict = whereabouts(look);
    if (verdict === 'at-source') await afterFailure(untidy, look);
    if (verdict === 'arrived' || verdict === 'arrived-halted') await afterArrival(untidy, look);
  } catch (error) {
    tell(`What it left behind could not be tidied up: ${messageOf(error)}`);
  }
}

async function afterFailure({ source, destination, uuid, clock, tell }: Untidy, look: Look) {
  if (stands(look.destination, 'paused', 'migration')) {
    await destination.discardCopy(uuid);
    tell(`A copy of it that never ran was ended on ${destination.name}.`);
  }
  await haveGoOn(source, look.source, uuid, clock, tell);
}

async function afterArrival(untidy: Untidy, look: Look): Promise<void> {
  const { source, destination, uuid, clock, tell } = untidy;
  await haveGoOn(destination, look.destination, uuid, clock, tell);
  if (!untidy.persistent || look.source.seen !== 'domain') return;
  await clock.sleep(byItselfMs);
  const [left, arrived] = await Promise.all([
    source.domainState(uuid),
    destination.findDomain(uuid),
  ]);
  if (left?.state !== 'shut-off') return;
  if (arrived?.persistent !== true) {
    tell(
      `Its definition is still on ${source.name}, and ${destination.name} runs it without one: define it there, then undefine it on ${source.name}.`,
    );
    return;
  }
  await source.forgetDefinition(uuid);
  tell(
    `Its definition, left on ${source.name}, was taken away: it is defined on ${destination.name}.`,
  );
}

/** The failed request of a disk is made again when the guest goes on: nothing is lost by trying. */
async function haveGoOn(
  host: Host,
  sighting: Sighting,
  uuid: string,
  clock: Clock,
  tell: (message: string) => void,
): Promise<void> {
  if (sighting.seen !== 'domain' || sighting.state.state !== 'paused') return;
  if (sighting.state.reason !== 'io-error') {
    tell(`It stands still on ${host.name}: somebody paused it there. Nothing else runs it.`);
    return;
  }
  await host.resumeGuest(uuid);
  await clock.sleep(stopsAgainMs);
  const after = await host.domainState(uuid);
  tell(
    after?.state === 'running'
      ? `A disk had failed it on ${host.name}; it goes on.`
      : `It stands still on ${host.name}, because a disk fails it: mend that, then resume it there. Nothing else runs it.`,
  );
}

function stands(sighting: Sighting, state: string, reason: string): boolean {
  return (
    sighting.seen === 'domain' && sighting.state.state === state && sighting.state.reason === reason
  );
}
