import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  CallAbortedError,
  CallTimeoutError,
  ConnectionClosedError,
  KeepAliveTimeoutError,
  LibvirtError,
  ProtocolError,
  TooManyCallsError,
} from '../errors.ts';
import type { WireEvent } from '../protocol/events.ts';
import { eventFrame, FakeDaemon, Refusal, replyFrame, silence } from '../testing/fake-daemon.ts';
import { RpcConnection } from './rpc-connection.ts';

const domain = { name: 'vm', uuid: '4dea22b3-1d52-d8f3-2516-782e98ab3fa0', id: 7 };

async function connected(mostQueuedCalls = 100) {
  const daemon = new FakeDaemon();
  daemon.answer('connectGetHostname', () => 'host');
  const events: WireEvent[] = [];
  const rpc = new RpcConnection(await daemon.reach(), {
    callTimeoutMs: 0,
    mostQueuedCalls,
    onEvent: (event) => void events.push(event),
  });
  const hostname = (options = {}): Promise<string> =>
    rpc.call('connectGetHostname', undefined, options);
  return { daemon, rpc, events, hostname };
}

describe('calls', () => {
  test('an answer reaches its own call, whatever the order of answers', async () => {
    const { daemon, rpc } = await connected();
    daemon.answer('domainGetXmlDesc', async ({ flags }) => {
      await sleep(flags === 1 ? 20 : 1);
      return `xml ${flags}`;
    });
    const slow = rpc.call('domainGetXmlDesc', { domain, flags: 1 });
    const quick = rpc.call('domainGetXmlDesc', { domain, flags: 2 });
    expect(await Promise.all([slow, quick])).toEqual(['xml 1', 'xml 2']);
  });

  test("a refusal carries libvirt's own words and numbers", async () => {
    const { daemon, rpc } = await connected();
    daemon.answer('domainLookupByName', () => {
      throw new Refusal(42, 'Domain not found: vm');
    });
    const error = await rpc.call('domainLookupByName', { name: 'vm' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LibvirtError);
    expect(error).toMatchObject({
      message: 'Domain not found: vm',
      code: 'no-domain',
      codeNumber: 42,
      domain: 'qemu',
      level: 'error',
      call: 'domainLookupByName',
    });
  });

  test('never more than four are at the daemon, and never more than two that may wait', async () => {
    const { daemon, rpc } = await connected();
    let atOnce = 0;
    let most = 0;
    daemon.answer('domainSuspend', async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await sleep(1);
      atOnce -= 1;
      return undefined;
    });
    daemon.answer('connectGetCapabilities', async () => {
      await sleep(1);
      return '';
    });
    const calls = Array.from({ length: 40 }, (_, index) =>
      index % 2 === 0
        ? rpc.call('domainSuspend', { domain })
        : rpc.call('connectGetCapabilities', undefined),
    );
    await Promise.all<unknown>(calls);
    expect(daemon.peer.mostUnanswered).toBe(4);
    expect(most).toBe(2);
  });

  test('calls that hang on a lock leave room for those that do not', async () => {
    const { daemon, rpc, hostname } = await connected();
    daemon.answer('domainResume', () => silence);
    const hanging = Array.from({ length: 5 }, () => rpc.call('domainResume', { domain }));
    expect(await hostname()).toBe('host');
    rpc.cut();
    const results = await Promise.allSettled(hanging);
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
  });

  test('too many waiting calls are refused without being sent', async () => {
    const { daemon, hostname } = await connected(2);
    daemon.answer('connectGetHostname', () => silence);
    const waiting = Array.from({ length: 6 }, () => hostname({ timeoutMs: 50 }));
    await expect(hostname()).rejects.toBeInstanceOf(TooManyCallsError);
    const results = await Promise.allSettled(waiting);
    expect(results.map(({ status }) => status)).toEqual(Array(6).fill('rejected'));
    expect(daemon.peer.received).toHaveLength(4);
  });

  test('what cannot be carried is refused before it is sent', async () => {
    const { daemon, rpc } = await connected();
    await expect(rpc.call('domainLookupByName', { name: 'a\0b' })).rejects.toBeInstanceOf(
      ArgumentError,
    );
    await expect(rpc.call('domainLookupByUuid', { uuid: 'vm' })).rejects.toBeInstanceOf(
      ArgumentError,
    );
    expect(daemon.peer.received).toEqual([]);
  });
});

describe('deadlines and cancelling', () => {
  test('a call without an answer ends at its deadline; its late answer harms nobody', async () => {
    const { daemon, rpc, hostname } = await connected();
    const late = Promise.withResolvers<string>();
    daemon.answer('connectGetCapabilities', () => late.promise);
    const call = rpc.call('connectGetCapabilities', undefined, { timeoutMs: 10 });
    await expect(call).rejects.toBeInstanceOf(CallTimeoutError);
    late.resolve('late');
    expect(await hostname()).toBe('host');
  });

  test('every call ends at its own deadline, whichever was made first', async () => {
    const { daemon, hostname } = await connected();
    daemon.answer('connectGetHostname', () => silence);
    const ended: number[] = [];
    const calls = [60_000, 60, 10, 120, 0].map((timeoutMs) =>
      hostname({ timeoutMs }).finally(() => ended.push(timeoutMs)),
    );
    await Promise.allSettled(calls.slice(1, 4));
    expect(ended).toEqual([10, 60, 120]);
    daemon.peer.die();
    await Promise.allSettled(calls);
  });

  test('calls that were given up hold their place until they are answered', async () => {
    const { daemon, rpc, hostname } = await connected();
    const late = Promise.withResolvers<string>();
    daemon.answer('connectGetCapabilities', () => late.promise);
    const given = Array.from({ length: 4 }, () =>
      rpc.call('connectGetCapabilities', undefined, { timeoutMs: 10 }),
    );
    await Promise.allSettled(given);
    await expect(hostname({ timeoutMs: 20 })).rejects.toBeInstanceOf(CallTimeoutError);
    expect(daemon.peer.received).not.toContain('connectGetHostname');
    late.resolve('late');
    expect(await hostname()).toBe('host');
  });

  test.each(['before', 'while queued', 'while sent'])('a signal cancels %s', async (when) => {
    const { daemon, rpc } = await connected();
    daemon.answer('connectGetCapabilities', () => silence);
    const blockers = when === 'while queued' ? 4 : 0;
    const hanging = Array.from({ length: blockers }, () =>
      rpc.call('connectGetCapabilities', undefined),
    );
    const controller = new AbortController();
    const why = new Error('enough');
    if (when === 'before') controller.abort(why);
    const options = { signal: controller.signal };
    const call = rpc.call('connectGetCapabilities', undefined, options);
    controller.abort(why);
    const error = await call.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CallAbortedError);
    expect(error).toMatchObject({ cause: why });
    rpc.cut();
    await Promise.allSettled(hanging);
  });
});

describe('the end of a connection', () => {
  test('close says goodbye and resolves as clean', async () => {
    const { daemon, rpc, hostname } = await connected();
    await rpc.close();
    expect(await rpc.ended).toBeUndefined();
    expect(daemon.peer.received).toEqual(['connectClose']);
    await expect(hostname()).rejects.toBeInstanceOf(ConnectionClosedError);
    await rpc.close();
  });

  test('a daemon that hangs up instead of answering the goodbye is no failure', async () => {
    const { daemon, rpc } = await connected();
    daemon.answer('connectClose', (_args, peer) => {
      peer.end();
      return silence;
    });
    await rpc.close();
    expect(await rpc.ended).toBeUndefined();
  });

  test.each(['dies', 'closes its end'])(
    'all calls reject when the daemon %s, sent or not',
    async (how) => {
      const { daemon, rpc } = await connected();
      daemon.answer('domainResume', () => silence);
      const calls = Array.from({ length: 6 }, () => rpc.call('domainResume', { domain }));
      await sleep(5);
      if (how === 'dies') daemon.peer.die();
      else daemon.peer.end();
      for (const result of await Promise.allSettled(calls)) {
        expect(result).toMatchObject({ reason: expect.any(ConnectionClosedError) });
      }
      expect(await rpc.ended).toBeInstanceOf(ConnectionClosedError);
    },
  );

  const hostile: [string, Uint8Array][] = [
    ['a frame shorter than its header', Buffer.from([0, 0, 0, 27])],
    ['a frame longer than libvirt allows', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
    ['an answer to a call never made', replyFrame('connectGetHostname', 99, 'x')],
    ['an answer of another procedure', replyFrame('connectGetCapabilities', 1, 'x')],
    ['a message that ends too early', cutInside(replyFrame('connectGetHostname', 1, 'host'))],
    ['a message with bytes left over', lengthened(replyFrame('connectGetHostname', 1, 'host'))],
    ['a string longer than its message', patched(replyFrame('connectGetHostname', 1, 'x'), 28)],
    ['an unknown program', patched(replyFrame('connectGetHostname', 1, 'x'), 4)],
    ['an unknown version', patched(replyFrame('connectGetHostname', 1, 'x'), 8)],
    ['an unknown message type', patched(replyFrame('connectGetHostname', 1, 'x'), 16)],
    ['an unknown status', patched(replyFrame('connectGetHostname', 1, 'x'), 24)],
  ];

  test.each(hostile)('%s closes it with a typed error', async (_, bytes) => {
    const { daemon, rpc, hostname } = await connected();
    daemon.answer('connectGetHostname', (_args, peer) => {
      peer.sendRaw(bytes);
      return silence;
    });
    const error = await hostname().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ cause: expect.any(ProtocolError) });
    expect(await rpc.ended).toBeInstanceOf(ProtocolError);
  });

  test('half a frame is waited for, and the rest completes it', async () => {
    const { daemon, hostname } = await connected();
    daemon.answer('connectGetHostname', async (_args, peer): Promise<typeof silence> => {
      for (const byte of replyFrame('connectGetHostname', 1, 'in pieces')) {
        peer.sendRaw(Uint8Array.of(byte));
        await sleep(0);
      }
      return silence;
    });
    expect(await hostname()).toBe('in pieces');
  });
});

describe('events and keepalive', () => {
  test('events between answers arrive in order; unknown ones are passed over', async () => {
    const { daemon, events, hostname } = await connected();
    const unknown = eventFrame('lifecycle', lifecycle(9));
    unknown.writeUInt32BE(999, 12);
    daemon.answer('connectGetHostname', (_args, peer) => {
      peer.emit('lifecycle', lifecycle(0));
      peer.sendRaw(unknown);
      peer.emit('lifecycle', lifecycle(1));
      return 'host';
    });
    expect(await hostname()).toBe('host');
    expect(events.map(({ payload }) => payload)).toEqual([lifecycle(0), lifecycle(1)]);
  });

  test("the daemon's probes are answered", async () => {
    const { daemon, hostname } = await connected();
    daemon.peer.ping();
    await hostname();
    expect(daemon.peer.pongs).toBe(1);
  });

  test('a silent daemon is probed and then given up', async () => {
    const { daemon, rpc, hostname } = await connected();
    daemon.answer('connectGetHostname', () => silence);
    rpc.startKeepAlive({ intervalMs: 5, count: 3 });
    const error = await hostname().catch((e: unknown) => e);
    expect(error).toMatchObject({ cause: expect.any(KeepAliveTimeoutError) });
    expect(await rpc.ended).toBeInstanceOf(KeepAliveTimeoutError);
    expect(daemon.peer.pings).toBe(3);
  });
});

function lifecycle(detail: number) {
  return { callback: 1, domain, event: 3, detail };
}

function lengthened(frame: Buffer): Buffer {
  const longer = Buffer.concat([frame, Buffer.alloc(4)]);
  longer.writeUInt32BE(longer.length, 0);
  return longer;
}

function cutInside(frame: Buffer): Buffer {
  const shorter = Buffer.from(frame.subarray(0, frame.length - 4));
  shorter.writeUInt32BE(shorter.length, 0);
  return shorter;
}

function patched(frame: Buffer, offset: number): Buffer {
  const damaged = Buffer.from(frame);
  damaged.writeUInt32BE(0x00ff_ffff, offset);
  return damaged;
}
