import type { Adoption } from '../client/client.ts';
import type { AdoptFlags, MigrateFlags } from './flags.ts';
import { fromNow } from './instants.ts';
import type { Io } from './io.ts';
import { journey } from './journey.ts';
import { withSession } from './session.ts';

/** `drover migrate`. */
export async function runMigrate(io: Io, vm: string, flags: MigrateFlags): Promise<void> {
  const asked = { ...askedOf(vm, flags), to: flags.to };
  await withSession(io, flags, (session) =>
    journey({ io, session, flags }, () => session.client.migrate(asked)),
  );
}

/** `drover adopt`. */
export async function runAdopt(io: Io, vm: string, flags: AdoptFlags): Promise<void> {
  const asked = { ...askedOf(vm, flags), to: flags.to };
  await withSession(io, flags, (session) =>
    journey({ io, session, flags }, () => session.client.adopt(asked)),
  );
}

function askedOf(
  vm: string,
  { from, importance, reason, deadline }: Omit<AdoptFlags, 'to'>,
): Omit<Adoption, 'to'> {
  const deadlineAt = deadline === undefined ? undefined : fromNow(deadline);
  return { vm, from, importance, reason, deadlineAt };
}
