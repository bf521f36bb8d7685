import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ServerSettings, serverSchema } from '../../src/fleet/server-settings.ts';
import { type Door, openPort, openSocket } from '../../src/server/listen.ts';
import { type AppStage, setAppStage } from '../../src/server/testing/stage-app.ts';
import { type Authority, clientExtensions, createAuthority } from '../libvirt/pki.ts';

let dir: string;
let ours: Authority;
let others: Authority;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-doors-'));
  ours = await createAuthority(join(dir, 'ours'));
  others = await createAuthority(join(dir, 'others'));
  await ours.sign('server', ['extendedKeyUsage=serverAuth', 'subjectAltName=IP:127.0.0.1']);
  await Promise.all([ours, others].map((one) => one.sign('client', clientExtensions)));
});
afterAll(async () => {
  await rm(dir, { recursive: true });
});

let stage: AppStage;
const doors: Door[] = [];
beforeEach(async () => {
  stage = await setAppStage({ certificates: { client: 'operator' } });
});
afterEach(async () => {
  await Promise.all(doors.splice(0).map((door) => door.close()));
  await stage.end();
});

async function port(settings: object = {}): Promise<Door> {
  const whole: ServerSettings = serverSchema.parse({ listen: '127.0.0.1:0', ...settings });
  const door = await openPort(stage.app, whole);
  doors.push(door);
  return door;
}

async function told(request: ClientRequest): Promise<unknown> {
  request.end();
  const [answer]: IncomingMessage[] = await once(request, 'response');
  if (answer === undefined) throw new Error('nothing was answered');
  return JSON.parse(await text(answer));
}

/** What a client shows of itself. */
async function pairOf({ folder }: Authority): Promise<{ cert: Buffer; key: Buffer }> {
  const [cert, key] = await Promise.all([
    readFile(join(folder, 'clientcert.pem')),
    readFile(join(folder, 'clientkey.pem')),
  ]);
  return { cert, key };
}

function tls({ folder }: Authority): object {
  const at = (name: string): string => join(folder, name);
  return {
    tls: { cert: at('servercert.pem'), key: at('serverkey.pem'), clientCa: at('cacert.pem') },
  };
}

async function whoami(client?: Authority): Promise<unknown> {
  const { address }: Door = await port(tls(ours));
  expect(address).toMatch(/^https:/);
  const ca = await readFile(join(ours.folder, 'cacert.pem'));
  const shown = client === undefined ? {} : await pairOf(client);
  const request: ClientRequest = overHttps(`${address}/v1/whoami`, {
    agent: false,
    ca,
    ...shown,
  });
  return told(request);
}

describe('with TLS', () => {
  test('a client is known by the certificate that our authority has signed', async () => {
    expect(await whoami(ours)).toEqual({ who: 'client', role: 'operator', by: 'certificate' });
  });

  test.for([
    ['the same name, signed by another', true],
    ['no certificate', false],
  ] as const)('one with %s is not', async ([, shows]) => {
    expect(await whoami(shows ? others : undefined)).toMatchObject({ status: 401 });
  });

  test('who speaks without it is not answered', async () => {
    const { address } = await port(tls(ours));
    const plain = overHttp(address.replace('https', 'http'), { agent: false });
    await expect(told(plain)).rejects.toThrow(/socket hang up|ECONNRESET/);
  });

  test('a certificate that is not there is named', async () => {
    await expect(port({ tls: { cert: '/nowhere', key: '/nowhere' } })).rejects.toMatchObject({
      code: 'config.invalid',
      message: 'server.tls.cert: /nowhere cannot be read',
    });
  });

  test('a certificate that is none is named', async () => {
    const none = join(dir, 'none.pem');
    await writeFile(none, 'none');
    await expect(port({ tls: { cert: none, key: none } })).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining('server.tls'),
    });
  });

  test('a key of another certificate is told', async () => {
    const cert = join(ours.folder, 'servercert.pem');
    const key = join(ours.folder, 'clientkey.pem');
    await expect(port({ tls: { cert, key } })).rejects.toMatchObject({ code: 'config.invalid' });
  });
});

describe('the socket', () => {
  test('is for its owner alone, who needs no token', async () => {
    const path = join(dir, 'drover.sock');
    const door = await openSocket(stage.app, path);
    try {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      const asked = overHttp({ socketPath: path, path: '/v1/whoami', agent: false });
      expect(await told(asked)).toEqual({ who: 'local', role: 'admin', by: 'socket' });
      await expect(openSocket(stage.app, path)).rejects.toMatchObject({ code: 'config.invalid' });
    } finally {
      await door.close();
    }
    await expect(stat(path)).rejects.toThrow(/ENOENT/);
  });

  test('that somebody left behind is taken', async () => {
    const path = join(dir, 'left.sock');
    await writeFile(path, '');
    const door = await openSocket(stage.app, path);
    await door.close();
    expect(door.address).toBe(path);
  });
});

describe('a port', () => {
  test('that is taken is named', async () => {
    const { address } = await port();
    const { host } = new URL(address);
    await expect(port({ listen: host })).rejects.toMatchObject({
      code: 'config.invalid',
      message: `It cannot listen on ${host}`,
    });
  });

  test('does not let a local header stand for a local peer', async () => {
    const { address } = await port();
    const headers = { 'x-forwarded-for': '127.0.0.1', host: 'localhost' };
    const asked = overHttp(`${address}/v1/whoami`, { agent: false, headers });
    expect(await told(asked)).toMatchObject({ status: 401 });
  });
});
