import { setTimeout as sleep } from 'node:timers/promises';
import type { NewOperation, Operation } from '../client/client.ts';
import { DroverError, type ExitCode, exitCodes } from '../errors/catalogue.ts';
import { isLiveOperation } from '../operations/report.ts';
import type { AskFlags, DrainFlags, OperateFlags, UndrainFlags } from './flags.ts';
import { fromNow } from './instants.ts';
import { onInterrupt } from './interrupt.ts';
import type { Io } from './io.ts';
import { operationText, rehearsalText } from './operation-text.ts';
import { OperationView } from './operation-view.ts';
import { print } from './output.ts';
import { type Session, withSession } from './session.ts';

/** How often it is looked how an operation stands, ms. */
const lookEveryMs = 1_000;

/** `drover drain`. */
export async function runDrain(io: Io, host: string, flags: DrainFlags): Promise<void> {
  const { reason, to } = flags;
  const request = {
    kind: 'drain',
    host,
    ...(reason === undefined ? {} : { reason }),
    ...(to === undefined ? {} : { to: [...to] }),
    ...askedOf(flags),
  } as const;
  await operate(io, request, flags);
}

/** `drover balance`, `drover defrag`. */
export async function runTidying(
  io: Io,
  kind: 'balance' | 'defrag',
  flags: OperateFlags,
): Promise<void> {
  await operate(io, { kind, ...askedOf(flags) }, flags);
}

/** `drover undrain`. */
export async function runUndrain(io: Io, host: string, flags: UndrainFlags): Promise<void> {
  const { restore = false } = flags;
  await withSession(io, flags, async (session) => {
    const undrained = await session.client.undrain(host, { restore });
    if (undrained.operation !== null) {
      io.err.write(`${host} is open again.\n`);
      await goOn(io, session, undrained.operation, flags);
      return;
    }
    await print(io, flags.output, undrained, {
      table: () => `${host} is open again.\n`,
      name: () => `${host}\n`,
    });
  });
}

/** `drover operations watch`. */
export async function runOperationWatch(io: Io, wanted: string, flags: AskFlags): Promise<void> {
  await withSession(io, flags, async (session) => {
    const operation = await session.client.operation(wanted);
    if (isLiveOperation(operation.state)) session.own?.takeUp(operation.id);
    await goOn(io, session, operation, { ...flags, watch: true });
  });
}

function askedOf({
  importance,
  deadline,
}: OperateFlags): Pick<NewOperation, 'importance' | 'deadlineAt'> {
  return {
    ...(importance === undefined ? {} : { importance }),
    ...(deadline === undefined ? {} : { deadlineAt: fromNow(deadline) }),
  };
}

async function operate(io: Io, request: NewOperation, flags: OperateFlags): Promise<void> {
  await withSession(io, flags, async (session) => {
    if (flags.dryRun === true) {
      const rehearsal = await session.client.rehearse(request);
      await print(io, flags.output, rehearsal, { table: rehearsalText });
      return;
    }
    await goOn(io, session, await session.client.operate(request), flags);
  });
}

/** A server carries it out by itself; without one, this process does, and stays. */
async function goOn(
  io: Io,
  session: Session,
  operation: Operation,
  flags: AskFlags & { readonly watch?: true },
): Promise<void> {
  if (flags.watch !== true && session.own === undefined) {
    await printOperation(io, flags, operation);
    if (flags.output === 'table')
      io.err.write(
        `${session.client.server} carries it out. To go along: drover operations watch ${operation.id}\n`,
      );
    return;
  }
  const last = await accompany(io, session, operation);
  if (isLiveOperation(last.state)) {
    await leave(io, session, last, flags);
    return;
  }
  await printOperation(io, flags, last);
  io.endWith(exitCodeOf(last));
}

async function accompany(io: Io, { client }: Session, begun: Operation): Promise<Operation> {
  const view = new OperationView(io);
  const end = new AbortController();
  const release = onInterrupt(
    () => end.abort(),
    () => process.exit(exitCodes.interrupted satisfies ExitCode),
  );
  let operation = begun;
  let gone = false;
  try {
    while (isLiveOperation(operation.state) && !end.signal.aborted) {
      view.show(operation);
      await sleep(lookEveryMs, undefined, { signal: end.signal }).catch(() => undefined);
      try {
        operation = await client.operation(operation.id);
        gone = false;
      } catch (error) {
        if (!(error instanceof DroverError) || error.code !== 'server.unreachable') throw error;
        if (!gone) view.note(`${client.server} is gone; waiting for it.`);
        gone = true;
      }
    }
    view.clear();
    return operation;
  } finally {
    view.clear();
    release();
  }
}

async function leave(
  io: Io,
  { client, own }: Session,
  operation: Operation,
  flags: AskFlags,
): Promise<void> {
  await own?.handOver();
  const now = await client.operation(operation.id);
  await printOperation(io, flags, now);
  const who =
    own === undefined
      ? `${client.server} carries it on.`
      : 'What is under way goes on; nothing more begins until it is watched again.';
  io.err.write(
    `Detached: it is not cancelled. ${who}\n  go along:   drover operations watch ${now.id}\n  cancel it:  drover operations cancel ${now.id}\n`,
  );
  io.endWith(exitCodes.interrupted);
}

function printOperation(io: Io, { output }: AskFlags, operation: Operation): Promise<void> {
  return print(io, output, operation, { table: operationText, name: ({ id }) => `${id}\n` });
}

function exitCodeOf({ state, report }: Operation): ExitCode {
  if (report?.parts.some((part) => part.state === 'lost') === true) return exitCodes.failed;
  if (state === 'incomplete') return exitCodes.refused;
  return state === 'cancelled' ? exitCodes.failedSafe : exitCodes.ok;
}
