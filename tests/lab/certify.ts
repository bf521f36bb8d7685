import { appendFile, copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '../../src/lab/index.ts';
import { type Authority, createAuthority } from '../libvirt/pki.ts';

/** Where QEMU looks for its certificates, and what it calls them; as our authority calls them. */
const files = {
  'ca-cert.pem': 'cacert.pem',
  'server-cert.pem': 'servercert.pem',
  'server-key.pem': 'serverkey.pem',
  'client-cert.pem': 'clientcert.pem',
  'client-key.pem': 'clientkey.pem',
};

/** An authority that has signed for all hosts. */
export async function authorityOf(lab: Lab, name: string): Promise<Authority> {
  const authority = await createAuthority(join(lab.dir, name));
  const addresses = lab.hosts.map((host) => `IP:${host.ip}`).join(',');
  const signs = 'keyUsage=digitalSignature';
  await authority.sign('server', [
    signs,
    'extendedKeyUsage=serverAuth',
    `subjectAltName=${addresses}`,
  ]);
  await authority.sign('client', [signs, 'extendedKeyUsage=clientAuth']);
  return authority;
}

/** Gives the host's QEMU certificates, in place of those that it had. */
export async function certify(lab: Lab, name: string, { folder }: Authority): Promise<void> {
  const { directory } = lab.host(name);
  const pki = join(directory, 'etc/pki');
  await rm(pki, { recursive: true, force: true });
  await mkdir(pki, { recursive: true });
  for (const [file, ours] of Object.entries(files))
    await copyFile(join(folder, ours), join(pki, file));
  await appendFile(
    join(directory, 'etc/qemu.conf'),
    'migrate_tls_x509_cert_dir = "/etc/libvirt/pki"\n',
  );
  await lab.kill(name, 'libvirtd');
  await lab.start(name);
}

/** Takes the certificates of the host's QEMU away. */
export async function decertify(lab: Lab, name: string): Promise<void> {
  await rm(join(lab.host(name).directory, 'etc/pki'), { recursive: true, force: true });
}
