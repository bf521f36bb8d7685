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

/** What holds between two hosts: what either requires, else what either does not want, else `prefer`. */
export function tlsBetween(...settings: readonly (MigrationTls | undefined)[]): MigrationTls {
  const told = settings.filter((setting) => setting !== undefined);
  return byStrictness.find((setting) => told.includes(setting)) ?? 'prefer';
}

/** How long it is taken for true that certificates are lacking between two hosts, ms. */
const lackingForMs = 600_000;

/**
 * Between which hosts TLS was found to lack certificates, in this process: to find it out anew for every
 * guest would begin a QEMU in vain each time. Who installs certificates has them used within ten minutes.
 */
export class Lacking {
  readonly #foundAtMs = new Map<string, number>();

  found(from: string, to: string, nowMs: number): void {
    this.#foundAtMs.set(`${from} ${to}`, nowMs);
  }

  known(from: string, to: string, nowMs: number): boolean {
    const atMs = this.#foundAtMs.get(`${from} ${to}`);
    return atMs !== undefined && nowMs - atMs < lackingForMs;
  }
}
