import type { Client, Migration } from '../client/client.ts';
import { namedError } from '../client/problem.ts';
import { DroverError, type ExitCode, exitCodes } from '../errors/catalogue.ts';
import type { Recording } from '../recording/recording.ts';
import type { ConnectFlags, WaitFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import type { Session } from './session.ts';
import { type MigrationDocument, migrationDocument, summaryText } from './summary.ts';

/** Why a command leaves a migration that goes on. */
export type Leaving = 'interrupted' | 'timed-out' | 'not-waiting';

interface Through {
  readonly io: Io;
  readonly session: Session;
  readonly flags: WaitFlags;
}

const exitCodeOfOutcome: Readonly<Record<MigrationDocument['outcome'], ExitCode>> = {
  completed: exitCodes.ok,
  stayed: exitCodes.refused,
  aborted: exitCodes.failedSafe,
  'failed-safe': exitCodes.failedSafe,
  lost: exitCodes.failed,
  unknown: exitCodes.unknown,
  detached: exitCodes.interrupted,
};

const exitCodeOfLeaving: Readonly<Record<Leaving, ExitCode>> = {
  interrupted: exitCodes.interrupted,
  'timed-out': exitCodes.timedOut,
  'not-waiting': exitCodes.ok,
};

/** It has ended: how, or why it was refused before anything was touched. */
export async function tellArrived(through: Through, migration: Migration): Promise<void> {
  const { io, session, flags } = through;
  if (migration.error !== null) {
    const { code, message, hint } = migration.error;
    throw namedError(code, message, hint === null ? {} : { hint });
  }
  const document = migrationDocument(migration, await recordingOf(session.client, migration.id));
  await printDocument(io, flags, document);
  io.endWith(exitCodeOfOutcome[document.outcome]);
}

/** It goes on without this command. What has not begun is not left behind with nobody to steer it. */
export async function tellLeft(
  through: Through,
  migration: Migration,
  leaving: Leaving,
): Promise<void> {
  const { io, session, flags } = through;
  const { client, own } = session;
  io.endWith(exitCodeOfLeaving[leaving]);
  if (own !== undefined && migration.startedAt === null && migration.origin === 'request') {
    await client.abort(migration.id);
    io.err.write(`${migration.vm} was not touched.\n`);
    return;
  }
  await own?.handOver();
  const now = await client.migration(migration.id);
  const document = migrationDocument(now, await recordingOf(client, migration.id));
  await printDocument(io, flags, document);
  io.err.write(leftText(now, own === undefined ? client.server : undefined, flags));
}

function leftText(
  { id, vmName, vm }: Migration,
  server: string | undefined,
  flags: ConnectFlags,
): string {
  const known = flags.config === undefined ? '' : ` --config ${flags.config}`;
  const [what, how] =
    server === undefined
      ? [
          `The hosts carry it on by themselves, and nobody steers it until it is taken up\nagain: if the guest writes faster than the link carries, it does not arrive and does not give up.`,
          'take it up',
        ]
      : [`${server} goes on steering it.`, 'look at it'];
  return [
    `Detached: the migration of ${vmName ?? vm} is not cancelled. ${what}`,
    `  ${how}:  drover migrations watch ${id}${known}`,
    `  cancel it:   drover migrations abort ${id}${known}`,
    '',
  ].join('\n');
}

async function printDocument(
  io: Io,
  { output }: WaitFlags,
  document: MigrationDocument,
): Promise<void> {
  await print(io, output, document, { table: summaryText, name: ({ id }) => `${id}\n` });
}

/** What is kept of it; nothing is of what never began. */
async function recordingOf(client: Client, id: string): Promise<Recording | undefined> {
  try {
    return await client.recording(id);
  } catch (error) {
    if (error instanceof DroverError && error.code === 'recording.not-found') return undefined;
    throw error;
  }
}
