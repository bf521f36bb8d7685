import { describe, expect, test, vi } from 'vitest';
import { connectOver } from './connect-over.ts';
import { ArgumentError, AuthenticationError, CallTimeoutError, LibvirtError } from './errors.ts';
import type { LifecycleEvent } from './events.ts';
import type { TypedParameter } from './protocol/types.ts';
import { FakeDaemon, Refusal, silence } from './testing/fake-daemon.ts';

const reference = { name: 'vm', uuid: '4dea22b3-1d52-d8f3-2516-782e98ab3fa0', id: 7 };

const patience = { timeout: 15_000, interval: 5 };

function open(daemon: FakeDaemon, options = {}) {
  const target = { uri: 'fake', remoteUri: 'qemu:///system', reach: daemon.reach };
  return connectOver(target, options);
}

async function withVm() {
  const daemon = new FakeDaemon();
  daemon.answer('domainLookupByName', () => reference);
  const connection = await open(daemon);
  return { daemon, connection, vm: await connection.lookupByName('vm') };
}

describe('the handshake', () => {
  test('authenticates, asks for keepalive, opens the URI, in this order', async () => {
    const daemon = new FakeDaemon();
    const opened: unknown[] = [];
    daemon.answer('connectOpen', (args) => void opened.push(args));
    await open(daemon, { readOnly: true });
    expect(daemon.peer.received).toEqual(['authList', 'connectSupportsFeature', 'connectOpen']);
    expect(opened).toEqual([{ name: 'qemu:///system', flags: 1 }]);
  });

  test('without keepalive the daemon is not asked to probe', async () => {
    const daemon = new FakeDaemon();
    await open(daemon, { keepAlive: false });
    expect(daemon.peer.received).toEqual(['authList', 'connectOpen']);
  });

  test.each([
    ['polkit lets in', [2], 1, 'open'],
    ['polkit refuses', [2], 0, 'polkit did not let this user in'],
    ['only SASL is offered', [1], 0, demand('SASL')],
    ['an unknown way is offered', [9], 0, demand('type 9')],
    ['none is offered beside SASL', [1, 0], 0, 'open'],
  ])('%s', async (_, offered, complete, words) => {
    const daemon = new FakeDaemon();
    daemon.answer('authList', () => offered);
    daemon.answer('authPolkit', () => complete);
    const outcome = await open(daemon).then(
      () => 'open',
      (error: unknown) => (error instanceof AuthenticationError ? error.message : error),
    );
    expect(outcome).toBe(words);
  });

  test.each([
    [
      'a refusal',
      () => {
        throw new Refusal(38, 'no such driver');
      },
      LibvirtError,
    ],
    ['silence', (): typeof silence => silence, CallTimeoutError],
  ])('%s to the open call ends the attempt', async (_, answer, kind) => {
    const daemon = new FakeDaemon();
    daemon.answer('connectOpen', answer);
    await expect(open(daemon, { connectTimeoutMs: 30 })).rejects.toBeInstanceOf(kind);
  });

  test('keepalive without an interval is refused before anything is opened', async () => {
    const daemon = new FakeDaemon();
    const keepAlive = { intervalMs: 0, count: 1 };
    await expect(open(daemon, { keepAlive })).rejects.toBeInstanceOf(ArgumentError);
    expect(daemon.peers).toEqual([]);
  });
});

describe('subscriptions', () => {
  const event = { domain: reference, event: 3, detail: 8 };

  test('an event that overtakes the answer to its subscription is not lost', async () => {
    const { daemon, connection, vm } = await withVm();
    daemon.answer('connectGetHostname', () => 'host');
    daemon.answer('connectDomainEventCallbackRegisterAny', (_args, peer) => {
      peer.emit('lifecycle', { callback: 5, ...event });
      peer.emit('lifecycle', { callback: 6, ...event });
      return 5;
    });
    const seen: LifecycleEvent[] = [];
    await connection.subscribe('lifecycle', (e) => void seen.push(e), { domain: vm });
    // What is answered after it has come through after it.
    await connection.hostname();
    expect(seen).toEqual([{ domain: reference, event: 'suspended', detail: 'post-copy-failed' }]);
  });

  test('nothing arrives after unsubscribing, and unsubscribing from a dead daemon is no error', async () => {
    const { daemon, connection } = await withVm();
    daemon.answer('connectGetHostname', () => 'host');
    let callback = 0;
    daemon.answer('connectDomainEventCallbackRegisterAny', () => {
      callback += 1;
      return callback;
    });
    daemon.answer('connectDomainEventCallbackDeregisterAny', () => undefined);
    const seen: unknown[] = [];
    const first = await connection.subscribe('lifecycle', (e) => seen.push(e));
    const second = await connection.subscribe('lifecycle', (e) => seen.push(e));
    await first.unsubscribe();
    daemon.emit('lifecycle', { callback: 1, ...event });
    await connection.hostname();
    expect(seen).toEqual([]);
    daemon.peer.die();
    await connection.closed;
    await second.unsubscribe();
  });
});

describe('migrations', () => {
  test('carry their parameters, each of the type that libvirt wants', async () => {
    const { daemon, vm } = await withVm();
    const sent: { flags: number; parameters: readonly TypedParameter[] }[] = [];
    daemon.answer('domainMigratePerform3Params', ({ flags, parameters }) => {
      sent.push({ flags, parameters });
      return new Uint8Array();
    });
    await vm.migratePeerToPeer('qemu+tcp://b/system', {
      postCopy: true,
      autoConverge: { initialPercent: 20 },
      bandwidthMiBPerSecond: 100,
      migrateDisks: ['vda', 'vdb'],
      persistDestination: true,
      undefineSource: true,
    });
    expect(sent).toEqual([
      {
        // live, peer to peer, persist, undefine, auto-converge, post-copy
        flags: 0b1010_0000_0001_1011,
        parameters: [
          { field: 'migrate_disks', value: { type: 'string', value: 'vda' } },
          { field: 'migrate_disks', value: { type: 'string', value: 'vdb' } },
          { field: 'bandwidth', value: { type: 'ullong', value: 100n } },
          { field: 'auto_converge.initial', value: { type: 'int', value: 20 } },
        ],
      },
    ]);
  });

  test('go over connections of their own, three on each, which end with them', async () => {
    const { daemon, connection, vm } = await withVm();
    const arrived = Promise.withResolvers<Uint8Array>();
    daemon.answer('domainMigratePerform3Params', () => arrived.promise);
    daemon.answer('connectGetHostname', () => 'host');
    const running = Array.from({ length: 7 }, () =>
      vm.migratePeerToPeer('qemu+tcp://b/system', {}),
    );
    const carried = (): readonly number[] =>
      daemon.peers.map(
        ({ received }) => received.filter((name) => name === 'domainMigratePerform3Params').length,
      );
    await vi.waitFor(() => expect(carried()).toEqual([0, 3, 3, 1]), patience);
    expect(await connection.hostname()).toBe('host');
    arrived.resolve(new Uint8Array());
    await Promise.all(running);
    const ended = daemon.peers.map(({ received }) => received.includes('connectClose'));
    expect(ended).toEqual([false, true, true, true]);
  });

  test('that wait when the connection closes reject', async () => {
    const { daemon, connection, vm } = await withVm();
    daemon.answer('domainMigratePerform3Params', () => silence);
    const waiting = vm.migratePeerToPeer('qemu+tcp://b/system', {});
    const outcome = waiting.catch((error: unknown) => error);
    const begun = (): boolean =>
      daemon.peers.some(({ received }) => received.includes('domainMigratePerform3Params'));
    await vi.waitFor(() => expect(begun()).toBe(true), patience);
    await connection.close();
    expect(await outcome).toMatchObject({ name: 'ConnectionClosedError' });
    expect(await connection.closed).toBeUndefined();
  });

  test('are told in bytes, ms and pages, and as nothing when there is none', async () => {
    const { daemon, vm } = await withVm();
    const answers = [
      {
        type: 2,
        parameters: [
          { field: 'operation', value: { type: 'int' as const, value: 5 } },
          ullong('memory_remaining', 2n ** 33n),
          ullong('memory_dirty_rate', 77n),
          ullong('downtime', 250n),
          { field: 'errmsg', value: { type: 'string' as const, value: 'why' } },
          ullong('of_another_time', 1n),
        ],
      },
      { type: 0, parameters: [] },
    ];
    daemon.answer('domainGetJobStats', () => answers.shift() ?? { type: 0, parameters: [] });
    expect(await vm.jobStats()).toEqual({
      type: 'unbounded',
      operation: 'migration-out',
      memoryRemainingBytes: 2 ** 33,
      memoryDirtyRatePagesPerSecond: 77,
      downtimeMs: 250,
      errorMessage: 'why',
    });
    expect(await vm.jobStats()).toBeUndefined();
  });
});

test('a dirty rate counts only when it was measured', async () => {
  const { daemon, vm } = await withVm();
  const records = [measure(1), measure(2), []];
  daemon.answer('connectGetAllDomainStats', () => [
    { domain: reference, parameters: records.shift() ?? [] },
  ]);
  expect(await vm.dirtyRate()).toEqual({ status: 'measuring', seconds: 1 });
  expect(await vm.dirtyRate()).toEqual({
    status: 'measured',
    seconds: 1,
    bytesPerSecond: 3 * 2 ** 20,
  });
  expect(await vm.dirtyRate()).toBeUndefined();
});

function demand(what: string): string {
  return `the daemon demands ${what} authentication, which this client does not have`;
}

function ullong(field: string, value: bigint): TypedParameter {
  return { field, value: { type: 'ullong', value } };
}

function measure(status: number): TypedParameter[] {
  return [
    { field: 'dirtyrate.calc_status', value: { type: 'int', value: status } },
    { field: 'dirtyrate.calc_period', value: { type: 'int', value: 1 } },
    { field: 'dirtyrate.megabytes_per_second', value: { type: 'llong', value: 3n } },
  ];
}
