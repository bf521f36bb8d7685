import type { NewMigration } from '../client/client.ts';
import type { AdoptFlags, MigrateFlags } from './flags.ts';
import { fromNow } from './instants.ts';
import type { Io } from './io.ts';
import { journey } from './journey.ts';
import { withSession } from './session.ts';

/** `drover migrate`. */
export async function runMigrate(io: Io, vm: string, flags: MigrateFlags): Promise<void> {
  const { from, to } = flags;
  const asked = { ...askedOf(vm, flags), from, to };
  await withSession(io, flags, (session) =>
    journey({ io, session, flags }, () => session.client.migrate(asked)),
  );
}

/** `drover adopt`. */
export async function runAdopt(io: Io, vm: string, flags: AdoptFlags): Promise<void> {
  const { from, to } = flags;
  const asked = { ...askedOf(vm, flags), from, to };
  await withSession(io, flags, (session) =>
    journey({ io, session, flags }, () => session.client.adopt(asked)),
  );
}

function askedOf(
  vm: string,
  { importance, reason, deadline }: Omit<MigrateFlags, 'from' | 'to'>,
): Omit<NewMigration, 'from' | 'to'> {
  const deadlineAt = deadline === undefined ? undefined : fromNow(deadline);
  return { vm, importance, reason, deadlineAt };
}
