import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { storeFile } from '../fleet/state-dir.ts';
import { openStore } from '../store/open.ts';
import { runComplete } from './run-complete.ts';

let dir: string;
let config: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-complete-'));
  config = join(dir, 'fleet.yaml');
  await writeFile(config, 'hosts:\n  h1: { uri: "qemu+tcp://192.0.2.1/system" }\n');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true });
});

async function completed(...words: readonly string[]): Promise<string> {
  let text = '';
  const out = { write: (piece: string) => (text += piece) };
  const env = { DROVER_STATE_DIR: dir, XDG_CONFIG_HOME: dir, HOME: dir };
  const io = { out, err: { write: () => undefined }, env, endWith: () => undefined };
  const program = new Command();
  program.command('show <vm>').option('--from <host>').option('--config <file>');
  await runComplete(io, program, words);
  return text;
}

/** A timer that has run out before it is set. */
function atOnce(work: () => void): NodeJS.Timeout {
  work();
  return setInterval(() => undefined, 1_000_000).unref();
}

it('has the names that were last seen, however loaded the machine is, and asks no host', async () => {
  const store = await openStore({ kind: 'sqlite', path: storeFile({ DROVER_STATE_DIR: dir }) });
  const vm = {
    uuid: 'u',
    name: 'web',
    host: 'h1',
    state: 'running',
    memoryBytes: 1,
    virtualCpus: 1,
    slaClass: 'pet',
    foreignJob: false,
    split: false,
    seenAt: 1,
  } as const;
  await store.vms.seen('h1', [vm], 1);
  await store.close();
  // On a loaded machine every timer has run out before anything else is done.
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(atOnce);
  expect(await completed('show', '--config', config, 'w')).toBe('web\tpet on h1\n');
});

it('has the hosts of the config file that is typed, and makes no store', async () => {
  expect(await completed('show', 'web', '--config', config, '--from', '')).toBe(
    'h1\tqemu+tcp://192.0.2.1/system\n',
  );
  expect(await completed('show', 'web', `--config=${config}`, '--from', 'x')).toBe('');
  expect(await completed('show', '--config', config, '')).toBe('');
  expect(await readdir(dir)).toEqual(['fleet.yaml']);
});
