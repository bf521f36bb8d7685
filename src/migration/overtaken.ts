import type { Sample } from '../forecast/telemetry.ts';
import type { Host } from '../hypervisor/port.ts';
import type { Beginning } from './beginning.ts';
import { livePart, type Sighting } from './whereabouts.ts';

/** Where a guest runs that others have moved since its migration was last steered, and how that is told. */
export interface Overtaken {
  readonly runsOn: string;
  readonly why: string;
}

/** What the hosts show of a guest whose migration is taken up. `undefined`: not answered. */
export interface Scene {
  readonly source: Sighting;
  /** Which of its starts at the source runs there now. */
  readonly startNumber: number | undefined;
  readonly destination: Sighting;
  /** Other hosts that run it. */
  readonly elsewhere: readonly string[];
}

/**
 * `goes-on`: nothing speaks against it that this is the guest that was to move; `others-move-it`: somebody
 * else is just bringing it back, and whoever touched it would harm it.
 */
export type Standing = 'goes-on' | 'others-move-it' | Overtaken;

/** Reads what became of a guest while nobody steered its migration. Who is not sure does not act. */
export function standingOfGuest(
  scene: Scene,
  before: Beginning['startNumber'],
  names: { readonly source: string; readonly destination: string },
): Standing {
  const { source, destination, startNumber, elsewhere } = scene;
  if (source.seen === 'nothing' || destination.seen === 'nothing') return 'goes-on';
  const here = livePart(source);
  const there = livePart(destination);
  if (here === undefined) {
    const [only, second] = elsewhere;
    if (there !== undefined || only === undefined || second !== undefined) return 'goes-on';
    const why = `Since this was last steered the VM was moved on by others: neither ${names.source} nor ${names.destination} has it any more. It runs on ${only}, and is left there.`;
    return { runsOn: only, why };
  }
  if (before === undefined || startNumber === undefined || startNumber === before) return 'goes-on';
  if (here.state === 'running' && there?.state === 'running') return 'goes-on';
  if (here.state !== 'running' || there !== undefined) return 'others-move-it';
  const why = `Since this was last steered the VM was moved away and back by others, or started anew. It runs on ${names.source}, and is left there.`;
  return { runsOn: names.source, why };
}

/** Whether a host answered, and has nothing of the guest. */
export function isGone(sighting: Sighting): boolean {
  return sighting.seen !== 'nothing' && livePart(sighting) === undefined;
}

/** Which hosts run the guest, as far as they answer; lets go of them. */
export async function whoRuns(hosts: readonly Host[], uuid: string): Promise<readonly string[]> {
  const seen = await Promise.all(
    hosts.map(async (host) => {
      const state = await host.domainState(uuid).catch(() => undefined);
      await host.close();
      return state?.state === 'running' ? [host.name] : [];
    }),
  );
  return seen.flat();
}

/**
 * After so long without a steersman what somebody wished for may be wished for no more, ms. It is longer than a
 * migration that failed waits to be tried again, and much longer than a take-over takes.
 */
const oldMs = 600_000;

/** Whether a migration was steered so long ago that it must not begin anew by itself. Times are ms since its start. */
export function isOld(seen: readonly Pick<Sample, 'atMs'>[], nowMs: number): boolean {
  return nowMs - (seen.at(-1)?.atMs ?? 0) > oldMs;
}
