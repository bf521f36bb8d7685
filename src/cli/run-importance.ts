import { DroverError } from '../errors/catalogue.ts';
import { localJournal } from '../journal/local.ts';
import { giveOrder } from '../journal/orders.ts';
import type { Importance } from '../policy/vocabulary.ts';
import type { Io } from './io.ts';

/** `drover importance`. */
export async function runImportance(io: Io, wanted: string, level: Importance): Promise<void> {
  const { id, vm, end } = await localJournal().find(wanted);
  if (end !== undefined)
    throw new DroverError('migration.not-running', `The migration ${id} of ${vm.name} has ended`);
  await giveOrder(id, level);
  io.out.write(`${vm.name}: the importance is ${level} now.\n`);
}
