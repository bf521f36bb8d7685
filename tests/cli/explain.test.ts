import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { addGuest, parseWorkload, removeGuest } from '../../src/lab/guest/index.ts';
import { configEntryOf, createLab, type Lab } from '../../src/lab/index.ts';
import type { SlaClass } from '../../src/policy/vocabulary.ts';
import { ended, saidBy } from './drover.ts';
import { openWay, type Way, wayNames } from './ways.ts';

const mebibyte = 1024 ** 2;
let dir: string;
let lab: Lab;
let config: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-explain-'));
  lab = await createLab({ dir, hosts: 2, link: 300e6 });
  config = join(dir, 'drover.yaml');
  const hosts = lab.hosts.map((host) => [host.name, configEntryOf(host)]);
  await writeFile(config, stringify({ hosts: Object.fromEntries(hosts) }));
});

afterAll(async () => {
  await lab?.down();
  await rm(dir, { recursive: true, force: true });
});

async function start(name: string, slaClass: SlaClass, workload: string): Promise<void> {
  await addGuest(lab.host('h1'), {
    name,
    class: slaClass,
    kind: 'beat',
    memoryBytes: 128 * mebibyte,
    workload: parseWorkload(workload),
  });
}

const fromTo = ['--from', 'h1', '--to', 'h2'];

describe.each(wayNames)('%s,', (wayName) => {
  let way: Way;
  beforeAll(async () => {
    way = await openWay(wayName, dir, config);
    await start('calm', 'pet', 'sequential:rate=4MiB/s,set=32MiB');
    await start('furious', 'panda', 'random:rate=100MiB/s,set=96MiB');
  });
  afterAll(async () => {
    await way?.end();
    for (const name of ['calm', 'furious'])
      await Promise.allSettled(lab.hosts.map((host) => removeGuest(host, name)));
  });

  describe('a VM that has never moved', () => {
    it('is foreseen by what it writes, and the link is guessed', async () => {
      const { code, out } = await way.run('forecast', 'furious', ...fromTo, '-o', 'json');
      expect(code).toBe(0);
      const answer = JSON.parse(out);
      expect(answer).toMatchObject({
        class: 'panda',
        importance: 'medium',
        bandwidthGuessed: true,
      });
      // Some 100 MiB/s on 96 MiB, by a handful of samples; less where the machine is busy.
      expect(answer.workingSet.rateBytesPerSecond).toBeGreaterThan(5 * mebibyte);
      expect(answer.options.map(({ option }: { option: string }) => option)).toContain('freeze');
    });

    it('has no story', async () => {
      expect((await way.run('explain', 'furious')).code).toBe(3);
      expect((await way.run('migrations')).out.trim().split('\n')).toHaveLength(1);
    });
  });

  describe('a VM that has moved', () => {
    beforeAll(async () => {
      const { code, err } = await way.run('migrate', 'calm', ...fromTo);
      if (code !== 0) throw new Error(err);
    });

    it('is listed, and its story is told', async () => {
      const [listed] = JSON.parse((await way.run('migrations', '-o', 'json')).out);
      expect(listed).toMatchObject({ vmName: 'calm', phase: 'completed' });
      const { code, out } = await way.run('explain', listed.id);
      expect(code).toBe(0);
      expect(out).toMatch(/calm, a pet of 128 MiB, from h1 \(libvirt/);
      expect(out).toMatch(/The link carried .*A first pass over the memory took/);
      expect(out).toMatch(/completed, .* sent/);
      const whole = JSON.parse((await way.run('explain', 'calm', '-o', 'json')).out);
      expect(whole.samples.memorySentBytes.length).toBeGreaterThan(10);
    });

    it('is decided on alike when it is replayed, and otherwise on other terms', async () => {
      const { code, out } = await way.run('replay', 'calm');
      expect(code).toBe(0);
      expect(out).toContain('The same is done at the same moments.');
      const broken = join(dir, 'broken.yaml');
      await writeFile(broken, 'policy:\n  pet:\n    low: { blackout: 1 }\n');
      expect((await way.run('replay', 'calm', '--policy', broken)).code).toBe(2);
    });

    it('is known to the next forecast', async () => {
      const { out } = await way.run('forecast', 'calm', '--from', 'h2', '--to', 'h1');
      expect(out).toContain('an earlier migration of this VM');
      expect(out).toContain('It is expected to arrive by pre-copy alone');
      expect(out).not.toContain('a guess');
    });
  });

  describe('a migration whose importance is raised while it runs', () => {
    it('ends, and says that it was told to', async () => {
      const child = way.start('migrate', 'furious', ...fromTo, '--importance', 'low');
      const end = ended(child);
      await saidBy(child, /copying {2}/);
      const hurried = await way.run('expedite', 'furious', '--importance', 'high');
      expect(hurried).toMatchObject({ code: 0, err: '' });
      expect(hurried.out).toContain('the importance is high now');
      const { code, out } = await end;
      expect(out).toContain('The importance was changed from low to high.');
      expect(code).toBe(0);
      expect((await way.run('expedite', 'furious', '--importance', 'low')).code).toBe(4);
    });
  });
});
