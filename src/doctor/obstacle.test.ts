import { expect, test } from 'vitest';
import { DroverError } from '../errors/catalogue.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import { obstacleOf, silenceOf } from './obstacle.ts';

function host(name: string, address?: string): ResolvedHost {
  return {
    name,
    uri: `qemu+tls://${name}/system`,
    ways: [{ uri: `qemu+tls://${name}.example.org/system`, address }],
    postCopy: { allowed: true },
    bandwidthBytesPerSecond: undefined,
  };
}

const blocked = { from: host('h1'), to: host('h2'), calledItself: 'node2' };

/** As libvirt 12 and QEMU 11 say it, and as older ones did. */
test.each([
  [
    "operation failed: job 'migration out' failed: Failed to connect to '10.0.0.2:49152': Connection refused",
    'migration ports',
    /^the QEMU of h1 does not reach that of h2 at 10\.0\.0\.2, port 49152: .*refused/,
    /ports 49152 to 49215 of h2/,
  ],
  [
    "unable to connect to server at 'node2:49153': No route to host",
    'migration ports',
    /at node2, port 49153: .*No route/,
    /49215/,
  ],
  [
    "unable to connect to server at 'h2.example.org:16514': Connection timed out",
    'way',
    /^the daemon of h1 does not reach that of h2 at qemu\+tls:.*\(port 16514\): .*timed out/,
    /nc -vz h2\.example\.org 16514/,
  ],
  ['Cannot recv data: Connection reset by peer', 'way', /port 16514/, /nc -vz/],
  [
    "job 'migration out' failed: address resolution failed for node2:49152: Temporary failure in name resolution",
    'names',
    /^h1 cannot send guests to h2: .*node2/,
    /getent hosts node2/,
  ],
  [
    "Unable to resolve address 'h2.example.org' service '16514': Name or service not known",
    'names',
    /cannot send/,
    /getent/,
  ],
  [
    "The server certificate is not trusted: 'h2.example.org:16514'",
    'certificate',
    /cannot send guests to h2: The server certificate/,
    /show each other/,
  ],
  ['Requested operation is not valid: whatever', 'migration', /whatever/, /logs/],
])('%s', (words, check, message, hint) => {
  const error = new DroverError('hypervisor.failed', `h1: ${words}`, { cause: new Error(words) });
  expect(obstacleOf(blocked, error)).toEqual({
    check,
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
});

test('silence is told with where the answer was to come from', () => {
  const waits = 'destination waits for memory';
  expect(silenceOf(blocked, waits, '30 s').message).toMatch(/at node2, ports 49152 to 49215: no/);
  const addressed = { ...blocked, to: host('h2', '10.1.0.2') };
  expect(silenceOf(addressed, waits, '30 s').message).toMatch(/at 10\.1\.0\.2, ports/);
  expect(silenceOf(blocked, 'destination knows nothing of it', '30 s')).toMatchObject({
    check: 'way',
    message: expect.stringMatching(/port 16514.*: no answer within 30 s/),
  });
  expect(silenceOf(blocked, 'not known', '30 s').check).toBe('migration');
});
