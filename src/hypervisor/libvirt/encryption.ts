import { DroverError } from '../../errors/catalogue.ts';
import type { MigrationTls } from '../port.ts';

/**
 * What is refused where a host's QEMU has no certificates, or cannot use any: by the destination
 * before it opens a port, or by the source before it connects there. Nothing has been sent then. A
 * certificate that is not trusted fails otherwise, and must: somebody may stand between the hosts.
 */
const noCredentials =
  /unable to access credentials|migration TLS directory not configured|TLS migration is not supported/i;

export function lacksCertificates(error: unknown): error is DroverError {
  return error instanceof DroverError && noCredentials.test(error.message);
}

const byStrictness: readonly MigrationTls[] = ['require', 'never', 'prefer'];

/** What holds between two hosts: what either requires, else what either does not want. */
export function tlsBetween(...settings: readonly (MigrationTls | undefined)[]): MigrationTls {
  const told = settings.filter((setting) => setting !== undefined);
  return byStrictness.find((setting) => told.includes(setting)) ?? 'never';
}
