import { describe, expect, test } from 'vitest';
import { DroverError } from '../../errors/catalogue.ts';
import { ConnectionClosedError, type JobStats, LibvirtError } from '../../libvirt/index.ts';
import type { DomainState } from '../port.ts';
import { translated } from './errors.ts';
import { busyWith, completedOf, readingOf } from './job.ts';
import { stateOf } from './states.ts';
import { compressionOf, parallelStreamsOf, postCopyOf, postCopyRecoveryOf } from './versions.ts';
import { kindOf } from './watch.ts';

const running: DomainState = { state: 'running', reason: 'other' };
const split: DomainState = { state: 'paused', reason: 'post-copy' };
const job: JobStats = {
  type: 'unbounded',
  operation: 'migration-out',
  elapsedMs: 4_000,
  downtimeMs: 900,
  memoryTotalBytes: 1_000_000,
  memoryProcessedBytes: 400_000,
  memoryRemainingBytes: 700_000,
  memoryBytesPerSecond: 100_000,
  memoryDirtyRatePagesPerSecond: 10,
  memoryPageSizeBytes: 4096,
  memoryIteration: 3,
};

describe('job statistics', () => {
  test('are read in bytes', () => {
    expect(readingOf(job, running)).toMatchObject({
      elapsedMs: 4_000,
      expectedDowntimeMs: 900,
      sample: {
        memoryTotalBytes: 1_000_000,
        memorySentBytes: 400_000,
        memoryRemainingBytes: 700_000,
        throughputBytesPerSecond: 100_000,
        dirtyRateBytesPerSecond: 40_960,
        iteration: 3,
        phase: 'pre-copy',
      },
    });
  });

  test.each([
    ['nothing has moved', { ...job, memoryTotalBytes: 0 }, running, 'setup'],
    ['memory moves', job, running, 'pre-copy'],
    ['the guest is split', job, split, 'post-copy'],
  ] as const)('the phase: %s', (_, stats, state, phase) => {
    expect(readingOf(stats, state)?.sample.phase).toBe(phase);
  });

  test.each([
    ['no job', undefined, undefined],
    ['a completed one', { ...job, type: 'completed' }, undefined],
    ['a snapshot', { ...job, operation: 'snapshot' }, 'a job (snapshot)'],
    ['a migration', job, 'a migration'],
  ] as const)('busy: %s', (_, stats, busy) => {
    expect(busyWith(stats)).toBe(busy);
    expect(readingOf(stats, running) !== undefined).toBe(busy === 'a migration');
  });

  test('of a completed migration say how long the guest stood still', () => {
    expect(completedOf({ ...job, type: 'completed', downtimeMs: 42 })).toEqual({
      totalMs: 4_000,
      downtimeMs: 42,
      sentBytes: 400_000,
    });
    expect(completedOf(job)).toBeUndefined();
  });
});

test.each([
  [{ state: 'running', reason: 'booted' }, running],
  [{ state: 'paused', reason: 'post-copy' }, split],
  [
    { state: 'running', reason: 'post-copy-failed' },
    { state: 'running', reason: 'post-copy-failed' },
  ],
  [
    { state: 'shut-off', reason: 'migrated' },
    { state: 'shut-off', reason: 'migrated' },
  ],
  [
    { state: 'pm-suspended', reason: 'unknown' },
    { state: 'other', reason: 'other' },
  ],
] as const)('the state %j', (state, expected) => {
  expect(stateOf(state)).toEqual(expected);
});

test.each([
  ['suspended', 'migrated', 'suspended-for-switch-over'],
  ['suspended', 'post-copy', 'suspended-for-switch-over'],
  ['suspended', 'paused', 'other'],
  ['suspended', 'post-copy-failed', 'post-copy-failed'],
  ['resumed', 'migrated', 'resumed'],
  ['resumed', 'post-copy', 'resumed-split'],
  ['resumed', 'post-copy-failed', 'post-copy-failed'],
  ['stopped', 'migrated', 'stopped'],
  ['started', 'migrated', 'other'],
] as const)('the event %s, %s', (event, detail, kind) => {
  const domain = { name: 'vm', uuid: 'u', id: 1 };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the pairs above are libvirt's
  expect(kindOf({ domain, event, detail } as Parameters<typeof kindOf>[0])).toBe(kind);
});

const release = (text: string): Parameters<typeof postCopyOf>[0] => {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
  return { major, minor, release: patch, text };
};

test.each([
  ['8.4.0', false],
  ['9.0.0', true],
  ['11.1.0', true],
  ['11.2.0', false],
  ['11.3.0', false],
  ['11.4.0', true],
  ['12.8.0', true],
])('a broken post-copy under libvirt %s', (libvirt, recoverable) => {
  expect(postCopyRecoveryOf(release(libvirt)).allowed).toBe(recoverable);
});

test.each([
  ['12.8.0', '11.1.2', true],
  ['12.8.0', '2.5.0', false],
  ['1.2.9', '2.6.0', false],
])('post-copy under libvirt %s and QEMU %s', (libvirt, qemu, allowed) => {
  expect(postCopyOf(release(libvirt), release(qemu)).allowed).toBe(allowed);
});

test.each([
  ['12.8.0', '11.1.0', true, true],
  ['9.0.0', '7.2.0', true, false],
  ['12.8.0', '4.2.0', true, false],
  ['5.1.0', '4.0.0', false, false],
  ['12.8.0', '3.1.0', false, false],
])('streams under libvirt %s and QEMU %s', (libvirt, qemu, parallel, compressed) => {
  const versions = [release(libvirt), release(qemu)] as const;
  expect(parallelStreamsOf(...versions).allowed).toBe(parallel);
  expect(compressionOf(...versions).allowed).toBe(compressed);
});

test.each([
  [9, 'internal error: Postcopy is not supported', 'hypervisor.no-post-copy'],
  [
    67,
    "unsupported configuration: Unsupported compression method 'zstd'",
    'hypervisor.no-compression',
  ],
  [
    1,
    "internal error: unable to execute QEMU command 'migrate-set-parameters': Parameter 'multifd-compression' does not accept value 'zstd'",
    'hypervisor.no-compression',
  ],
  [38, 'unable to connect to server at h2:16509: No route to host', 'host.peer-unreachable'],
  [81, 'Unsafe migration: Migration without shared storage is unsafe', 'preflight.refused'],
  [
    1,
    "internal error: Unable to find an unused port in range 'migration' (49152-49215)",
    'host.busy',
  ],
  [
    68,
    'Timed out during operation: cannot acquire state change lock (held by monitor=remoteDispatchDomainMigratePerform3Params)',
    'domain.busy',
  ],
  [9, 'operation failed: something else', 'hypervisor.failed'],
])('libvirt error %d, %s', (code, message, ours) => {
  const error = new LibvirtError('domainMigrate', { code, domain: 10, message, level: 2 });
  expect(translated(error, 'h1')).toMatchObject({
    code: ours,
    message: `h1: ${message}`,
    cause: error,
  });
});

test('a lost connection is a host that cannot be reached, and a bug stays a bug', () => {
  expect(translated(new ConnectionClosedError('gone'), 'h1')).toMatchObject({
    code: 'host.unreachable',
  });
  const bug = new TypeError('x is undefined');
  expect(translated(bug, 'h1')).toBe(bug);
  expect(bug).not.toBeInstanceOf(DroverError);
});
