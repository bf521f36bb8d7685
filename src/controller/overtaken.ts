import { DroverError } from '../errors/catalogue.ts';
import type { Config } from '../fleet/config.ts';
import { resolveHost } from '../fleet/hosts.ts';
import type { Clock } from '../hypervisor/clock.ts';
import type { Host } from '../hypervisor/port.ts';
import type { Beginning } from '../migration/beginning.ts';
import { lookAtBoth } from '../migration/look.ts';
import { isGone, standingOfGuest, whoRuns } from '../migration/overtaken.ts';
import type { Conclusion } from '../migration/result.ts';
import type { Surroundings } from '../migration/surroundings.ts';
import { whereabouts } from '../migration/whereabouts.ts';
import type { MigrationRow } from '../store/rows.ts';

/** How long hosts have to show what others have done, ms. */
const answerMs = 3_000;

type Way = Pick<MigrationRow, 'from' | 'to' | 'startedAt' | 'progress'>;

export interface OvertakenBy {
  readonly why: string;
  readonly conclusion: Conclusion;
}

/**
 * What others have done with a VM while nobody steered its migration; `undefined`: nothing that shows, and both
 * hosts go on to the run. Rejects with `domain.busy` while they are at it. Touches nothing.
 */
export async function overtakenBy(
  way: Way,
  now: number,
  beginning: Beginning,
  config: Config,
  surroundings: Surroundings,
): Promise<OvertakenBy | undefined> {
  const { from, to } = way;
  const hostNamed = (host: string): Host => surroundings.hostAt(resolveHost(config, host));
  const source = hostNamed(from);
  const destination = hostNamed(to);
  const others = (): readonly Host[] =>
    Object.keys(config.hosts)
      .filter((host) => host !== from && host !== to)
      .map(hostNamed);
  const { name, uuid } = beginning.head.vm;
  const seen = await inTime(
    Promise.all([
      lookAtBoth(source, destination, uuid),
      source.startNumber(uuid).catch(() => undefined),
    ]),
    surroundings.clock,
  );
  if (seen === undefined) return undefined;
  const [look, startNumber] = seen;
  const gone = isGone(look.source) && isGone(look.destination);
  const elsewhere = gone ? await whoRuns(others(), uuid) : [];
  const names = { source: source.name, destination: destination.name };
  const scene = { ...look, startNumber, elsewhere };
  const standing = standingOfGuest(scene, beginning.startNumber, names);
  if (standing === 'goes-on') return undefined;
  await Promise.allSettled([source.close(), destination.close()]);
  if (standing !== 'others-move-it')
    return { why: standing.why, conclusion: concluded(way, now, beginning, standing.runsOn) };
  throw new DroverError('domain.busy', `${name} is being moved to ${from} by somebody else`, {
    hint: 'Nothing was touched: where it has arrived is looked at then.',
  });
}

/** A guest may wait for its steersman: a host that does not answer by then is left to the run. */
async function inTime<T>(work: Promise<T>, clock: Clock): Promise<T | undefined> {
  const enough = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(answerMs, enough.signal).then(() => undefined)]);
  } finally {
    enough.abort();
  }
}

/** Each host is made once: whoever looks before a run hands its connections on to it. */
export function withSharedHosts(around: Surroundings): Surroundings {
  const made = new Map<string, Host>();
  return {
    ...around,
    hostAt: (resolved) => {
      const host = made.get(resolved.name) ?? around.hostAt(resolved);
      made.set(resolved.name, host);
      return host;
    },
  };
}

/** Whether both hosts show that the guest is still at its source, with nothing under way. */
export async function isAtSource(
  { from, to }: Pick<Way, 'from' | 'to'>,
  uuid: string,
  config: Config,
  surroundings: Surroundings,
): Promise<boolean> {
  const source = surroundings.hostAt(resolveHost(config, from));
  const destination = surroundings.hostAt(resolveHost(config, to));
  try {
    return whereabouts(await lookAtBoth(source, destination, uuid)) === 'at-source';
  } finally {
    await Promise.allSettled([source.close(), destination.close()]);
  }
}

function concluded(
  { from, to, startedAt, progress }: Way,
  now: number,
  { head, plan }: Beginning,
  runsOn: string,
): Conclusion {
  return {
    outcome: 'failed-safe',
    domain: { name: head.vm.name, uuid: head.vm.uuid },
    from,
    to,
    runsOn: [runsOn],
    switchedToPostCopy: false,
    postCopyBreaks: 0,
    stalledMs: 0,
    startedWithPostCopy: plan.postCopy,
    totalMs: now - (startedAt ?? now),
    blackout: undefined,
    sentBytes: progress?.sentBytes ?? 0,
  };
}
