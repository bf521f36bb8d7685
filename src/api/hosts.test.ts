import { describe, expect, test } from 'vitest';
import { hostSettings } from './hosts.ts';

describe('the URI of a host that is registered', () => {
  test.each([
    'qemu+ssh://h/system?command=/tmp/x',
    'qemu+ssh://h/system?Command=/tmp/x',
    'qemu+ssh://h/system?c%6Fmmand=/tmp/x',
    'qemu+ssh://h/system?no_tty=1&command=/tmp/x',
    'qemu+ssh://h/system?no_tty=1;command=/tmp/x',
    'qemu+ext://h/system?command=/tmp/x',
    'qemu+ssh://h/system?netcat=/tmp/x',
    'qemu+ssh://h/system?%zz=1',
  ])('names no program that somebody would run: %s', (uri) => {
    expect(hostSettings.safeParse({ uri }).success).toBe(false);
    expect(hostSettings.safeParse({ uri: 'qemu+tls://h/system', peerUri: uri }).success).toBe(
      false,
    );
  });

  test.each([
    'qemu+ssh://root@h:2222/system?keyfile=/k&proxy=netcat',
    'qemu+unix:///system?socket=/run/command',
    'qemu+tls://command/system',
  ])('is taken otherwise: %s', (uri) => {
    expect(hostSettings.safeParse({ uri }).success).toBe(true);
  });
});
