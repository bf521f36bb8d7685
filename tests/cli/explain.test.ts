import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { addGuest, parseWorkload } from '../../src/lab/guest/index.ts';
import { createLab, type Lab } from '../../src/lab/index.ts';
import type { SlaClass } from '../../src/policy/vocabulary.ts';
import { type Ended, ended, saidBy, startDrover } from './drover.ts';

const mebibyte = 1024 ** 2;
let dir: string;
let lab: Lab;
let config: string;
let env: Record<string, string>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-explain-'));
  lab = await createLab({ dir, hosts: 2, link: 300e6 });
  config = join(dir, 'drover.yaml');
  env = { DROVER_STATE_DIR: join(dir, 'state') };
  const hosts = lab.hosts.map(({ name, uri, peerUri }) => [name, { uri, peerUri }]);
  await writeFile(config, stringify({ hosts: Object.fromEntries(hosts) }));
  await start('calm', 'pet', 'sequential:rate=4MiB/s,set=32MiB');
  await start('furious', 'panda', 'random:rate=100MiB/s,set=96MiB');
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

function drover(...args: string[]): Promise<Ended> {
  return ended(startDrover(args, env));
}

const way = (vm: string): string[] => [vm, '--from', 'h1', '--to', 'h2', '--config', config];

describe('a VM that has never moved', () => {
  it('is foreseen by what it writes, and the link is guessed', async () => {
    const { code, out } = await drover('forecast', ...way('furious'), '-o', 'json');
    expect(code).toBe(0);
    const answer = JSON.parse(out);
    expect(answer).toMatchObject({
      slaClass: 'panda',
      importance: 'medium',
      bandwidthGuessed: true,
    });
    // Some 100 MiB/s on 96 MiB, by a handful of samples.
    expect(answer.workingSet.rateBytesPerSecond).toBeGreaterThan(20 * mebibyte);
    expect(answer.options.map(({ option }: { option: string }) => option)).toContain('freeze');
  });

  it('has no story', async () => {
    expect((await drover('explain', 'furious')).code).toBe(3);
    expect((await drover('migrations')).out.trim().split('\n')).toHaveLength(1);
  });
});

describe('a VM that has moved', () => {
  beforeAll(async () => {
    const { code, err } = await drover('migrate', ...way('calm'));
    if (code !== 0) throw new Error(err);
  });

  it('is listed, and its story is told', async () => {
    const [listed] = JSON.parse((await drover('migrations', '-o', 'json')).out);
    expect(listed).toMatchObject({ vm: 'calm', outcome: 'completed' });
    const { code, out } = await drover('explain', listed.id);
    expect(code).toBe(0);
    expect(out).toMatch(/calm, a pet of 128 MiB, from h1 \(libvirt/);
    expect(out).toMatch(/The link carried .*A first pass over the memory took/);
    expect(out).toMatch(/completed, .* sent/);
    const whole = JSON.parse((await drover('explain', 'calm', '-o', 'json')).out);
    expect(whole.samples.memorySentBytes.length).toBeGreaterThan(10);
  });

  it('is decided on alike when it is replayed, and otherwise on other terms', async () => {
    const { code, out } = await drover('replay', 'calm');
    expect(code).toBe(0);
    expect(out).toContain('The same is done at the same moments.');
    const broken = join(dir, 'broken.yaml');
    await writeFile(broken, 'policy:\n  pet:\n    low: { blackout: 1 }\n');
    expect((await drover('replay', 'calm', '--policy', broken)).code).toBe(2);
  });

  it('is known to the next forecast', async () => {
    const { out } = await drover(
      'forecast',
      'calm',
      '--from',
      'h2',
      '--to',
      'h1',
      '--config',
      config,
    );
    expect(out).toContain('an earlier migration of this VM');
    expect(out).toContain('It is expected to arrive by pre-copy alone');
    expect(out).not.toContain('a guess');
  });
});

describe('a migration whose importance is raised while it runs', () => {
  it('ends, and says that it was told to', async () => {
    const child = startDrover(['migrate', ...way('furious'), '--importance', 'low'], env);
    const end = ended(child);
    await saidBy(child, /pre-copy/);
    expect(await drover('importance', 'furious', 'high')).toMatchObject({ code: 0, err: '' });
    const { code, out } = await end;
    expect(out).toContain('The importance was changed from low to high.');
    expect(code).toBe(0);
    expect((await drover('importance', 'furious', 'low')).code).toBe(4);
  });
});
