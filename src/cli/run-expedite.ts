import type { Migration } from '../client/client.ts';
import { DroverError } from '../errors/catalogue.ts';
import type { ExpediteFlags } from './flags.ts';
import { fromNow, shownInstant } from './instants.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { withSession } from './session.ts';

/** `drover expedite`. */
export async function runExpedite(io: Io, wanted: string, flags: ExpediteFlags): Promise<void> {
  const { importance, deadline } = flags;
  if (importance === undefined && deadline === undefined)
    throw new DroverError('usage.invalid', 'nothing to change: name --importance or --deadline', {
      hint: 'see drover expedite --help',
    });
  const change = {
    ...(importance === undefined ? {} : { importance }),
    ...(deadline === undefined
      ? {}
      : { deadlineAt: deadline === 'none' ? null : fromNow(deadline) }),
  };
  const changed = await withSession(io, flags, async ({ client }) => {
    const { id } = await client.migration(wanted);
    return client.change(id, change);
  });
  const table = (now: Migration): string => changedText(now, deadline);
  await print(io, flags.output, changed, { table });
  if (changed.steeredBy === null && changed.phase !== 'queued')
    io.err.write(`Nobody steers it now. To take it up: drover migrations watch ${changed.id}\n`);
}

function changedText(
  { vm, vmName, importance, deadlineAt }: Migration,
  wanted: ExpediteFlags['deadline'],
): string {
  const no = wanted === undefined ? '' : ', without a deadline';
  const by = deadlineAt === null ? no : `, by ${shownInstant(deadlineAt)}`;
  return `${vmName ?? vm}: the importance is ${importance} now${by}.\n`;
}
