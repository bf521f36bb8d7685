import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CallAbortedError, TransportError } from '../errors.ts';
import { parseLibvirtUri } from '../uri.ts';
import { openStream } from './open.ts';

/** Takes connections and says nothing. */
const silent: Server = createServer((peer) => peers.push(peer));
const peers: Socket[] = [];
const pki = mkdtempSync(join(tmpdir(), 'open-'));

beforeAll(async () => {
  writeFileSync(join(pki, 'cacert.pem'), rootCertificates[0] ?? '');
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
});

afterAll(() => {
  silent.close();
  rmSync(pki, { recursive: true });
});

function tlsToSilence(): ReturnType<typeof parseLibvirtUri> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = silent.address() as AddressInfo;
  return parseLibvirtUri(`qemu+tls://127.0.0.1:${port}/system?pkipath=${pki}`);
}

/** All that were ever taken are closed by the other side. */
async function hungUp(): Promise<void> {
  for (const peer of peers.splice(0)) if (!peer.closed) await once(peer.resume(), 'close');
}

test('who refuses is named, with host, port and transport', async () => {
  const failure = openStream(parseLibvirtUri('qemu+tcp://127.0.0.1:1/system'));
  await expect(failure).rejects.toBeInstanceOf(TransportError);
  await expect(failure).rejects.toThrow(
    /^cannot reach the daemon at 127.0.0.1 port 1 over tcp: .*ECONNREFUSED/,
  );
});

test('a host with several addresses that all refuse is an error with a text', async () => {
  const failure = openStream(parseLibvirtUri('qemu+tcp://localhost:1/system'));
  await expect(failure).rejects.toThrow(/over tcp: .*ECONNREFUSED/);
});

test('who stays silent is given up in time, and hung up on', async () => {
  // Where the machine is slow, the time may be over before a connection was made at all.
  for (let timeoutMs = 50; peers.length === 0; timeoutMs *= 2) {
    const failure = openStream(tlsToSilence(), { timeoutMs });
    await expect(failure).rejects.toThrow(/^the daemon at 127.0.0.1 .* did not answer in time$/);
    await expect(failure).rejects.toBeInstanceOf(TransportError);
  }
  await hungUp();
});

test('who is not waited for any longer is hung up on', async () => {
  const stop = new AbortController();
  silent.once('connection', () => stop.abort());
  const failure = openStream(tlsToSilence(), { signal: stop.signal });
  await expect(failure).rejects.toBeInstanceOf(CallAbortedError);
  expect(peers).not.toEqual([]);
  await hungUp();
});
