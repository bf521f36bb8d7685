import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DroverError } from '../../errors/catalogue.ts';
import { withChecksum, withoutChecksum } from './line.ts';

/** A guest answers at its next beat; one that is being switched over may be silent for longer. */
const answerMs = 2_000;
const pauseMs = 100;

/**
 * Says one line to the guest whose second serial port is this socket and waits until it agrees.
 * Tries again while it is silent: a line that got lost in a switch-over changes nothing, and one
 * that is obeyed twice does no harm. Throws `lab.failed` when there is no guest behind the socket,
 * when it refuses, or when it is silent for `timeoutMs`.
 */
export async function tellGuest(
  socketPath: string,
  text: string,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask(socketPath, text);
    if (answer === 'ok') return;
    if (answer !== undefined && answer !== 'no checksum') {
      throw new DroverError('lab.failed', `the guest does not understand '${text}': ${answer}`);
    }
    if (performance.now() > deadline) {
      throw new DroverError('lab.failed', `the guest at ${socketPath} does not answer`, {
        hint: 'look at its state with `drover lab status`',
      });
    }
    await sleep(pauseMs);
  }
}

async function ask(socketPath: string, text: string): Promise<string | undefined> {
  const socket = await open(socketPath);
  try {
    // The empty line ends what an earlier attempt may have left half said.
    socket.write(`\n${withChecksum(text)}\n`);
    return await firstWholeLine(socket);
  } finally {
    socket.destroy();
  }
}

/** A socket's address has at most 107 bytes, but its folder can be reached through a descriptor. */
async function open(socketPath: string): Promise<Socket> {
  let folder: number | undefined;
  try {
    folder = openSync(dirname(socketPath), 'r');
    const socket = createConnection(`/proc/self/fd/${folder}/${basename(socketPath)}`);
    await once(socket, 'connect');
    return socket;
  } catch (cause) {
    throw new DroverError('lab.failed', `there is no guest behind ${socketPath}`, { cause });
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}

/** `undefined` when none comes in time. */
async function firstWholeLine(socket: Socket): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let received = '';
  socket.on('data', (data) => {
    received += data.toString('latin1');
    const lines = received.split('\n');
    received = lines.pop() ?? '';
    const whole = lines.map(withoutChecksum).find((line) => line !== undefined);
    if (whole !== undefined) resolve(whole);
  });
  // The guest went away, or moved, while it was asked: the next attempt says which.
  socket.on('close', () => resolve(undefined));
  socket.on('error', () => resolve(undefined));
  const timer = setTimeout(() => resolve(undefined), answerMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
