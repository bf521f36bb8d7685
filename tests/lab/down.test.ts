import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addGuest, parseWorkload } from '../../src/lab/guest/index.ts';
import { createLab, downLab, type Lab } from '../../src/lab/index.ts';
import { hostNamespace, labId, namespacePath } from '../../src/lab/names.ts';
import { namespacesOf } from '../../src/lab/network.ts';
import { killAll, processesIn, waitUntil } from '../../src/lab/processes.ts';
import { must } from '../../src/lab/run.ts';
import { interfaces, labFolder, remainsOf } from './machine.ts';

const drover = fileURLToPath(new URL('../../bin/drover.js', import.meta.url));
let dir: string;

beforeEach(async () => {
  dir = await labFolder();
});

afterEach(async () => {
  await downLab(dir);
});

async function labWithGuest(): Promise<Lab> {
  const lab = await createLab({ dir, hosts: 2 });
  await addGuest(lab.host('h1'), {
    name: 'guest',
    class: 'pet',
    kind: 'beat',
    memoryBytes: 16 * 1024 ** 2,
    workload: parseWorkload('idle'),
  });
  return lab;
}

describe('down leaves nothing', () => {
  it.each<[string, (lab: Lab) => Promise<void>]>([
    ['when all is well', async () => undefined],
    [
      'after kill -9 of everything',
      async ({ id }) => {
        for (const name of await namespacesOf(id)) killAll(await processesIn(namespacePath(name)));
      },
    ],
    ['when its notes are lost', async () => await rm(dir, { recursive: true })],
    [
      "when its namespaces' names are gone",
      async ({ id }) => {
        for (const name of await namespacesOf(id)) await must(['ip', 'netns', 'delete', name]);
      },
    ],
    ['after a power cut', async (lab) => await lab.kill('h1', 'host')],
  ])('%s', async (_when, damage) => {
    const before = await interfaces();
    const lab = await labWithGuest();
    await damage(lab);
    expect(await downLab(dir)).toBe(true);
    expect(await remainsOf(dir, lab.id)).toEqual([]);
    expect(await interfaces()).toEqual(before);
    expect(await downLab(dir)).toBe(false);
  });

  it.each([
    ['the switch', (id: string) => namespacePath(`drover-${id}-SWITCH`)],
    ['the first host', (id: string) => namespacePath(hostNamespace(id, 'h1'))],
    ['a daemon', () => join(dir, 'hosts/h2/run/libvirtd.pid')],
  ])('when up was killed as soon as there was %s', async (_what, sign) => {
    const path = sign(labId(dir));
    const up = spawn(process.execPath, [drover, 'lab', 'up', '--hosts', '4', '--lab-dir', dir]);
    await waitUntil('up is under way', async () => existsSync(path));
    up.kill('SIGKILL');
    await once(up, 'exit');
    await downLab(dir);
    expect(await remainsOf(dir, labId(dir))).toEqual([]);
  });
});

describe('an up that fails', () => {
  let cache: string;

  /** A tree in which there is no program at all. */
  async function emptyTree(suite: string): Promise<void> {
    cache = await labFolder();
    const tree = join(cache, 'roots', suite);
    for (const part of ['usr', 'etc', 'tmp', 'proc', 'sys', 'dev', 'run', 'var/lib/dpkg']) {
      await mkdir(join(tree, part), { recursive: true });
    }
    const marker = {
      recipe: 1,
      suite,
      id: randomUUID(),
      qemuVersion: '1.0',
      libvirtVersion: '1.0',
    };
    await writeFile(join(tree, '.drover-root.json'), JSON.stringify(marker));
    vi.stubEnv('DROVER_CACHE_DIR', cache);
  }

  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(cache, { recursive: true });
  });

  it('says which host does not boot, and leaves nothing', async () => {
    await emptyTree('hollow');
    const warnings: string[] = [];
    const onProgress = (message: string) => warnings.push(message);
    await expect(createLab({ dir, suite: 'hollow', onProgress })).rejects.toMatchObject({
      code: 'lab.failed',
      message: expect.stringContaining('h1 does not boot'),
    });
    expect(warnings).toEqual([expect.stringContaining('damages the memory of emulated guests')]);
    expect(await remainsOf(dir, labId(dir))).toEqual([]);
    expect(existsSync(dir)).toBe(false);
  });
});

describe('what is not the lab\u2019s', () => {
  let sleeper: ChildProcess | undefined;
  let foreign: readonly string[] = [];

  afterEach(async () => {
    sleeper?.kill('SIGKILL');
    for (const name of foreign) await must(['ip', 'netns', 'delete', name]);
  });

  it('is left alone: other namespaces, their processes, other files in the directory', async () => {
    const id = labId(dir);
    // Near misses: the lab's own id somewhere in the name, and the names of another lab.
    foreign = [`other-${id}-h1`, `drover-${id}`, `drover-x${id.slice(1)}-h1`];
    for (const name of foreign) await must(['ip', 'netns', 'add', name]);
    sleeper = spawn('ip', ['netns', 'exec', foreign[0] ?? '', 'sleep', '60'], { stdio: 'ignore' });
    await mkdir(join(dir, 'mine'));

    await labWithGuest();
    await downLab(dir);

    const names = await must(['ip', 'netns', 'list']);
    for (const name of foreign) expect(names).toContain(name);
    expect(sleeper.exitCode ?? sleeper.signalCode).toBeNull();
    expect(existsSync(join(dir, 'mine'))).toBe(true);
    await rm(dir, { recursive: true });
  });
});
