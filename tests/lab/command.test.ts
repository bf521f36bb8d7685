import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/fleet/config.ts';
import { run } from '../../src/lab/run.ts';
import { labFolder } from './machine.ts';

const program = fileURLToPath(new URL('../../bin/drover.js', import.meta.url));
let dir: string;

async function drover(...args: string[]) {
  return await run([process.execPath, program, 'lab', '--lab-dir', dir, ...args]);
}

beforeAll(async () => {
  dir = await labFolder();
  const { code, stderr } = await drover('up', '--hosts', '2', '--link', '300mbit');
  if (code !== 0) throw new Error(stderr);
}, 600_000);

afterAll(async () => {
  await drover('down');
});

async function json(...args: string[]): Promise<unknown> {
  return JSON.parse((await drover(...args, '-o', 'json')).stdout);
}

describe('drover lab', () => {
  it('runs programs on a host as if they ran here', async () => {
    const result = await drover('exec', 'h2', '--', 'sh', '-c', 'hostname; echo oh >&2; exit 9');
    expect(result).toEqual({ code: 9, stdout: 'h2\n', stderr: 'oh\n' });
    expect(await drover('exec', 'h9', '--', 'true')).toMatchObject({ code: 3 });
  });

  it('tells how its hosts are reached', async () => {
    const { stdout } = await drover('config');
    for (const name of ['h1', 'h2']) {
      const uri = (await drover('uri', name)).stdout.trim();
      const peerUri = (await drover('uri', name, '--peer')).stdout.trim();
      expect(parseConfig(stdout, 'lab.yaml').hosts[name]).toMatchObject({ uri, peerUri });
    }
  });

  it('shows links and cuts, and changes them', async () => {
    await drover('shape', 'h1', '--rate', 'none');
    await drover('cut', 'h1', '--from', 'h2');
    expect(await json('status')).toMatchObject({
      dir,
      hosts: [
        { name: 'h1', power: 'on', daemon: 'running', link: null, cutFrom: ['h2'] },
        { name: 'h2', power: 'on', daemon: 'running', link: 300e6, cutFrom: ['h1'] },
      ],
    });
    await drover('heal');
    expect(await json('status')).toMatchObject({ hosts: [{ cutFrom: [] }, { cutFrom: [] }] });
  });

  it('starts guests, finds them where they have gone, and ends them', async () => {
    const guest = ['g1', '--host', 'h1', '--memory', '16MiB', '--class', 'panda'];
    expect(await drover('guest', 'add', ...guest)).toMatchObject({ code: 0 });
    expect(await drover('guest', 'add', ...guest)).toMatchObject({ code: 4 });
    const peer = (await drover('uri', '--peer', 'h2')).stdout.trim();
    const migrate = ['virsh', '-q', 'migrate', '--live', '--p2p', 'g1', peer];
    expect(await drover('exec', 'h1', '--', ...migrate)).toMatchObject({ code: 0 });
    expect(await json('guest', 'list')).toEqual([{ name: 'g1', host: 'h2' }]);
    const work = ['guest', 'set-workload', 'g1', 'sequential:rate=1MiB/s,set=4MiB'];
    expect(await drover(...work)).toMatchObject({ code: 0 });
    expect(await drover('guest', 'remove', 'g1')).toMatchObject({ code: 0 });
    expect(await drover('guest', 'remove', 'g1')).toMatchObject({ code: 3 });
  });

  it('kills and starts', async () => {
    await drover('kill', 'h1', 'libvirtd');
    await drover('kill', 'h2', 'host');
    expect(await json('status')).toMatchObject({
      hosts: [
        { power: 'on', daemon: 'stopped' },
        { power: 'off', daemon: 'stopped' },
      ],
    });
    expect(await drover('kill', 'h2', 'host')).toMatchObject({ code: 4 });
    for (const host of ['h1', 'h2']) expect(await drover('start', host)).toMatchObject({ code: 0 });
    const running = { power: 'on', daemon: 'running' };
    expect(await json('status')).toMatchObject({ hosts: [running, running] });
    expect(await drover('break-postcopy', 'h1')).toMatchObject({ code: 4 });
  });

  it('finds that a machine on which it runs lacks nothing', async () => {
    expect(await drover('doctor', '--packages')).toMatchObject({ code: 0, stdout: '' });
    expect(await drover('doctor')).toMatchObject({ code: 0 });
  });
});
