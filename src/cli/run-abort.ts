import { DroverError } from '../errors/catalogue.ts';
import { accompany, isUnderWay } from './accompany.ts';
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
  const { domain, runsOn } = await withSession(io, flags, ({ client }) =>
    client.abortVm(vm, flags.from),
  );
  await tell(io, flags, {
    vm: domain.name,
    uuid: domain.uuid,
    outcome: 'aborted',
    runsOn: [runsOn],
  });
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
  const leave = new AbortController();
  const way = { after: lastEvent, leave: leave.signal, untilItFlows: false, show: () => undefined };
  const last = isUnderWay(asked) ? await accompany({ session, migration: asked, ...way }) : asked;
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

async function tell(io: Io, { output }: AskFlags, aborted: Aborted): Promise<void> {
  await print(io, output, aborted, {
    table: ({ vm, runsOn }) =>
      `${vm} stays on ${runsOn.join(' and ')}: its migration was cancelled\n`,
  });
}
