import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ArgumentError } from '../errors.ts';
import { parseLibvirtUri } from '../uri.ts';
import { sshArguments } from './ssh-command.ts';

const cases: readonly [uri: string, argumentsSay: RegExp][] = [
  ['qemu+ssh://h/system', /^-T -e none -- h sh -c '.*exec virt-ssh-helper '\\''qemu:\/\/\/system'/],
  [
    'qemu+ssh://h/system',
    /\[ -S '\\''\/run\/libvirt\/virtqemud-sock'\\'' \] && exec '\\''nc'\\'' /,
  ],
  ['qemu+ssh://ann@h:2222/system', /^-T -e none -p 2222 -l ann -- h /],
  ['qemu+ssh://h/system?socket=/a/b', /\[ -S '\\''\/a\/b'\\'' \]/],
  ['qemu+ssh://h/system?socket=/a/b', /^(?!.*virt-ssh-helper)/],
  ['qemu+ssh://h/system?proxy=netcat&netcat=/n', /^(?!.*helper).*exec '\\''\/n'\\'' \$q -U '/],
  [
    'qemu+ssh://h/system?proxy=native',
    /-- h sh -c 'exec virt-ssh-helper '\\''qemu:\/\/\/system'\\'''$/,
  ],
  ['qemu+ssh://h/session', /^(?!.*nc).*exec virt-ssh-helper '\\''qemu:\/\/\/session'/],
  ['qemu+ssh://h/system?name=qemu:///session', /virt-ssh-helper '\\''qemu:\/\/\/session'/],
  ['qemu+ssh://h/system?keyfile=/k', / -i \/k --/],
  ['qemu+ssh://h/system?known_hosts=/a b%2525', / -o UserKnownHostsFile="\/a b%%25" --/],
  ['qemu+ssh://h/system?known_hosts_verify=ignore', /-o StrictHostKeyChecking=no --/],
  ['qemu+ssh://h/system?known_hosts_verify=auto', /-o StrictHostKeyChecking=accept-new --/],
  ['qemu+ssh://h/system?no_verify=1', /-o StrictHostKeyChecking=no --/],
  ['qemu+ssh://h/system?no_tty=1', /-o BatchMode=yes --/],
];

test.each(cases)('%s: %s', (uri, argumentsSay) => {
  expect(sshArguments(parseLibvirtUri(uri), false).join(' ')).toMatch(argumentsSay);
});

test('who only wants to read takes the ways for that', () => {
  const command = sshArguments(parseLibvirtUri('qemu+ssh://h/system'), true).at(-1);
  expect(command).toContain('virt-ssh-helper -r ');
  expect(command).toContain('/run/libvirt/libvirt-sock-ro');
});

test.each([
  'qemu+ssh://-oProxyCommand=x/system',
  'qemu+ssh://-oProxyCommand=x@h/system',
  'qemu+ssh://a%60id%60@h/system',
  'qemu+ssh://a%24%28id%29/system',
  'qemu+ssh://a%20b/system',
  'qemu+ssh://a%0A/system',
])('%s can smuggle nothing to ssh', (uri) => {
  expect(() => sshArguments(parseLibvirtUri(uri), false)).toThrow(ArgumentError);
  expect(() => sshArguments(parseLibvirtUri(uri), false)).toThrow('ssh cannot be given the name');
});

test('a session daemon is not found by netcat alone', () => {
  const uri = parseLibvirtUri('qemu+ssh://h/session?proxy=netcat');
  expect(() => sshArguments(uri, false)).toThrow(/name its socket/);
});

test('a socket path cannot smuggle a command to the far shell', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ssh-'));
  const mark = join(folder, 'mark');
  const uri = `qemu+ssh://h/system?socket=${encodeURIComponent(`/a';touch ${mark};'`)}`;
  const command = sshArguments(parseLibvirtUri(uri), false).at(-1) ?? '';
  // What sshd does with it: the login shell of the far side runs it.
  const { status, stderr } = spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8' });
  expect({ status, smuggled: existsSync(mark) }).toEqual({ status: 1, smuggled: false });
  expect(stderr).toContain('no libvirt socket at');
  rmSync(folder, { recursive: true });
});
