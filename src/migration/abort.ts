import { DroverError } from '../errors/catalogue.ts';
import type { Clock } from '../hypervisor/clock.ts';
import type { DomainFacts, Host } from '../hypervisor/port.ts';

/** What became of a request to abort. */
export interface AbortResult {
  readonly domain: { readonly name: string; readonly uuid: string };
  /** The host that the guest still runs on. */
  readonly runsOn: string;
}

const askAgainMs = 100;
/** Libvirt cleans a cancelled migration up in some two seconds. */
const longestMs = 30_000;

/**
 * Cancels the domain's migration and resolves when it runs at the source without a job. Rejects
 * with `migration.not-running` where there is none, and with `migration.past-return` where it
 * can no longer be cancelled without losing the guest: then nothing is done.
 */
export async function abortMigration(source: Host, vm: string, clock: Clock): Promise<AbortResult> {
  const domain = await source.findDomain(vm);
  if (domain === undefined) {
    throw new DroverError('domain.not-found', `${source.name} has no VM ${vm}`);
  }
  await refuseWithoutJob(source, domain);
  refusePastReturn(source, domain);
  await cancel(source, domain);
  await untilIdle(source, domain, clock);
  return { domain: { name: domain.name, uuid: domain.uuid }, runsOn: source.name };
}

async function refuseWithoutJob(source: Host, domain: DomainFacts): Promise<void> {
  if ((await source.readJob(domain.uuid)) !== undefined) return;
  if (domain.state.reason === 'post-copy-failed') return;
  const message = `No migration of ${domain.name} is under way on ${source.name}`;
  throw new DroverError('migration.not-running', message);
}

function refusePastReturn(source: Host, domain: DomainFacts): void {
  const { reason } = domain.state;
  if (reason !== 'post-copy' && reason !== 'post-copy-failed') return;
  throw new DroverError(
    'migration.past-return',
    `${domain.name} already runs at its destination, with part of its memory still on ${source.name}: to stop now would lose it`,
    { hint: 'It arrives by itself. To bring it back, migrate it back afterwards.' },
  );
}

/** An error can mean that it has just arrived, or just turned to post-copy: the state tells. */
async function cancel(source: Host, domain: DomainFacts): Promise<void> {
  try {
    await source.abortJob(domain.uuid);
  } catch (error) {
    const now = await source.findDomain(domain.uuid);
    if (now === undefined) throw arrived(source, domain, error);
    refusePastReturn(source, now);
    if (now.busyWith !== undefined) throw error;
  }
}

async function untilIdle(source: Host, domain: DomainFacts, clock: Clock): Promise<void> {
  const untilMs = clock.nowMs() + longestMs;
  while (clock.nowMs() < untilMs) {
    const now = await source.findDomain(domain.uuid);
    if (now === undefined || now.state.state === 'shut-off') throw arrived(source, domain);
    refusePastReturn(source, now);
    if (now.busyWith === undefined && now.state.state === 'running') return;
    await clock.sleep(askAgainMs);
  }
  const message = `${source.name} took the request to cancel, but ${domain.name} is still not free of its migration`;
  throw new DroverError('migration.unknown', message);
}

function arrived(source: Host, domain: DomainFacts, cause?: unknown): DroverError {
  const message = `${domain.name} has left ${source.name} in this very moment: its migration had ended before it could be cancelled`;
  return new DroverError('migration.past-return', message, { cause });
}
