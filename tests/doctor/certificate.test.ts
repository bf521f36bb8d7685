import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { ownCertificates } from '../../src/doctor/certificates.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { examineWays } from '../../src/doctor/ways.ts';
import type { ResolvedHost } from '../../src/fleet/hosts.ts';
import { must } from '../../src/lab/run.ts';

const dayMs = 86_400_000;
const validDays = 90;

let folder: string;
let server: Server;
let port: number;

/** A daemon's port with a certificate for `localhost`. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-certificate-'));
  const [key, certificate] = [join(folder, 'clientkey.pem'), join(folder, 'clientcert.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', '/CN=h1', '-addext', 'subjectAltName=DNS:localhost'];
  const files = ['-keyout', key, '-out', certificate, '-days', String(validDays)];
  await must(['openssl', 'req', '-x509', ...kind, ...subject, ...files]);
  server = createServer({ key: await readFile(key), cert: await readFile(certificate) });
  port = await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
});

afterEach(() => {
  vi.useRealTimers();
});

afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

interface Scene {
  readonly name: string;
  readonly host: string;
  /** From now. */
  readonly days: number;
  readonly finds: readonly Partial<Finding>[];
}

const scenes: readonly Scene[] = [
  { name: 'a good one', host: 'localhost', days: 0, finds: [{ severity: 'ok' }] },
  {
    name: 'one that ends soon',
    host: 'localhost',
    days: 70,
    finds: [{ severity: 'warning', message: expect.stringMatching(/^valid for (19|20) days$/) }],
  },
  {
    name: 'one that has ended',
    host: 'localhost',
    days: 91,
    finds: [{ severity: 'error', message: expect.stringMatching(/^expired on /) }],
  },
  {
    name: 'one of the future',
    host: 'localhost',
    days: -1,
    finds: [{ severity: 'error', message: expect.stringMatching(/^valid only from /) }],
  },
  {
    name: 'one for another name',
    host: '127.0.0.1',
    days: 0,
    finds: [{ severity: 'ok' }, { severity: 'error', message: expect.stringMatching(/127/) }],
  },
];

test.each(scenes)('a certificate: $name', async ({ host, days, finds }) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * dayMs });
  const findings = await examineWays({
    name: 'h1',
    uri: 'qemu+tls://h1/system',
    ways: [{ uri: `qemu+tls://${host}:${port}/system`, address: undefined }],
    postCopy: { allowed: true },
    bandwidthBytesPerSecond: undefined,
  });
  const certificate = findings.filter(({ check }) => check === 'certificate');
  expect(certificate).toEqual(finds.map((found) => expect.objectContaining(found)));
});

/** Hosts that are reached by TLS, with the files of this folder. */
function hostsBy(pkipath: string): readonly ResolvedHost[] {
  return ['h1', 'h2'].map((name) => ({
    name,
    uri: `qemu+tls://${name}/system?pkipath=${pkipath}`,
    ways: [],
    postCopy: { allowed: true },
    bandwidthBytesPerSecond: undefined,
  }));
}

test('the certificate that this machine shows to several hosts is looked at once', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 91 * dayMs });
  const path = join(folder, 'clientcert.pem');
  expect(await ownCertificates(hostsBy(folder))).toEqual([
    expect.objectContaining({
      severity: 'error',
      where: undefined,
      message: expect.stringContaining(`${path}: expired on `),
    }),
  ]);
});

test('a file that is no certificate is an error, none is none', async () => {
  const other = await mkdtemp(join(folder, 'other-'));
  expect(await ownCertificates(hostsBy(other))).toEqual([]);
  for (const file of ['clientcert.pem', 'clientkey.pem']) await writeFile(join(other, file), 'no');
  expect(await ownCertificates(hostsBy(other))).toEqual([
    expect.objectContaining({
      severity: 'error',
      message: expect.stringContaining('it is no certificate'),
    }),
  ]);
});
