import { readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addGuest, parseWorkload } from '../../src/lab/guest/index.ts';
import { createLab, downLab, type Lab, openLab } from '../../src/lab/index.ts';
import { hostNamespace, switchNamespace } from '../../src/lab/names.ts';
import { waitUntil } from '../../src/lab/processes.ts';
import { run } from '../../src/lab/run.ts';
import { interfaces, labFolder, remainsOf } from './machine.ts';

const mebibyte = 1024 ** 2;
let lab: Lab;
let before: readonly string[];

beforeAll(async () => {
  before = await interfaces();
  lab = await createLab({ dir: await labFolder(), link: 400e6 });
}, 600_000);

afterAll(async () => {
  await lab.down();
});

async function start(name: string, workload: string, memoryMiB = 16) {
  const memoryBytes = memoryMiB * mebibyte;
  const spec = { name, memoryBytes, workload: parseWorkload(workload) };
  await addGuest(lab.host('h1'), { ...spec, class: 'pet', kind: 'beat' });
}

/** Whether the daemon of one host answers the other's connection within a second. */
async function reaches(from: string, to: string): Promise<boolean> {
  const script = 'exec 3<>"/dev/tcp/$1/16509"';
  const argv = ['bash', '-c', script, 'bash', lab.host(to).ip];
  return (await lab.exec(from, argv, { timeoutMs: 1_000 })).code === 0;
}

async function statusOf(name: string) {
  return (await lab.status()).find((host) => host.name === name);
}

/** The rates of a host's link as the kernel has them: what it sends, what it receives. */
async function rates(index: number): Promise<readonly string[]> {
  const ends = [
    [hostNamespace(lab.id, `h${index}`), 'eth0'],
    [switchNamespace(lab.id), `p${index}`],
  ] as const;
  return await Promise.all(
    ends.map(async ([namespace, device]) => {
      const { stdout } = await run(['tc', '-n', namespace, 'qdisc', 'show', 'dev', device]);
      return /tbf .* rate (\S+)/.exec(stdout)?.[1] ?? 'none';
    }),
  );
}

describe('hosts', () => {
  it('are machines of their own with the daemons that they claim', async () => {
    for (const host of lab.hosts) {
      const { stdout } = await host.exec(['virsh', 'version', '--daemon']);
      expect(stdout).toContain(`QEMU ${host.qemuVersion}`);
      expect(stdout).toContain(`daemon: ${host.libvirtVersion}`);
      expect((await host.exec(['hostname'])).stdout.trim()).toBe(host.name);
      expect((await host.exec(['cat', '/proc/1/comm'])).stdout.trim()).toBe('bash');
    }
  });

  it('reach each other by peerUri, and this machine reaches them by uri', async () => {
    const { stdout } = await lab.exec('h1', ['virsh', '-c', lab.host('h2').peerUri, 'hostname']);
    expect(stdout.trim()).toBe('h2');
    const socket = decodeURIComponent(lab.host('h3').uri.split('socket=')[1] ?? '');
    expect((await run(['ss', '-xlH', 'src', socket])).code).toBe(0);
    expect((await readFile(join(lab.host('h3').directory, 'hostname'), 'utf8')).trim()).toBe('h3');
  });

  it('see the shared directory under its own path, and cannot change their tree', async () => {
    const { shareDirectory } = lab.host('h1');
    await writeFile(join(shareDirectory, 'note'), 'from outside');
    const { stdout } = await lab.exec('h2', ['cat', join(shareDirectory, 'note')]);
    expect(stdout).toBe('from outside');
    expect((await lab.exec('h2', ['touch', '/usr/bin/mine'])).stderr).toContain('Read-only');
  });

  it('add nothing to the network of the machine', async () => {
    expect(await interfaces()).toEqual(before);
  });

  it('pass on input, output and exit codes', async () => {
    const script = 'cat; echo wrong >&2; exit 7';
    const result = await lab.exec('h1', ['sh', '-c', script], { input: 'in' });
    expect(result).toEqual({ code: 7, stdout: 'in', stderr: 'wrong\n' });
    const { code } = await lab.exec('h1', ['sleep', '60'], { timeoutMs: 100 });
    expect(code).toBe(124);
  });

  it('are refused by names that nobody has', async () => {
    expect(() => lab.host('h9')).toThrow(expect.objectContaining({ code: 'lab.not-found' }));
    await expect(lab.shape('h9', 1e6)).rejects.toMatchObject({ code: 'lab.not-found' });
    await expect(lab.cut('h1', 'h9')).rejects.toMatchObject({ code: 'lab.not-found' });
  });
});

describe('links', () => {
  it('have a rate in both directions, which can change', async () => {
    expect(await rates(2)).toEqual(['400Mbit', '400Mbit']);
    await lab.shape('h2', 50e6);
    expect(await rates(2)).toEqual(['50Mbit', '50Mbit']);
    expect((await statusOf('h2'))?.link).toBe(50e6);
    await lab.shape('h2', undefined);
    expect(await rates(2)).toEqual(['none', 'none']);
    expect(await rates(1)).toEqual(['400Mbit', '400Mbit']);
  });

  it('are cut between two hosts, or from everybody, and healed', async () => {
    await lab.cut('h1', 'h2');
    expect((await statusOf('h2'))?.cutFrom).toEqual(['h1']);
    expect(await reaches('h1', 'h2')).toBe(false);
    expect(await reaches('h2', 'h1')).toBe(false);
    expect(await reaches('h1', 'h3')).toBe(true);
    await lab.cut('h3');
    expect(await reaches('h3', 'h1')).toBe(false);
    await lab.heal('h2');
    expect(await reaches('h2', 'h1')).toBe(true);
    expect(await reaches('h3', 'h2')).toBe(false);
    await lab.heal();
    expect(await reaches('h3', 'h1')).toBe(true);
  });
});

describe('faults', () => {
  it('a killed libvirtd leaves its guest alone and finds it again', async () => {
    await start('survivor', 'idle');
    await lab.kill('h1', 'libvirtd');
    expect(await statusOf('h1')).toMatchObject({ daemon: 'stopped', guests: ['survivor'] });
    await expect(lab.kill('h1', 'libvirtd')).rejects.toMatchObject({ code: 'lab.conflict' });
    await lab.start('h1');
    const { stdout } = await lab.exec('h1', ['virsh', 'domstate', 'survivor']);
    expect(stdout.trim()).toBe('running');
  });

  it('a killed QEMU takes one guest', async () => {
    await start('victim', 'idle');
    await lab.kill('h1', 'qemu', 'victim');
    expect((await statusOf('h1'))?.guests).toEqual(['survivor']);
  });

  it('the migration connection of a running migration is killed, and the guest stays', async () => {
    await lab.shape('h1', 50e6);
    await start('mover', 'random:rate=40MiB/s,set=32MiB', 48);
    const migrate = ['virsh', 'migrate', '--live', '--p2p', 'mover', lab.host('h2').peerUri];
    const migration = lab.exec('h1', migrate, { timeoutMs: 60_000 });
    await waitUntil('the migration connects', async () => {
      return (await lab.breakMigrationConnection('h1')) > 0;
    });
    expect((await migration).code).toBe(1);
    const { stdout } = await lab.exec('h1', ['virsh', 'domstate', 'mover']);
    expect(stdout.trim()).toBe('running');
  });

  it('a power cut is silent, takes the guests, and the host boots again', async () => {
    const script = 'exec 3<>"/dev/tcp/$1/16509"; echo connected; sleep 60';
    const held = lab.exec('h2', ['bash', '-c', script, 'bash', lab.host('h1').ip]);
    const established = async () => {
      const filter = ['ss', '-tnH', 'state', 'established', 'dst', lab.host('h1').ip];
      return (await lab.exec('h2', filter)).stdout.includes(':16509');
    };
    await waitUntil('h2 is connected to h1', established);
    await lab.kill('h1', 'host');
    expect(await statusOf('h1')).toMatchObject({ power: 'off', daemon: 'stopped', guests: [] });
    expect(await established()).toBe(true);
    await expect(lab.exec('h1', ['true'])).rejects.toMatchObject({ code: 'lab.conflict' });

    await lab.start('h1');
    expect(await statusOf('h1')).toMatchObject({ power: 'on', daemon: 'running', link: 50e6 });
    expect(await reaches('h2', 'h1')).toBe(true);
    expect((await lab.exec('h1', ['virsh', '-q', 'list', '--all'])).stdout.trim()).toBe('');
    await lab.exec('h2', ['pkill', '-x', 'sleep']);
    await held;
  });
});

describe('two labs', () => {
  it('stand beside each other; one goes, the other stays', async () => {
    const dir = await labFolder();
    await expect(createLab({ dir: lab.dir, hosts: 1 })).rejects.toMatchObject({
      code: 'lab.conflict',
    });
    const other = await createLab({ dir, hosts: 1 });
    try {
      expect(other.id).not.toBe(lab.id);
      expect((await openLab(dir)).hosts.map(({ name }) => name)).toEqual(['h1']);
      await start('mine', 'idle');
      expect((await other.exec('h1', ['virsh', '-q', 'list'])).stdout.trim()).toBe('');
    } finally {
      await downLab(dir);
    }
    expect(await remainsOf(dir, other.id)).toEqual([]);
    expect((await statusOf('h1'))?.guests).toContain('mine');
    await expect(rmdir(dir)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
