import { DroverError } from '../errors/catalogue.ts';
import type { Config } from '../fleet/config.ts';
import { type ResolvedHost, resolveHost } from '../fleet/hosts.ts';
import { type Standing, standingOf } from '../fleet/rules.ts';
import { type Importance, importanceOfReason } from '../policy/vocabulary.ts';
import { type Allowed, allowedFor } from './capabilities.ts';
import { type Cleared, type Contact, codeOfRefusal, type Finding, preflight } from './preflight.ts';
import type { MigrateRequest } from './request.ts';
import type { Surroundings } from './surroundings.ts';

/** Two hosts that are connected, and a VM that may go from the one to the other. */
export interface Approach {
  readonly cleared: Cleared;
  readonly findings: readonly Finding[];
  readonly standing: Standing;
  /** What of the VM's metadata could not be read, in words. */
  readonly unreadable: readonly string[];
  readonly allowed: Allowed;
  readonly importance: Importance;
  /** The most that the admins of both hosts let it take, bytes/s. */
  readonly capBytesPerSecond: number | undefined;
}

/**
 * Connects to both hosts, and asks whether the VM could go. Rejects with a DroverError where
 * pre-flight refuses it: then nothing was touched. Otherwise whoever asked hangs up.
 */
export async function approach(
  request: MigrateRequest,
  config: Config,
  surroundings: Surroundings,
): Promise<Approach> {
  const from = resolveHost(config, request.from);
  const to = resolveHost(config, request.to);
  if (to.arrivals?.allowed === false) throw closed(request, to.arrivals.because);
  const contacts = await Promise.all([contact(from, surroundings), contact(to, surroundings)]);
  try {
    const [source, destination] = contacts;
    const { findings, cleared } = await preflight(source, destination, request.vm);
    if (cleared === undefined) throw refusal(request, findings);
    const { tags, unreadable } = await cleared.source.readTags(cleared.domain.uuid);
    const standing = standingOf(config, cleared.domain.name, tags);
    const admin = { source: from, destination: to };
    return {
      cleared,
      findings,
      standing,
      unreadable,
      allowed: allowedFor(cleared, admin, standing.excluded),
      importance: importanceOf(request),
      capBytesPerSecond: lowest(from.bandwidthBytesPerSecond, to.bandwidthBytesPerSecond),
    };
  } catch (error) {
    await Promise.all(contacts.map(endContact));
    throw error;
  }
}

/** Ends the connections to both hosts. */
export async function hangUp({ cleared }: Pick<Approach, 'cleared'>): Promise<void> {
  await Promise.all([cleared.source.close(), cleared.destination.close()]);
}

async function contact(resolved: ResolvedHost, surroundings: Surroundings): Promise<Contact> {
  const host = surroundings.hostAt(resolved);
  try {
    await host.reach();
    return { host };
  } catch (error) {
    await host.close();
    if (!(error instanceof DroverError)) throw error;
    return { name: resolved.name, unreachable: error };
  }
}

async function endContact(contacted: Contact): Promise<void> {
  if ('host' in contacted) await contacted.host.close();
}

function closed({ vm, from, to }: MigrateRequest, because: string): DroverError {
  return new DroverError('host.closed', `${vm} cannot go from ${from} to ${to}. ${because}`, {
    hint: 'Nothing was touched.',
  });
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

export function importanceOf({
  importance,
  reason,
}: Pick<MigrateRequest, 'importance' | 'reason'>): Importance {
  return importance ?? (reason === undefined ? 'medium' : importanceOfReason[reason]);
}

export function lowest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
