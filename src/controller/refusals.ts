import { DroverError } from '../errors/catalogue.ts';
import type { MigrationRow, StoredError } from '../store/rows.ts';
import type { MigrationRequest } from './controller.ts';

export function pastReturn({ id, vm }: MigrationRow): DroverError {
  return new DroverError(
    'migration.past-return',
    `The migration ${id} of ${vm} can no longer be cancelled: the guest runs at its destination, with part of its memory still at the source`,
    { hint: 'It arrives by itself. To bring it back, migrate it back afterwards.' },
  );
}

export function movesAlready({ vm }: MigrationRequest, { id, from }: MigrationRow): DroverError {
  return new DroverError('domain.busy', `${vm} is being moved from ${from} already: ${id}`, {
    hint: `Watch it: drover migrations watch ${id}. Hurry it: drover expedite ${id} --importance high.`,
  });
}

export function stale(what: string): DroverError {
  return new DroverError('request.stale', `${what} has changed since it was read`, {
    hint: 'Read it again, and decide anew.',
  });
}

export function hostExists(name: string): DroverError {
  return new DroverError('host.exists', `There is a host ${name} already`, {
    hint: `To change it: drover host set ${name} ...`,
  });
}

export function noHost(name: string): DroverError {
  return new DroverError('host.not-found', `There is no host ${name}`, {
    hint: '`drover host list` shows those that there are.',
  });
}

export function hostBusy(name: string, { id, vm }: MigrationRow): DroverError {
  return new DroverError('host.busy', `${name} takes part in the migration ${id} of ${vm}`, {
    hint: 'Remove it when that has ended, or abort it first.',
  });
}

/** Why it did not begin, for a person. */
export function refusalOf(error: unknown): StoredError {
  if (error instanceof DroverError) {
    const { code, message, hint } = error;
    return { code, message, hint };
  }
  const message = 'A fault of Drover kept it from beginning: its log says more.';
  return { code: 'internal', message, hint: 'Nothing was touched.' };
}
