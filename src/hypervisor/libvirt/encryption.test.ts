import { expect, test } from 'vitest';
import { DroverError } from '../../errors/catalogue.ts';
import type { MigrationTls } from '../port.ts';
import { Lacking, lacksCertificates, tlsBetween } from './encryption.ts';

test.each<[(MigrationTls | undefined)[], MigrationTls]>([
  [[undefined, undefined], 'prefer'],
  [[undefined, 'never'], 'never'],
  [['prefer', undefined], 'prefer'],
  [['prefer', 'never'], 'never'],
  [['prefer', 'require'], 'require'],
  [['never', 'require'], 'require'],
  [[undefined, 'require'], 'require'],
])('between hosts that say %j it is %s', (settings, expected) => {
  expect(tlsBetween(...settings)).toBe(expected);
  expect(tlsBetween(...settings.toReversed())).toBe(expected);
});

test.each([
  [
    "h1: internal error: unable to execute QEMU command 'object-add': Unable to access credentials /etc/pki/qemu/ca-cert.pem: No such file or directory",
    true,
  ],
  ['h1: host migration TLS directory not configured', true],
  [
    "h1: operation failed: job 'migration out' failed: Certificate does not match the hostname h2",
    false,
  ],
  [
    "h1: operation failed: job 'migration out' failed: The certificate hasn't got a known issuer",
    false,
  ],
])('%s: lacks certificates: %s', (message, lacks) => {
  expect(lacksCertificates(new DroverError('hypervisor.failed', message))).toBe(lacks);
});

test('a bug is no lack of certificates', () => {
  expect(lacksCertificates(new TypeError('Unable to access credentials'))).toBe(false);
});

test('that certificates are lacking is known for ten minutes, between those hosts and that way round', () => {
  const lacking = new Lacking();
  lacking.found('a', 'b', 1_000);
  const known = [
    lacking.known('a', 'b', 600_999),
    lacking.known('a', 'b', 601_000),
    lacking.known('b', 'a', 1_000),
    lacking.known('a', 'c', 1_000),
  ];
  expect(known).toEqual([true, false, false, false]);
});
