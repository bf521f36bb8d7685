import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab } from '../../src/lab/index.ts';
import { type RunResult, run } from '../../src/lab/run.ts';
import { connect } from '../../src/libvirt/index.ts';
import { idleDomainXml } from '../../src/libvirt/testing/conformance.ts';
import { labFolder } from '../lab/machine.ts';

const examples = join(import.meta.dirname, '../../examples/libvirt');
let folder: string;
let lab: Lab;

beforeAll(async () => {
  folder = await labFolder();
  lab = await createLab({ dir: folder, hosts: 2 });
  const connection = await connect(lab.host('h1').uri);
  await connection.createDomain(idleDomainXml('guest'));
  await connection.close();
}, 600_000);

afterAll(async () => {
  await lab.down();
  await rm(folder, { recursive: true, force: true });
});

async function example(name: string, ...args: readonly string[]): Promise<RunResult> {
  const argv = [process.execPath, join(examples, `${name}.ts`), ...args];
  return await run(argv, { timeoutMs: 60_000 });
}

/** One that runs until it is told to end, and has said that it is there. */
async function watching(uri: string): Promise<ChildProcessWithoutNullStreams> {
  const child = spawn(process.execPath, [join(examples, 'watch.ts'), uri]);
  await said(child, 'watching');
  return child;
}

async function said(child: ChildProcessWithoutNullStreams, words: string): Promise<string> {
  let output = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    if (output.includes(words)) return output;
  }
  throw new Error(`it ended without '${words}': ${output}`);
}

test('there is no example that this test does not run', () => {
  expect(readdirSync(examples).toSorted()).toEqual([
    'label.ts',
    'list.ts',
    'migrate.ts',
    'watch.ts',
  ]);
});

test('list', async () => {
  const { code, stdout } = await example('list', lab.host('h1').uri);
  const { libvirtVersion } = lab.host('h1');
  expect(stdout).toMatch(new RegExp(`^h1: libvirt ${libvirtVersion}, QEMU .*, \\d+ CPUs\n`));
  expect(stdout).toContain('guest  running (booted)  16 MiB');
  expect(code).toBe(0);
});

test('label', async () => {
  const { uri } = lab.host('h1');
  expect((await example('label', uri, 'guest')).stdout).toBe('no label\n');
  expect((await example('label', uri, 'guest', 'a < b')).stdout).toMatch(/>a &lt; b<\/label>\n$/);
  const missing = await example('label', uri, 'nobody');
  expect(missing).toMatchObject({ code: 1, stderr: "there is no domain 'nobody'\n" });
});

test('migrate, watched', async () => {
  const [source, destination] = [lab.host('h1'), lab.host('h2')];
  const watcher = await watching(source.uri);
  const toldAll = said(watcher, 'guest: stopped (migrated)');
  const { code, stdout } = await example('migrate', source.uri, 'guest', destination.peerUri);
  expect(stdout).toMatch(/guest has moved\n$/);
  expect(code).toBe(0);
  expect(await toldAll).toMatch(/guest: suspended \(migrated\)/);
  watcher.kill('SIGINT');
  expect(await once(watcher, 'exit')).toEqual([0, null]);
  const there = await example('list', destination.uri);
  expect(there.stdout).toContain('guest  running (migrated)');
});

test('migrate, to where nobody is', async () => {
  const source = lab.host('h2').uri;
  const { code, stderr } = await example(
    'migrate',
    source,
    'guest',
    'qemu+tcp://127.0.0.1:1/system',
  );
  expect(stderr).toMatch(/^guest has not moved \([a-z-]+\): ./);
  expect(code).toBe(1);
});

test('watch tells when the daemon is gone', async () => {
  const watcher = await watching(lab.host('h2').uri);
  let complaint = '';
  watcher.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const closed = once(watcher, 'close');
  await lab.kill('h2', 'libvirtd');
  expect(await closed).toEqual([1, null]);
  expect(complaint).toContain('the connection is lost: ');
});
