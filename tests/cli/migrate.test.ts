import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { addGuest, type GuestSpec, parseWorkload, removeGuest } from '../../src/lab/guest/index.ts';
import { configEntryOf, createLab, type Lab } from '../../src/lab/index.ts';
import { ended, saidBy } from './drover.ts';
import { openWay, type Way, wayNames } from './ways.ts';

const mebibyte = 1024 ** 2;
const linkBits = 400e6;
let dir: string;
let lab: Lab;
let config: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-cli-'));
  lab = await createLab({ dir, hosts: 2, link: linkBits });
  config = join(dir, 'share', 'drover.yaml');
  const hosts = lab.hosts.map((host) => [host.name, configEntryOf(host)]);
  const dark = { uri: `qemu+unix:///system?socket=${dir}/nobody` };
  const rules = [{ label: 'live', never: ['throttle'] }];
  await writeFile(config, stringify({ hosts: { ...Object.fromEntries(hosts), dark }, rules }));
});

afterAll(async () => {
  await lab?.down();
  await rm(dir, { recursive: true, force: true });
});

function guest(name: string, workload: string, memoryMiB = 64): GuestSpec {
  return {
    name,
    class: 'pet',
    memoryBytes: memoryMiB * mebibyte,
    workload: parseWorkload(workload),
    kind: 'beat',
  };
}

async function runningOn(host: string): Promise<string[]> {
  const { stdout } = await lab.exec(host, ['virsh', '-q', 'list', '--state-running', '--name']);
  return stdout.split('\n').filter((line) => line.trim() !== '');
}

async function jobIsActive(): Promise<boolean> {
  const { stdout } = await lab.exec('h1', ['virsh', 'domjobinfo', 'busy']);
  return /Job type:\s+Unbounded/.test(stdout);
}

const patience = { timeout: 20_000, interval: 200 };

describe.each(wayNames)('%s,', (wayName) => {
  let way: Way;
  beforeAll(async () => {
    way = await openWay(wayName, dir, config);
  });
  afterAll(() => way?.end());

  describe('a VM that moves', () => {
    beforeAll(async () => {
      await addGuest(lab.host('h1'), guest('web', 'sequential:rate=1MiB/s,set=8MiB'));
    });
    afterAll(async () => {
      await removeGuest(lab.host('h2'), 'web');
    });

    it('arrives with its class, and the document says how', async () => {
      const set = await way.run('class', 'set', 'web', 'panda', '--host', 'h1', '-o', 'json');
      expect(set).toMatchObject({ code: 0, err: '' });

      const moved = await way.run('migrate', 'web', '--from', 'h1', '--to', 'h2', '-o', 'json');
      expect(moved.err).not.toContain('drover:');
      const document = JSON.parse(moved.out);
      expect(document).toMatchObject({
        vm: 'web',
        from: 'h1',
        to: 'h2',
        outcome: 'completed',
        runsOn: ['h2'],
        switchedToPostCopy: false,
        blackoutMs: expect.any(Number),
        why: expect.arrayContaining([expect.stringContaining('h2')]),
      });
      expect(document.sentBytes).toBeGreaterThan(8 * mebibyte);
      expect(moved.code).toBe(0);
      expect([await runningOn('h1'), await runningOn('h2')]).toEqual([[], ['web']]);

      const got = await way.run('class', 'get', 'web', '--host', 'h2', '-o', 'name');
      expect(got).toMatchObject({ code: 0, out: 'panda\n' });
    });

    it('is tagged, and what it says joins what the rules say', async () => {
      const at = ['web', '--host', 'h2'];
      const set = await way.run('tag', 'set', ...at, '--never', 'post-copy', '--label', 'eu,live');
      expect(set).toMatchObject({ code: 0, err: '' });
      const got = await way.run('tag', 'get', ...at, '-o', 'json');
      expect(JSON.parse(got.out)).toMatchObject({
        vm: 'web',
        class: 'panda',
        from: 'metadata',
        rule: null,
        never: [
          { what: 'post-copy', from: 'metadata', rule: null },
          { what: 'throttle', from: 'rule', rule: 'label live' },
        ],
        labels: ['eu', 'live'],
        unreadable: [],
      });
      const shown = await way.run('class', 'get', ...at);
      expect(shown.out).toContain("never throttle  (from the config file's rule for label live)");
    });

    it('whose metadata nobody understands is treated with care, and it is told', async () => {
      const uri = 'https://drover.dev/xmlns/domain/1';
      const mistake = "<domain class='cattle' never='postcopy'/>";
      const write = ['virsh', 'metadata', 'web', '--live', '--uri', uri, '--key', 'drover'];
      expect(await lab.exec('h2', [...write, '--set', mistake])).toMatchObject({ code: 0 });
      const { out } = await way.run('tag', 'get', 'web', '--host', 'h2');
      expect(out).toMatch(/^web +cattle/);
      expect(out).toMatch(/never post-copy.*never throttle.*'postcopy'/s);
      const back = await way.run('migrate', 'web', '--from', 'h2', '--to', 'h1');
      expect(back.code).toBe(0);
      expect(back.out + back.err).toContain("'postcopy'");
      expect(back.out).toContain("without post-copy (the VM's own metadata forbids post-copy)");
      const again = await way.run('migrate', 'web', '--from', 'h1', '--to', 'h2');
      expect(again.code).toBe(0);
    });

    it.each([
      ['is not there', ['web', '--from', 'h1', '--to', 'h2'], 3, 'domain.not-found', 'web'],
      ['is there already', ['web', '--from', 'h2', '--to', 'h2'], 4, 'preflight.refused', 'h2'],
      [
        'goes to a dark host',
        ['web', '--from', 'h2', '--to', 'dark'],
        8,
        'host.unreachable',
        'dark',
      ],
      [
        'goes to a nameless host',
        ['web', '--from', 'h2', '--to', 'h9'],
        3,
        'host.not-found',
        'h1, h2',
      ],
      [
        'has a senseless deadline',
        ['web', '--from', 'h2', '--to', 'h1', '--deadline', 'soon'],
        2,
        'usage.invalid',
        "'soon'",
      ],
    ] as const)('is not touched where it %s', async (_what, args, exitCode, code, named) => {
      const refused = await way.run('migrate', ...args, '-o', 'json');
      const { error } = JSON.parse(refused.out);
      expect(error).toMatchObject({ code, exitCode });
      expect(`${error.message} ${error.hint}`).toContain(named);
      expect(refused.code).toBe(exitCode);
      expect(await runningOn('h2')).toEqual(['web']);
    });

    it('has no migration to abort', async () => {
      const { code, err, out } = await way.run('abort', 'web', '--from', 'h2');
      expect({ code, out }).toEqual({ code: 4, out: '' });
      expect(err).toContain('No migration of web');
    });
  });

  async function abort(...how: readonly string[]): Promise<void> {
    const aborted = await way.run(...how, '-o', 'json');
    expect(JSON.parse(aborted.out)).toMatchObject({ outcome: 'aborted', runsOn: ['h1'] });
    expect(aborted.code).toBe(0);
    expect(await jobIsActive()).toBe(false);
    expect([await runningOn('h1'), await runningOn('h2')]).toEqual([['busy'], []]);
  }

  describe('a migration that takes long', () => {
    beforeAll(async () => {
      await lab.shape('h1', 20e6);
      await addGuest(lab.host('h1'), guest('busy', 'random:rate=20MiB/s,set=48MiB'));
    });
    afterAll(async () => {
      await removeGuest(lab.host('h1'), 'busy');
      await lab.shape('h1', linkBits);
    });

    it.each(['SIGINT', 'SIGTERM'] as const)(
      'goes on after %s, and can be aborted afterwards',
      async (signal) => {
        const args = ['migrate', 'busy', '--from', 'h1', '--to', 'h2', '--importance', 'low'];
        const child = way.start(...args, '-o', 'json');
        const end = ended(child);
        await saidBy(child, /copying {2}/);
        child.kill(signal);
        const { code, out, err } = await end;
        expect(code).toBe(130);
        expect(JSON.parse(out)).toMatchObject({ vm: 'busy', outcome: 'detached' });
        expect(err).toContain('is not cancelled');
        const [, id = ''] = /drover migrations abort (\S+)/.exec(err) ?? [];
        expect(id).toBe(JSON.parse(out).id);
        expect(await jobIsActive()).toBe(true);
        await abort('migrations', 'abort', id);
      },
    );

    it('is left to the hosts with --no-wait', async () => {
      const args = ['migrate', 'busy', '--from', 'h1', '--to', 'h2', '--no-wait'];
      const { code, out, err } = await way.run(...args);
      expect(err).toContain('Detached');
      expect(out).toContain('busy is still on its way from h1 to h2');
      expect(code).toBe(0);
      await vi.waitFor(async () => expect(await jobIsActive()).toBe(true), patience);
      await abort('abort', 'busy', '--from', 'h1');
    });
  });
});
