import { DroverError } from '../errors/catalogue.ts';
import type { Config } from '../fleet/config.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import { standingOf } from '../fleet/rules.ts';
import { isCompressed, leastConnections } from '../forecast/shrinking.ts';
import type { DomainFacts, Host, JobReading, Ways } from '../hypervisor/port.ts';
import { matrixWith } from '../policy/overrides.ts';
import type { StartPlan } from '../steering/plan-start.ts';
import { formatDuration } from '../units/format.ts';
import { importanceOf, lowest } from './approach.ts';
import type { Beginning } from './beginning.ts';
import { allowedFor } from './capabilities.ts';
import { messageOf } from './look.ts';
import { lookBack } from './look-back.ts';
import { headOf } from './recording.ts';
import type { MigrateRequest } from './request.ts';
import type { Surroundings } from './surroundings.ts';

/** What is asked of a job that somebody else began. */
export interface AdoptionRequest extends Omit<MigrateRequest, 'from' | 'to'> {
  readonly from: ResolvedHost;
  /** Where it may be going: one of these. */
  readonly candidates: readonly ResolvedHost[];
}

/** A job that somebody else began, as both hosts show it. */
export interface Surveyed {
  readonly beginning: Beginning;
  readonly to: ResolvedHost;
  /** How long it has been running, ms. */
  readonly elapsedMs: number;
  /** What of it cannot be known or done, in words. */
  readonly limits: readonly string[];
}

/**
 * Looks at a migration that nobody of ours began, and at where it goes. Touches nothing. Rejects
 * with `migration.not-adoptable` where there is none, or where its destination is not known.
 */
export async function surveyJob(
  request: AdoptionRequest,
  config: Config,
  surroundings: Surroundings,
): Promise<Surveyed> {
  const source = surroundings.hostAt(request.from);
  const opened = [source];
  try {
    await source.reach();
    const { domain, job } = await jobOf(source, request.vm);
    const arrivals = await Promise.all(
      request.candidates
        .filter(({ name }) => name !== request.from.name)
        .map(async (candidate) => {
          const host = surroundings.hostAt(candidate);
          opened.push(host);
          return arrivalAt(candidate, host, domain.uuid);
        }),
    );
    const { to, host } = onlyArrival(source, domain, arrivals);
    return await describeJob({ request, config, surroundings, source, host, to, domain, job });
  } finally {
    await Promise.all(opened.map((host) => host.close()));
  }
}

interface Job {
  readonly domain: DomainFacts;
  readonly job: JobReading;
}

async function jobOf(source: Host, vm: string): Promise<Job> {
  const domain = await source.findDomain(vm);
  if (domain === undefined) {
    throw new DroverError('domain.not-found', `${source.name} has no VM ${vm}`);
  }
  const job = await source.readJob(domain.uuid);
  if (job !== undefined) return { domain, job };
  throw new DroverError(
    'migration.not-adoptable',
    `No migration of ${domain.name} is under way on ${source.name}`,
    { hint: `To move it: drover migrate ${domain.name} --from ${source.name} --to HOST` },
  );
}

interface Arrival {
  readonly to: ResolvedHost;
  readonly host: Host;
  /** Whether the guest is expected there, or why that could not be seen. */
  readonly seen: boolean | string;
}

async function arrivalAt(to: ResolvedHost, host: Host, uuid: string): Promise<Arrival> {
  try {
    const state = await host.domainState(uuid);
    const waits = state?.state === 'paused' || state?.reason === 'post-copy';
    return { to, host, seen: waits };
  } catch (error) {
    return { to, host, seen: messageOf(error) };
  }
}

function onlyArrival(source: Host, { name }: DomainFacts, arrivals: readonly Arrival[]): Arrival {
  const [only, ...others] = arrivals.filter(({ seen }) => seen === true);
  if (only !== undefined && others.length === 0) return only;
  const silent = arrivals.flatMap(({ seen }) => (typeof seen === 'string' ? [seen] : []));
  const message =
    only === undefined
      ? `Where ${name} goes from ${source.name} is not known: no host that is known expects it`
      : `Where ${name} goes from ${source.name} is not clear: ${arrivals.length} hosts expect it`;
  throw new DroverError('migration.not-adoptable', message, {
    hint: ['Say where it goes with --to HOST.', ...silent].join(' '),
  });
}

interface Found extends Job {
  readonly request: AdoptionRequest;
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly source: Host;
  readonly host: Host;
  readonly to: ResolvedHost;
}

async function describeJob(found: Found): Promise<Surveyed> {
  const { request, config, surroundings, source, host: destination, to, domain, job } = found;
  const limits: string[] = [];
  const approached = await asApproached(found);
  const { allowed, cleared } = approached;
  const { prior } = await lookBack(approached, surroundings.keeping, [], (problem) =>
    limits.push(problem),
  );
  const former = {
    downtimeMs: await source.maxDowntimeMs(domain.uuid),
    speedBytesPerSecond: await source.maxSpeed(domain.uuid),
  };
  // Over how many connections does not show, and nothing depends on it any more.
  const compression = isCompressed(job.sample) ? { connections: leastConnections } : undefined;
  const plan: StartPlan = {
    postCopy: allowed.capabilities.postCopy.allowed && compression === undefined,
    compression,
    autoConverge: undefined,
    maxDowntimeMs: former.downtimeMs,
    why: `Somebody else began it, ${formatDuration(job.elapsedMs)} ago, from ${source.name} to ${destination.name}: it is steered from here on.`,
  };
  limits.push(...limitsOf(plan));
  const beginning: Beginning = {
    head: headOf({ request, approached, matrix: matrixWith(config.policy), prior }),
    plan,
    former,
    ways: cleared.ways,
    persistent: domain.persistent,
    startNumber: await source.startNumber(domain.uuid),
    postCopyRecovery: allowed.postCopyRecovery,
  };
  return { beginning, to, elapsedMs: job.elapsedMs, limits };
}

/** As pre-flight would have found it, had it been asked. */
async function asApproached(found: Found): Promise<Parameters<typeof headOf>[0]['approached']> {
  const { request, config, source, host: destination, to, domain } = found;
  const { from } = request;
  const [sourceFacts, destinationFacts, { tags }] = await Promise.all([
    source.facts(),
    destination.facts(),
    source.readTags(domain.uuid),
  ]);
  const [way = { uri: destination.address, address: undefined }, ...others] = destination.ways;
  const ways: Ways = [way, ...others];
  const cleared = { source, destination, domain, sourceFacts, destinationFacts, ways };
  const standing = standingOf(config, domain.name, tags);
  const admin = { source: from, destination: to };
  return {
    cleared,
    standing,
    importance: importanceOf(request),
    allowed: allowedFor(cleared, admin, standing.excluded),
    capBytesPerSecond: lowest(from.bandwidthBytesPerSecond, to.bandwidthBytesPerSecond),
  };
}

/** The flags of a running job hold to its end, and libvirt does not tell them. */
function limitsOf({ postCopy, compression }: StartPlan): readonly string[] {
  const throttle =
    'A throttle cannot be switched on any more; one that it was begun with cannot be held to the budget.';
  if (compression !== undefined)
    return ['Its memory goes compressed: it cannot switch to post-copy.', throttle];
  if (!postCopy) return [throttle];
  return [
    'Whether it was begun able to switch to post-copy shows only when that is tried: if not, libvirt refuses and nothing happens to the guest.',
    throttle,
  ];
}
