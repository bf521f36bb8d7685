import { clientCertificate, type PemFile } from '../../libvirt/index.ts';
import { asOurs } from './errors.ts';

/**
 * The certificate that this machine shows to the host at this address; `undefined` where the way is
 * not TLS, or where it has none. Rejects with `host.unreachable` where it cannot be read.
 */
export function ownCertificate(host: string, address: string): Promise<PemFile | undefined> {
  return asOurs(host, () => clientCertificate(address));
}
