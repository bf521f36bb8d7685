import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseLibvirtUri } from '../uri.ts';
import { placesOf, readTlsFiles } from './tls-files.ts';

const uri = parseLibvirtUri('qemu://h/system');
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tls-'));
});

afterEach(() => rmSync(root, { recursive: true }));

const authorities = (userId: number) => placesOf(uri, userId).map(({ authority }) => authority);

/** A folder with these files, each holding its own path. */
function place(name: string, files: readonly string[]) {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const file of files) writeFileSync(join(folder, file), join(name, file));
  return placesOf(parseLibvirtUri(`qemu://h/system?pkipath=${folder}`));
}

async function read(...places: ReturnType<typeof place>[]) {
  const files = await readTlsFiles(uri, places.flat());
  return {
    authority: files.authority.content.toString(),
    revoked: files.revoked?.content.toString(),
    client: files.client?.certificate.content.toString(),
    key: files.client?.key.content.toString(),
  };
}

test('they lie where libvirt has them, for root only in the system', () => {
  expect(authorities(0)).toEqual(['/etc/pki/CA/cacert.pem']);
  const own = join(homedir(), '.pki/libvirt/cacert.pem');
  expect(authorities(1000)).toEqual([own, '/etc/pki/CA/cacert.pem']);
});

test('what the first folder lacks comes from the second, a certificate only with its key', async () => {
  const own = place('own', ['cacrl.pem', 'clientcert.pem']);
  const system = place('system', ['cacert.pem', 'clientcert.pem', 'clientkey.pem']);
  expect(await read(own, system)).toEqual({
    authority: 'system/cacert.pem',
    revoked: 'own/cacrl.pem',
    client: 'system/clientcert.pem',
    key: 'system/clientkey.pem',
  });
});

test('a client can do without a certificate of its own', async () => {
  expect(await read(place('own', ['cacert.pem']))).toMatchObject({ client: undefined });
});

test('without an authority there is nobody to trust', async () => {
  const own = place('own', ['clientcert.pem', 'clientkey.pem']);
  await expect(read(own)).rejects.toThrow(/looked for .*own\/cacert.pem \(pkipath= names/);
});

test('a file that cannot be read is not passed over', async () => {
  const own = place('own', ['cacert.pem']);
  mkdirSync(join(root, 'own/clientkey.pem'));
  await expect(read(own)).rejects.toThrow(/own\/clientkey.pem, which TLS needs, cannot be read/);
});
