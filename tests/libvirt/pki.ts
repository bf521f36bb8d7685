import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../../src/lab/run.ts';

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A certificate authority of its own, by openssl, in a folder. */
export interface Authority {
  readonly folder: string;
  /** Signs a certificate for a use; writes NAMEcert.pem and NAMEkey.pem. */
  sign(name: 'server' | 'client', extensions: readonly string[]): Promise<void>;
}

export async function createAuthority(folder: string): Promise<Authority> {
  await mkdir(folder, { recursive: true });
  const at = (file: string): string => join(folder, file);
  const subject = ['-subj', '/CN=Authority of the tests', '-days', '30'];
  const uses = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  const files = ['-keyout', at('cakey.pem'), '-out', at('cacert.pem')];
  await must(['openssl', 'req', '-x509', ...key, ...subject, ...uses, ...files]);
  const sign: Authority['sign'] = async (name, extensions) => {
    const [request, extensionFile] = [at(`${name}.csr`), at(`${name}.ext`)];
    await writeFile(extensionFile, `${extensions.join('\n')}\n`);
    const made = ['-keyout', at(`${name}key.pem`), '-out', request, '-subj', `/CN=${name}`];
    await must(['openssl', 'req', '-new', ...key, ...made]);
    const authority = ['-CA', at('cacert.pem'), '-CAkey', at('cakey.pem'), '-CAcreateserial'];
    const signed = ['-days', '30', '-extfile', extensionFile, '-out', at(`${name}cert.pem`)];
    await must(['openssl', 'x509', '-req', '-in', request, ...authority, ...signed]);
  };
  return { folder, sign };
}

/** The extensions of a server that is reached by this name. */
export function serverOf(name: string): readonly string[] {
  return ['keyUsage=digitalSignature', 'extendedKeyUsage=serverAuth', `subjectAltName=DNS:${name}`];
}

export const clientExtensions = ['keyUsage=digitalSignature', 'extendedKeyUsage=clientAuth'];

/** A client's folder: whom it trusts, and the certificate of whom it shows, if any. */
export async function clientFolder(
  folder: string,
  trusted: Authority,
  shown?: Authority,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  await copyFile(join(trusted.folder, 'cacert.pem'), join(folder, 'cacert.pem'));
  for (const file of shown === undefined ? [] : ['clientcert.pem', 'clientkey.pem']) {
    await copyFile(join(shown?.folder ?? '', file), join(folder, file));
  }
  return folder;
}
