import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Finding } from '../../src/doctor/finding.ts';
import { examineWay } from '../../src/doctor/ways.ts';
import { must } from '../../src/lab/run.ts';

const dayMs = 86_400_000;
const validDays = 90;

let folder: string;
let server: Server;
let port: number;

/** A daemon's port with a certificate for `localhost`. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-certificate-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
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
  const findings = await examineWay({
    name: 'h1',
    uri: 'qemu+tls://h1/system',
    peerUri: `qemu+tls://${host}:${port}/system`,
    postCopy: { allowed: true },
    bandwidthBytesPerSecond: undefined,
  });
  const certificate = findings.filter(({ check }) => check === 'certificate');
  expect(certificate).toEqual(finds.map((found) => expect.objectContaining(found)));
});
