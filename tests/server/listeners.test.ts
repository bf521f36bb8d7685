import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { serverSchema } from '../../src/fleet/server-settings.ts';
import { type Door, openPort } from '../../src/server/listen.ts';
import { type AppStage, local, setAppStage } from '../../src/server/testing/stage-app.ts';

let stage: AppStage;
let door: Door;
let closed: Promise<void> | undefined;
beforeEach(async () => {
  closed = undefined;
  stage = await setAppStage();
  door = await openPort(stage.app, serverSchema.parse({ listen: '127.0.0.1:0' }));
});
afterEach(async () => {
  stage.stop();
  await close();
  await stage.end();
});

function close(): Promise<void> {
  return (closed ??= door.close());
}

/** Somebody who listens, by hand: what he does not read stays on the way. */
async function listen(): Promise<Socket> {
  const body = { name: 'listener', role: 'viewer' };
  const answer = await stage.ask('POST', '/v1/tokens', { peer: local, body });
  const { secret } = z.object({ secret: z.string() }).parse(await answer.json());
  const { hostname, port } = new URL(door.address);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET /v1/events HTTP/1.1\r\nHost: drover\r\nAuthorization: Bearer ${secret}\r\n\r\n`,
  );
  return socket;
}

async function streams(): Promise<number> {
  const metrics = await (await stage.ask('GET', '/metrics')).text();
  return Number(/^drover_event_streams (\d+)$/m.exec(metrics)?.[1]);
}

/** Waits until there are so many; the test's own limit ends it. */
async function untilStreams(count: number): Promise<number> {
  while ((await streams()) !== count) await sleep(20);
  return streams();
}

describe('a listener on the network', () => {
  test('who never reads is cut off, and what was for him is let go', async () => {
    const { clock, store } = stage.stage;
    const socket = await listen();
    try {
      await once(socket, 'readable');
      expect(await streams()).toBe(1);
      // More than any buffer on the way holds, and more events than may wait.
      const event = { at: 0, type: 'migration.notice', subject: 'm1', data: 'x'.repeat(4_000) };
      const happen = async (): Promise<void> => {
        for (let times = 0; times < 40; times += 1) {
          await store.events.append(Array.from({ length: 500 }, () => event));
          await clock.sleep(1_000);
        }
      };
      await clock.run(happen());
      expect(await untilStreams(0)).toBe(0);
    } finally {
      socket.destroy();
    }
  });

  test('who leaves is noticed', async () => {
    const socket = await listen();
    await once(socket, 'data');
    expect(await untilStreams(1)).toBe(1);
    socket.destroy();
    expect(await untilStreams(0)).toBe(0);
  });

  test('is told when the server ends, and does not hold it up', async () => {
    const socket = await listen();
    await once(socket, 'data');
    const ended = once(socket, 'close');
    stage.stop();
    await close();
    await ended;
    expect(await streams()).toBe(0);
  });
});
