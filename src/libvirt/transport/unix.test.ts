import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TransportError } from '../errors.ts';
import { parseLibvirtUri } from '../uri.ts';
import { openStream } from './open.ts';
import { socketsOf } from './unix.ts';

const choices: readonly [uri: string, readOnly: boolean, sockets: readonly string[]][] = [
  ['qemu:///system', false, ['/run/libvirt/virtqemud-sock', '/run/libvirt/libvirt-sock']],
  ['qemu:///system', true, ['/run/libvirt/virtqemud-sock-ro', '/run/libvirt/libvirt-sock-ro']],
  ['qemu:///system?mode=direct', false, ['/run/libvirt/virtqemud-sock']],
  ['qemu:///system?mode=legacy', true, ['/run/libvirt/libvirt-sock-ro']],
  ['qemu:///session', true, ['/xdg/libvirt/virtqemud-sock', '/xdg/libvirt/libvirt-sock']],
];

test.each(choices)('%s, read-only %s', (uri, readOnly, sockets) => {
  const environment = { XDG_RUNTIME_DIR: '/xdg' };
  expect(socketsOf(parseLibvirtUri(uri), readOnly, environment)).toEqual(sockets);
});

async function reached(uri = 'qemu:///session'): Promise<string> {
  const stream = await openStream(parseLibvirtUri(uri));
  let answer = '';
  stream.on('data', (part: Buffer) => {
    answer += part.toString();
  });
  stream.write('who are you?');
  await once(stream, 'close');
  return answer;
}

describe('a local daemon', () => {
  const servers: Server[] = [];
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'unix-'));
    mkdirSync(join(folder, 'libvirt'));
    vi.stubEnv('XDG_RUNTIME_DIR', folder);
  });

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    rmSync(folder, { recursive: true });
    vi.unstubAllEnvs();
  });

  async function listen(socket: string): Promise<void> {
    const server = createServer((peer) => peer.once('data', () => peer.end(socket)));
    servers.push(server);
    server.listen(join(folder, 'libvirt', socket));
    await once(server, 'listening');
  }

  test('that is modular comes before one that is not', async () => {
    await listen('libvirt-sock');
    expect(await reached()).toBe('libvirt-sock');
    await listen('virtqemud-sock');
    expect(await reached()).toBe('virtqemud-sock');
    expect(await reached('qemu:///session?mode=legacy')).toBe('libvirt-sock');
  });

  test('is found behind a socket that nobody listens on', async () => {
    writeFileSync(join(folder, 'libvirt/virtqemud-sock'), '');
    await listen('libvirt-sock');
    expect(await reached()).toBe('libvirt-sock');
  });

  test('that is nowhere: the error says what was tried', async () => {
    writeFileSync(join(folder, 'libvirt/virtqemud-sock'), '');
    const failure = openStream(parseLibvirtUri('qemu:///session'));
    await expect(failure).rejects.toBeInstanceOf(TransportError);
    await expect(failure).rejects.toThrow(
      /virtqemud-sock is there, but nobody listens on it .*libvirt-sock is not there/,
    );
  });

  test('is looked for only where the URI says, when it does', async () => {
    await listen('libvirt-sock');
    const uri = `qemu+unix:///session?socket=${folder}/other`;
    await expect(openStream(parseLibvirtUri(uri))).rejects.toThrow(`${folder}/other is not there`);
  });

  test('of a user without a runtime folder cannot be found', async () => {
    vi.stubEnv('XDG_RUNTIME_DIR', undefined);
    await expect(openStream(parseLibvirtUri('qemu:///session'))).rejects.toThrow(/XDG_RUNTIME_DIR/);
  });
});
