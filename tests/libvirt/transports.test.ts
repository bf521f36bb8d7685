import { readdirSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createLab, type Lab } from '../../src/lab/index.ts';
import { waitUntil } from '../../src/lab/processes.ts';
import { connect, TransportError } from '../../src/libvirt/index.ts';
import { idleDomainXml, until } from '../../src/libvirt/testing/conformance.ts';
import { labFolder } from '../lab/machine.ts';
import {
  type Authority,
  clientExtensions,
  clientFolder,
  createAuthority,
  serverOf,
} from './pki.ts';
import { freePort, type Relay, relayTo } from './relay.ts';
import { type Sshd, startSshd } from './sshd.ts';

/** The folders of TLS clients by what they are. */
interface Clients {
  readonly known: string;
  readonly nameless: string;
  readonly foreign: string;
  readonly deluded: string;
}

let lab: Lab;
let folder: string;
let clients: Clients;
let tcp: Relay;
let tls: Relay;
let sshd: Sshd;

beforeAll(async () => {
  folder = await labFolder();
  lab = await createLab({ dir: folder, hosts: 1 });
  // Where this machine and the host both see it.
  const pki = join(lab.host('h1').shareDirectory, 'pki');
  const [own, other] = [
    await createAuthority(join(pki, 'own')),
    await createAuthority(join(pki, 'other')),
  ];
  await own.sign('server', serverOf('localhost'));
  for (const authority of [own, other]) await authority.sign('client', clientExtensions);
  clients = {
    known: await clientFolder(join(pki, 'known'), own, own),
    nameless: await clientFolder(join(pki, 'nameless'), own),
    foreign: await clientFolder(join(pki, 'foreign'), own, other),
    deluded: await clientFolder(join(pki, 'deluded'), other, own),
  };
  await listenWithTls(own);
  tcp = await relayTo(lab, 'h1', 16_509);
  tls = await relayTo(lab, 'h1', 16_514);
  sshd = await startSshd(lab, 'h1', join(lab.host('h1').shareDirectory, 'ssh'));
}, 600_000);

afterAll(async () => {
  await sshd.stop();
  await tcp.close();
  await tls.close();
  await lab.down();
  await rm(folder, { recursive: true, force: true });
});

afterEach(async () => {
  // Whatever a test connected to or failed to: no ssh stays here, no helper at the far side.
  await waitUntil('every ssh has ended', async () => childrenNamed('ssh').length === 0);
  const look = ['pgrep', '-x', 'nc|virt-ssh-helper'];
  await waitUntil('no helper is left', async () => (await lab.exec('h1', look)).code === 1);
});

/** The host's daemon, with TLS as well. */
async function listenWithTls(authority: Authority): Promise<void> {
  const path = join(lab.host('h1').directory, 'etc/libvirtd.conf');
  const settings = {
    ca_file: 'cacert.pem',
    cert_file: 'servercert.pem',
    key_file: 'serverkey.pem',
  };
  const lines = Object.entries(settings).map(
    ([name, file]) => `${name} = "${join(authority.folder, file)}"\n`,
  );
  const conf = await readFile(path, 'utf8');
  await writeFile(path, conf.replace('listen_tls = 0', 'listen_tls = 1') + lines.join(''));
  await lab.kill('h1', 'libvirtd');
  await lab.start('h1');
}

function childrenNamed(name: string): readonly string[] {
  return readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const [, command, , parent] =
        /^\d+ \((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${entry}/stat`, 'utf8')) ?? [];
      return command === name && Number(parent) === process.pid;
    } catch {
      // It has just ended.
      return false;
    }
  });
}

function socketOf(kind: 'libvirt-sock' | 'libvirt-sock-ro'): string {
  return join(lab.host('h1').directory, 'run/libvirt', kind);
}

function tlsUri(client: keyof Clients, { host = 'localhost', more = '' } = {}): string {
  return `qemu+tls://${host}:${tls.port}/system?pkipath=${clients[client]}${more}`;
}

function sshUri(more = '', keyfile = sshd.keyfile): string {
  const trust = `known_hosts=${sshd.knownHosts}&known_hosts_verify=normal`;
  return `qemu+ssh://root@127.0.0.1:${sshd.port}/system?keyfile=${keyfile}&${trust}&no_tty=1${more}`;
}

/** Every way to the same daemon. */
const ways: readonly [name: string, uri: () => string][] = [
  ['a unix socket', () => `qemu+unix:///system?socket=${socketOf('libvirt-sock')}`],
  ['TCP', () => `qemu+tcp://127.0.0.1:${tcp.port}/system`],
  ['TLS', () => tlsUri('known')],
  [
    'TLS with an address that its certificate lacks, unverified',
    () => tlsUri('known', { host: '127.0.0.1', more: '&no_verify=1' }),
  ],
  [
    'TLS with an authority that it does not trust, unverified',
    () => tlsUri('deluded', { more: '&no_verify=1' }),
  ],
  ['ssh', () => sshUri()],
  ["ssh and libvirt's helper", () => sshUri('&proxy=native')],
  ['ssh and netcat', () => sshUri('&proxy=netcat')],
  ['ssh and a named socket', () => sshUri('&socket=/run/libvirt/libvirt-sock')],
];

describe('a real daemon is reached by', () => {
  test.each(ways)('%s', async (_, uri) => {
    const connection = await connect(uri());
    const happened: string[] = [];
    await connection.subscribe('lifecycle', ({ event }) => void happened.push(event));
    expect(await connection.capabilities()).toMatch(/^<capabilities>[^]*<\/capabilities>\s*$/);
    const domain = await connection.createDomain(idleDomainXml('reached'));
    const states = Array.from({ length: 50 }, () => domain.state());
    for (const { state } of await Promise.all(states)) expect(state).toBe('running');
    await domain.destroy();
    await until(() => happened.includes('stopped'));
    await connection.close();
    expect(await connection.closed).toBeUndefined();
  });

  test.each([
    ['a unix socket', () => `qemu+unix:///system?socket=${socketOf('libvirt-sock-ro')}`],
    ["ssh and libvirt's helper", () => sshUri('&proxy=native')],
    ['ssh and netcat', () => sshUri('&proxy=netcat')],
  ])('%s, to read only', async (_, uri) => {
    const connection = await connect(uri(), { readOnly: true });
    expect(await connection.hostname()).toBe('h1');
    const forbidden = connection.createDomain(idleDomainXml('forbidden'));
    await expect(forbidden).rejects.toMatchObject({ code: 'operation-denied' });
    await connection.close();
  });
});

/** Ways that lead nowhere, and what is said about them. */
const failures: readonly [name: string, uri: () => string, told: RegExp][] = [
  [
    'TLS without a certificate',
    () => tlsUri('nameless'),
    /does not accept a client without .*nameless\/clientcert.pem/,
  ],
  [
    'TLS with the certificate of a foreign authority',
    () => tlsUri('foreign'),
    /does not accept the client certificate .*foreign\/clientcert.pem/,
  ],
  [
    'TLS with an authority that did not sign the server',
    () => tlsUri('deluded'),
    /TLS with localhost fails: .*the authority is that of .*deluded\/cacert.pem/,
  ],
  [
    'TLS with an address that the certificate lacks',
    () => tlsUri('known', { host: '127.0.0.1' }),
    /TLS with 127.0.0.1 fails: .*127.0.0.1 is not in the cert's list/,
  ],
  [
    'TLS to a port without TLS',
    () => tlsUri('known').replace(`:${tls.port}/`, `:${tcp.port}/`),
    /TLS with localhost fails: /,
  ],
  [
    'ssh with an unknown key',
    () => sshUri('', sshd.strangerKeyfile),
    /ssh to 127.0.0.1 ended: .*Permission denied/,
  ],
  [
    'ssh with an unknown server',
    () => sshUri().replace(sshd.knownHosts, '/dev/null'),
    /ssh to 127.0.0.1 ended: .*Host key verification failed/,
  ],
  [
    'ssh to a socket that is not there',
    () => sshUri('&socket=/run/nowhere'),
    /ssh to 127.0.0.1 ended: no libvirt socket at \/run\/nowhere/,
  ],
];

describe('an error with the reason comes of', () => {
  test.each(failures)('%s', async (_, uri, told) => {
    const failure = connect(uri(), { connectTimeoutMs: 5000 });
    await expect(failure).rejects.toBeInstanceOf(TransportError);
    await expect(failure).rejects.toThrow(told);
  });

  test('ssh to a port where nobody is', async () => {
    const uri = sshUri().replace(`:${sshd.port}/`, `:${await freePort()}/`);
    await expect(connect(uri)).rejects.toThrow(/ssh to 127.0.0.1 ended: .*Connection refused/);
  });
});
