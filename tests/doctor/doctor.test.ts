import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Finding } from '../../src/doctor/finding.ts';
import { createLab, downLab, type Lab } from '../../src/lab/index.ts';
import { hostNamespace, namespacePath } from '../../src/lab/names.ts';
import { run } from '../../src/lab/run.ts';

const program = fileURLToPath(new URL('../../bin/drover.js', import.meta.url));
/** Where the daemons of the lab's hosts listen for each other. */
const daemonPort = 16509;
const block = `table inet blocked {
  chain input { type filter hook input priority 0; tcp dport ${daemonPort} drop; }
}`;
const unblock = ['nft', 'delete', 'table', 'inet', 'blocked'];

let dir: string;
let lab: Lab;
let config: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-doctor-'));
  lab = await createLab({ dir: join(dir, 'lab'), hosts: 2 });
  config = join(dir, 'config.yaml');
  const hosts = lab.hosts.map(({ name, uri, peerUri }) => [name, { uri, peerUri }] as const);
  await writeFile(config, stringify({ hosts: Object.fromEntries(hosts) }));
});

afterAll(async () => {
  await downLab(join(dir, 'lab'));
  await rm(dir, { recursive: true, force: true });
});

/** From this machine, but with the network of one of the hosts: the lab's goes nowhere else. */
function inNetworkOf(host: string, argv: readonly string[], input?: string) {
  const enter = ['nsenter', `--net=${namespacePath(hostNamespace(lab.id, host))}`];
  return input === undefined ? run([...enter, ...argv]) : run([...enter, ...argv], { input });
}

async function doctor(): Promise<{ readonly code: number; readonly findings: readonly Finding[] }> {
  const command = [process.execPath, program, 'doctor', '--config', config, '-o', 'json'];
  const state = `DROVER_STATE_DIR=${join(dir, 'state')}`;
  const { code, stdout, stderr } = await inNetworkOf('h1', ['env', state, ...command]);
  expect(stderr).toBe('');
  return { code, findings: JSON.parse(stdout) };
}

/** Findings of these severities, without those that say what this machine is like. */
function notable(findings: readonly Finding[], ...severities: readonly Finding['severity'][]) {
  return findings
    .filter(({ severity }) => severities.includes(severity))
    .filter(({ check }) => check !== 'userfaultfd' && check !== 'memory')
    .map(({ severity, check, where }) => ({ severity, check, where }));
}

test('a healthy pair is healthy, and what cannot be seen is said', async () => {
  const { code, findings } = await doctor();
  expect(notable(findings, 'warning', 'error')).toEqual([]);
  expect(code).toBe(0);
  for (const where of ['h1', 'h2'])
    for (const check of ['reach', 'versions', 'way', 'post-copy', 'streams'])
      expect(findings).toContainEqual(expect.objectContaining({ severity: 'ok', check, where }));
  for (const check of ['machine types', 'cpu'])
    expect(findings).toContainEqual(
      expect.objectContaining({ severity: 'ok', check, where: 'h1, h2' }),
    );
  expect(findings).toContainEqual(expect.objectContaining({ severity: 'ok', check: 'store' }));
  expect(findings).toContainEqual(
    expect.objectContaining({ severity: 'unseen', check: 'migration ports' }),
  );
});

test('a daemon that a firewall keeps from the others is seen', async () => {
  expect(await inNetworkOf('h2', ['nft', '-f', '-'], block)).toMatchObject({ code: 0 });
  const { code, findings } = await doctor();
  // Whoever asks may stand where other rules hold: that the others get through is not ruled out.
  expect(notable(findings, 'warning', 'error')).toEqual([
    { severity: 'warning', check: 'way', where: 'h2' },
  ]);
  expect(code).toBe(0);
  expect(await inNetworkOf('h2', unblock)).toMatchObject({ code: 0 });
});

test('a daemon that is stopped takes no orders: the hosts cannot be compared', async () => {
  await lab.kill('h2', 'libvirtd');
  const { code, findings } = await doctor();
  expect(notable(findings, 'warning', 'error')).toEqual([
    { severity: 'error', check: 'reach', where: 'h2' },
    { severity: 'warning', check: 'way', where: 'h2' },
  ]);
  expect(findings.filter(({ check }) => check === 'cpu')).toEqual([]);
  expect(code).toBe(1);
  await lab.start('h2');
});

test('a host that is down is an error, and the other is looked at all the same', async () => {
  await lab.kill('h2', 'host');
  const { code, findings } = await doctor();
  expect(notable(findings, 'warning', 'error')).toEqual([
    { severity: 'error', check: 'reach', where: 'h2' },
    { severity: 'warning', check: 'way', where: 'h2' },
  ]);
  expect(findings).toContainEqual(
    expect.objectContaining({ severity: 'ok', check: 'reach', where: 'h1' }),
  );
  expect(code).toBe(1);
});
