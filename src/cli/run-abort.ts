import type { Migration } from '../client/client.ts';
import { DroverError } from '../errors/catalogue.ts';
import { accompany } from './accompany.ts';
import type { AbortFlags, AskFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { type Session, withSession } from './session.ts';

/** What was cancelled, as `-o json` prints it. */
interface Aborted {
  readonly vm: string;
  readonly uuid: string | null;
  readonly outcome: 'aborted';
  readonly runsOn: readonly string[];
}

/** `drover abort`: whatever migration the VM has on the host. */
export async function runAbortVm(io: Io, vm: string, flags: AbortFlags): Promise<void> {
  const { from } = flags;
  const aborted = await withSession(io, flags, async (session) => {
    const { domain, runsOn } = await session.client.abortVm(vm, from);
    await closeWhatIsKept(session, domain.uuid);
    return { vm: domain.name, uuid: domain.uuid, outcome: 'aborted', runsOn: [runsOn] } as const;
  });
  await tell(io, flags, aborted);
}

/** A server sees how a migration of its own ended; without one nobody would look any more. */
async function closeWhatIsKept(session: Session, vm: string): Promise<void> {
  const { client, own } = session;
  if (own === undefined) return;
  const { lastEvent } = await client.status();
  for (const migration of await client.migrations({ vm, state: 'live' }, 1)) {
    if (migration.steeredBy !== null) continue;
    own.takeUp(migration.id);
    await silently(session, migration, lastEvent);
  }
}

/** `drover migrations abort`: waits until it is seen that the VM runs at its source, without a job. */
export async function runAbort(io: Io, wanted: string, flags: AskFlags): Promise<void> {
  await tell(io, flags, await withSession(io, flags, (session) => abort(session, wanted)));
}

async function abort(session: Session, wanted: string): Promise<Aborted> {
  const { client, own } = session;
  const { lastEvent } = await client.status();
  const { id } = await client.migration(wanted);
  const asked = await client.abort(id);
  // Whoever steers it cancels it; without a server that is this process.
  own?.takeUp(id);
  const last = await silently(session, asked, lastEvent);
  const { phase, vm, vmName, vmUuid, from, end, error } = last;
  const name = vmName ?? vm;
  if (phase === 'aborted')
    return { vm: name, uuid: vmUuid, outcome: 'aborted', runsOn: end?.runsOn ?? [from] };
  if (phase === 'completed')
    throw new DroverError(
      'migration.past-return',
      `${name} had arrived before it could be cancelled`,
    );
  throw new DroverError(
    'migration.ended',
    error?.message ?? `The migration ${id} ended otherwise: ${phase}`,
  );
}

function nothing(): void {}

/** To its end, with nothing to see on the way. */
function silently(session: Session, migration: Migration, after: number): Promise<Migration> {
  const { signal } = new AbortController();
  return accompany({
    session,
    migration,
    after,
    leave: signal,
    untilItFlows: false,
    show: nothing,
  });
}

async function tell(io: Io, { output }: AskFlags, aborted: Aborted): Promise<void> {
  await print(io, output, aborted, {
    table: ({ vm, runsOn }) =>
      `${vm} stays on ${runsOn.join(' and ')}: its migration was cancelled\n`,
  });
}
