import type { Client, Operation, OperationChange } from '../client/client.ts';
import { DroverError } from '../errors/catalogue.ts';
import type {
  AskFlags,
  OperationCancelFlags,
  OperationExpediteFlags,
  OperationListFlags,
} from './flags.ts';
import { fromNow } from './instants.ts';
import type { Io } from './io.ts';
import { operationColumns, operationText } from './operation-text.ts';
import { print, render } from './output.ts';
import { shown } from './repeat.ts';
import { withSession } from './session.ts';
import { formatTable } from './table.ts';

/** `drover operations list`. */
export async function runOperationList(io: Io, flags: OperationListFlags): Promise<void> {
  await withSession(io, flags, ({ client }) =>
    shown(io, flags, async () =>
      render(flags.output, await client.operations(flags.limit), {
        table: (all) => formatTable(operationColumns, all),
        name: (all) => all.map(({ id }) => `${id}\n`).join(''),
      }),
    ),
  );
}

/** `drover operations show`. */
export async function runOperationShow(io: Io, wanted: string, flags: AskFlags): Promise<void> {
  await onOne(io, flags, (client) => client.operation(wanted));
}

/** `drover operations pause`, `drover operations resume`. */
export async function runOperationPause(
  io: Io,
  wanted: string,
  paused: boolean,
  flags: AskFlags,
): Promise<void> {
  await changeOne(io, wanted, flags, { paused });
}

/** `drover operations expedite`. */
export async function runOperationExpedite(
  io: Io,
  wanted: string,
  flags: OperationExpediteFlags,
): Promise<void> {
  const { importance, deadline, vm } = flags;
  if (vm !== undefined && deadline !== undefined)
    throw new DroverError('usage.invalid', 'a VM of an operation has no deadline of its own', {
      hint: 'leave --vm away, or name its migration: drover expedite VM --deadline ...',
    });
  if (importance === undefined && deadline === undefined)
    throw new DroverError('usage.invalid', 'nothing to change: name --importance or --deadline', {
      hint: 'see drover operations expedite --help',
    });
  const change: OperationChange =
    vm !== undefined && importance !== undefined
      ? { vms: { [vm]: { importance } } }
      : {
          ...(importance === undefined ? {} : { importance }),
          ...(deadline === undefined
            ? {}
            : { deadlineAt: deadline === 'none' ? null : fromNow(deadline) }),
        };
  await changeOne(io, wanted, flags, change);
}

/** `drover operations leave`. */
export async function runOperationLeave(
  io: Io,
  wanted: string,
  vm: string,
  flags: AskFlags,
): Promise<void> {
  await changeOne(io, wanted, flags, { vms: { [vm]: { leave: true } } });
}

/** `drover operations cancel`. */
export async function runOperationCancel(
  io: Io,
  wanted: string,
  flags: OperationCancelFlags,
): Promise<void> {
  const { abortRunning = false } = flags;
  await onOne(io, flags, async (client) => {
    const { id } = await client.operation(wanted);
    return client.cancelOperation(id, { abortRunning });
  });
}

function changeOne(
  io: Io,
  wanted: string,
  flags: AskFlags,
  change: OperationChange,
): Promise<void> {
  return onOne(io, flags, async (client) => {
    const { id } = await client.operation(wanted);
    return client.changeOperation(id, change);
  });
}

async function onOne(
  io: Io,
  flags: AskFlags,
  work: (client: Client) => Promise<Operation>,
): Promise<void> {
  const operation = await withSession(io, flags, ({ client }) => work(client));
  await print(io, flags.output, operation, {
    table: operationText,
    name: ({ id }) => `${id}\n`,
  });
}
