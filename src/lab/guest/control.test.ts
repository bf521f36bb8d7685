import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tellGuest } from './control.ts';
import { withChecksum, withoutChecksum } from './line.ts';

let directory: string;
let server: Server | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'drover-control-'));
});
afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

/** A guest that answers its connections with these, in order, the last again and again. */
async function guestSaying(...answers: string[]): Promise<{ path: string; heard: string[] }> {
  const heard: string[] = [];
  server = createServer((socket) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      heard.push(...data.toString().trim().split('\n'));
      if (answer === 'gone') socket.destroy();
      else socket.write(answer ?? '');
    });
  });
  const path = join(directory, 'c');
  server.listen(path);
  await once(server, 'listening');
  return { path, heard };
}

const answer = (text: string) => `${withChecksum(text)}\n`;

describe('talking to a guest', () => {
  it('ends when the guest agrees', async () => {
    const { path, heard } = await guestSaying(answer('ok'));
    await tellGuest(path, 'w pattern=idle');
    expect(heard.map(withoutChecksum)).toEqual(['w pattern=idle']);
  });

  it.each([
    ['heard it in part', answer('no checksum')],
    ['went away', 'gone'],
  ])('is tried again when the guest %s', async (_what, first) => {
    const { path, heard } = await guestSaying(first, answer('ok'));
    await tellGuest(path, 'd page=1');
    expect(heard.map(withoutChecksum)).toEqual(['d page=1', 'd page=1']);
  });

  it('takes no answer that is torn', async () => {
    const { path } = await guestSaying(`ok*0000\n${answer('ok')}`);
    await expect(tellGuest(path, 'w pattern=idle')).resolves.toBeUndefined();
  });

  it('fails when the guest refuses', async () => {
    const { path } = await guestSaying(answer('no pattern=odd'));
    await expect(tellGuest(path, 'w pattern=odd')).rejects.toThrow(
      "the guest does not understand 'w pattern=odd': no pattern=odd",
    );
  });

  it('fails when the guest never agrees', async () => {
    const { path } = await guestSaying('gone');
    await expect(tellGuest(path, 'w pattern=idle', 50)).rejects.toThrow('does not answer');
  });

  it('fails when there is no guest', async () => {
    await expect(tellGuest(join(directory, 'none'), 'w')).rejects.toThrow(
      'there is no guest behind',
    );
  });

  it('reaches a socket whose path is longer than its address may be', async () => {
    const deep = join(directory, 'x'.repeat(120));
    mkdirSync(deep);
    const { heard } = await guestSaying(answer('ok'));
    // The same socket by a long way.
    await tellGuest(`${deep}/../c`, 'w pattern=idle');
    expect(heard).toHaveLength(1);
  });
});
