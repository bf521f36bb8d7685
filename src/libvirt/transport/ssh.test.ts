import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { CallAbortedError, TransportError } from '../errors.ts';
import { parseLibvirtUri } from '../uri.ts';
import { openStream } from './open.ts';
import type { ByteStream } from './transport.ts';

const folder = mkdtempSync(join(tmpdir(), 'ssh-'));

afterAll(() => rmSync(folder, { recursive: true }));

/** Opens a stream over a program that stands where ssh would. */
function openOver(script: string, signal?: AbortSignal): Promise<ByteStream> {
  const program = join(folder, 'ssh');
  writeFileSync(program, `#!/bin/sh\necho $$ >${folder}/pid\n${script}\n`);
  chmodSync(program, 0o755);
  const uri = parseLibvirtUri(`qemu+ssh://h/system?command=${encodeURIComponent(program)}`);
  return openStream(uri, { signal });
}

function runs(): boolean {
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('bytes go both ways, in whole and in order, however slowly they are taken', async () => {
  const stream = await openOver('exec cat');
  const sent = Array.from({ length: 400_000 }, (_, index) => `${index}\n`).join('');
  stream.end(sent);
  expect(await text(stream)).toBe(sent);
  await expect.poll(runs).toBe(false);
});

test('what ssh complains about is the error', async () => {
  const stream = await openOver('echo "Host key verification failed." >&2; exit 255');
  await expect(text(stream)).rejects.toThrow(
    new TransportError('ssh to h ended: Host key verification failed.'),
  );
});

test('a complaint comes before the end, also when the output ends first', async () => {
  const stream = await openOver('exec >&-; sleep 0.2; echo late >&2; exit 3');
  await expect(text(stream)).rejects.toThrow('ssh to h ended: late');
});

test.each([
  ['exit 7', 'exit code 7'],
  ['kill -9 $$', 'signal SIGKILL'],
])('an ssh that says nothing ends in %s', async (script, told) => {
  await expect(text(await openOver(script))).rejects.toThrow(`ssh to h ended: ${told}`);
});

test('writing to an ssh that has ended is not a failure of its own', async () => {
  const stream = await openOver('echo refused >&2; exit 1');
  const failed = new Promise((resolve) => {
    stream.once('error', resolve);
  });
  const timer = setInterval(() => stream.writable && stream.write('x'.repeat(10_000)), 1);
  expect(await failed).toMatchObject({ message: 'ssh to h ended: refused' });
  clearInterval(timer);
});

test('with the stream ends the program', async () => {
  const stream = await openOver('echo there; exec sleep 60');
  await new Promise((resolve) => {
    stream.once('data', resolve);
  });
  stream.destroy();
  await expect.poll(runs).toBe(false);
});

test('a program that is not there is named', async () => {
  const uri = parseLibvirtUri('qemu+ssh://h/system?command=/nowhere/ssh');
  await expect(openStream(uri)).rejects.toThrow(/^\/nowhere\/ssh cannot be started: .*ENOENT/);
});

test('one that was given up before it began does not begin', async () => {
  const given = openOver('exec sleep 60', AbortSignal.abort());
  await expect(given).rejects.toBeInstanceOf(CallAbortedError);
});
