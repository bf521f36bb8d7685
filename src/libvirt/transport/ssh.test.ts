import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseLibvirtUri } from '../uri.ts';
import { sshArguments } from './ssh.ts';

const cases: readonly [uri: string, argumentsSay: RegExp][] = [
  [
    'qemu+ssh://h/system',
    /^-T -e none -- h sh -c '.*virt-ssh-helper '\\''qemu:\/\/\/system'\\''.*nc/,
  ],
  ['qemu+ssh://ann@h:2222/system', /^-T -e none -p 2222 -l ann -- h /],
  ['qemu+ssh://h/system?socket=/a/b', /-- h sh -c '\[ -S '\\''\/a\/b'\\'' \]/],
  [
    'qemu+ssh://h/system?proxy=native',
    /-- h sh -c 'exec virt-ssh-helper '\\''qemu:\/\/\/system'\\'''$/,
  ],
  ['qemu+ssh://h/system?known_hosts_verify=ignore', /-o StrictHostKeyChecking=no --/],
  ['qemu+ssh://h/system?no_tty=1', /-o BatchMode=yes --/],
];

test.each(cases)('%s', (uri, argumentsSay) => {
  expect(sshArguments(parseLibvirtUri(uri)).join(' ')).toMatch(argumentsSay);
});

test.each([
  ['the host', 'qemu+ssh://-oProxyCommand=x/system'],
  ['the user', 'qemu+ssh://-oProxyCommand=x@h/system'],
])('%s cannot smuggle an option to ssh', (what, uri) => {
  expect(() => sshArguments(parseLibvirtUri(uri))).toThrow(`${what} '-oProxyCommand=x' starts`);
});

test('a socket path cannot smuggle a command to the far shell', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ssh-'));
  const mark = join(folder, 'mark');
  const uri = `qemu+ssh://h/system?socket=${encodeURIComponent(`/a';touch ${mark};'`)}`;
  const command = sshArguments(parseLibvirtUri(uri)).at(-1) ?? '';
  // What sshd does with it: the login shell of the far side runs it.
  const { status, stderr } = spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8' });
  expect({ status, smuggled: existsSync(mark) }).toEqual({ status: 1, smuggled: false });
  expect(stderr).toContain('no libvirt socket at');
  rmSync(folder, { recursive: true });
});
