import { DroverError } from '../errors/catalogue.ts';
import type { Config } from '../fleet/config.ts';
import { type ResolvedHost, resolveHost } from '../fleet/hosts.ts';
import { standingOf } from '../fleet/rules.ts';
import { type Clock, systemClock } from '../hypervisor/clock.ts';
import { connectHost } from '../hypervisor/libvirt/connect.ts';
import type { Host } from '../hypervisor/port.ts';
import { matrixWith } from '../policy/overrides.ts';
import { type Importance, importanceOfReason, type Reason } from '../policy/vocabulary.ts';
import { type AbortResult, abortMigration } from './abort.ts';
import { allowedFor } from './capabilities.ts';
import type { RunEvent } from './events.ts';
import { type Cleared, type Contact, codeOfRefusal, type Finding, preflight } from './preflight.ts';
import type { MigrationResult } from './result.ts';
import { runMigration } from './run.ts';
import { type Intent, steersmanFor } from './steering.ts';

/** What a person asks for: what moves, how much it matters and why; never how. */
export interface MigrateRequest {
  /** The VM's libvirt name or UUID. */
  readonly vm: string;
  /** Hosts by their configured name or libvirt URI. */
  readonly from: string;
  readonly to: string;
  /** Follows from the reason where it is not given; `medium` where neither is. */
  readonly importance?: Importance | undefined;
  readonly reason?: Reason | undefined;
  /** From now, ms. */
  readonly deadlineMs?: number | undefined;
}

export interface Watching {
  readonly onEvent: (event: RunEvent) => void;
  /** Its reason is a StopReason. */
  readonly signal: AbortSignal;
}

/** What the services need of the world; a test brings its own. */
export interface Surroundings {
  readonly clock: Clock;
  connect(host: ResolvedHost): Promise<Host>;
}

/** The system's clock, and libvirt. */
export const realSurroundings: Surroundings = {
  clock: systemClock,
  connect: ({ name, uri, peerUri }) => connectHost(uri, { name, peerUri, clock: systemClock }),
};

/**
 * Moves one VM, steered to its end. Rejects with a DroverError where pre-flight refuses it: then
 * nothing was touched. Otherwise resolves with what both hosts showed in the end.
 */
export async function migrateVm(
  request: MigrateRequest,
  config: Config,
  watching: Watching,
  surroundings: Surroundings = realSurroundings,
): Promise<MigrationResult> {
  const from = resolveHost(config, request.from);
  const to = resolveHost(config, request.to);
  const contacts = await Promise.all([contact(from, surroundings), contact(to, surroundings)]);
  try {
    const [source, destination] = contacts;
    const { findings, cleared } = await preflight(source, destination, request.vm);
    if (cleared === undefined) throw refusal(request, findings);
    if (watching.signal.aborted) throw stoppedBefore(request);
    tellDoubts(findings, watching);
    return await start({ request, config, watching, surroundings, from, to, cleared });
  } finally {
    await Promise.all(contacts.map(hangUp));
  }
}

function stoppedBefore({ vm }: MigrateRequest): DroverError {
  return new DroverError('migration.not-running', `${vm} was not moved: stopped before it began`, {
    hint: 'Nothing was touched.',
  });
}

/** What only trying shows, so that a failure is no surprise. What concerns post-copy shows by itself. */
function tellDoubts(findings: readonly Finding[], { onEvent }: Watching): void {
  for (const { severity, code, message } of findings) {
    if (severity !== 'doubt' || code === 'post-copy') continue;
    onEvent({ kind: 'notice', message: `Cannot be seen beforehand: ${message}`, atMs: 0 });
  }
}

/** What the metadata means is guessed on the safe side; who wrote it should know. */
function tellUnreadable(vm: string, unreadable: readonly string[], { onEvent }: Watching): void {
  for (const problem of unreadable) {
    onEvent({ kind: 'notice', message: `In the metadata of ${vm}, ${problem}.`, atMs: 0 });
  }
}

interface Start {
  readonly request: MigrateRequest;
  readonly config: Config;
  readonly watching: Watching;
  readonly surroundings: Surroundings;
  readonly from: ResolvedHost;
  readonly to: ResolvedHost;
  readonly cleared: Cleared;
}

async function start(all: Start): Promise<MigrationResult> {
  const { request, config, watching, from, to, cleared } = all;
  const { domain, source, destination, destinationUri } = cleared;
  const { tags, unreadable } = await source.readTags(domain.uuid);
  tellUnreadable(domain.name, unreadable, watching);
  const { slaClass, excluded } = standingOf(config, domain.name, tags);
  const admin = { source: from.postCopy, destination: to.postCopy };
  const { capabilities, postCopyRecovery } = allowedFor(cleared, admin, excluded);
  const matrix = matrixWith(config.policy);
  const intent: Intent = {
    slaClass,
    importance: importanceOf(request),
    deadlineMs: request.deadlineMs,
  };
  return runMigration(
    {
      domain,
      destinationUri,
      capabilities,
      postCopyRecovery,
      bandwidthBytesPerSecond: lowest(from.bandwidthBytesPerSecond, to.bandwidthBytesPerSecond),
    },
    { source, destination, newSteersman: () => steersmanFor({ intent: () => intent, matrix }) },
    all.surroundings.clock,
    watching.onEvent,
    watching.signal,
  );
}

/** Cancels a running migration of the VM, whoever began it. See abortMigration. */
export async function abortVm(
  where: { readonly vm: string; readonly from: string },
  config: Config,
  surroundings: Surroundings = realSurroundings,
): Promise<AbortResult> {
  const host = await surroundings.connect(resolveHost(config, where.from));
  try {
    return await abortMigration(host, where.vm, surroundings.clock);
  } finally {
    await host.close();
  }
}

async function contact(host: ResolvedHost, surroundings: Surroundings): Promise<Contact> {
  try {
    return { host: await surroundings.connect(host) };
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    return { name: host.name, unreachable: error };
  }
}

async function hangUp(contacted: Contact): Promise<void> {
  if ('host' in contacted) await contacted.host.close();
}

function refusal(request: MigrateRequest, findings: readonly Finding[]): DroverError {
  const blocking = findings.filter(({ severity }) => severity === 'blocks');
  const reasons = blocking.map(({ message }) => message);
  const message =
    reasons.length === 1
      ? `${request.vm} cannot go from ${request.from} to ${request.to}. ${reasons[0]}`
      : `${request.vm} cannot go from ${request.from} to ${request.to}:\n- ${reasons.join('\n- ')}`;
  return new DroverError(codeOfRefusal(findings), message, { hint: 'Nothing was touched.' });
}

function importanceOf({ importance, reason }: MigrateRequest): Importance {
  return importance ?? (reason === undefined ? 'medium' : importanceOfReason[reason]);
}

function lowest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
