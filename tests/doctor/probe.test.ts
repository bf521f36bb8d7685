import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Finding } from '../../src/doctor/finding.ts';
import { probeXml } from '../../src/hypervisor/libvirt/probe.ts';
import { createLab, downLab, type Lab } from '../../src/lab/index.ts';
import { hostNamespace, namespacePath } from '../../src/lab/names.ts';
import { run } from '../../src/lab/run.ts';
import { type Connection, connect } from '../../src/libvirt/index.ts';
import { idleDomainXml } from '../../src/libvirt/testing/conformance.ts';
import { ended, root, saidBy } from '../cli/drover.ts';
import { authorityOf, certify } from '../lab/certify.ts';

const daemonPort = 16509;
const memoryPorts = '49152-49215';

let dir: string;
let lab: Lab;
let config: string;
let connections: Connection[];
let vm: { readonly uuid: string; readonly id: number };

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-probe-'));
  lab = await createLab({ dir: join(dir, 'lab'), hosts: 3 });
  config = join(dir, 'config.yaml');
  const hosts = lab.hosts.map(({ name, uri, peerUri }) => [name, { uri, peerUri }] as const);
  await writeFile(config, stringify({ hosts: Object.fromEntries(hosts) }));
  await reconnect();
  vm = await on('h1').createDomain(idleDomainXml('vm'));
});

afterEach(async () => {
  for (const { name } of lab.hosts) await asHost(name, ['nft', 'flush', 'ruleset']);
});

afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await downLab(join(dir, 'lab'));
  await rm(dir, { recursive: true, force: true });
});

async function reconnect(): Promise<void> {
  connections = await Promise.all(lab.hosts.map(({ uri }) => connect(uri)));
}

function on(host: string): Connection {
  const connection = connections[lab.hosts.findIndex(({ name }) => name === host)];
  if (connection === undefined) throw new Error(`the lab has no ${host}`);
  return connection;
}

async function guests(): Promise<Readonly<Record<string, readonly string[]>>> {
  const all = lab.hosts.map(async ({ name }) => {
    const domains = await on(name).listDomains();
    return [name, domains.map((domain) => domain.name).toSorted()] as const;
  });
  return Object.fromEntries(await Promise.all(all));
}

/** No guest of the doctor's own is left, and nobody touched the other one. */
async function expectNoTrace(): Promise<void> {
  expect(await guests()).toEqual({ h1: ['vm'], h2: [], h3: [] });
  const [same] = await on('h1').listDomains({ active: true });
  expect(same).toMatchObject({ uuid: vm.uuid, id: vm.id });
}

/** With that host's network: the lab's goes nowhere else. */
function inNetworkOf(host: string, argv: readonly string[]): readonly [string, ...string[]] {
  return ['nsenter', `--net=${namespacePath(hostNamespace(lab.id, host))}`, ...argv];
}

function asHost(host: string, argv: readonly string[], input?: string) {
  return run(inNetworkOf(host, argv), input === undefined ? {} : { input });
}

/** One host's firewall, against one other host. */
async function block(at: string, from: string, ports: string, verdict: string): Promise<void> {
  const rules = `table inet blocked {
  chain input {
    type filter hook input priority 0
    ip saddr ${lab.host(from).ip} tcp dport ${ports} ${verdict}
  }
}`;
  expect(await asHost(at, ['nft', '-f', '-'], rules)).toMatchObject({ code: 0 });
}

function start(...args: readonly string[]): ChildProcess {
  const drover = [process.execPath, `${root}bin/drover.js`, 'doctor', '--probe', ...args];
  const state = `DROVER_STATE_DIR=${join(dir, 'state')}`;
  const options = ['--config', config, '-o', 'json'];
  const [program, ...rest] = inNetworkOf('h1', ['env', state, ...drover, ...options]);
  return spawn(program, rest);
}

async function probe(...args: readonly string[]) {
  const { code, out } = await ended(start(...args));
  const findings: readonly Finding[] = JSON.parse(out);
  return { code, findings };
}

function ofCheck(findings: readonly Finding[], ...checks: readonly string[]) {
  return findings.filter(({ check }) => checks.includes(check));
}

function errors(findings: readonly Finding[]) {
  return findings
    .filter(({ severity }) => severity === 'error')
    .map(({ check, where, message }) => ({ check, where, message }));
}

/** `its clock is 3 ms (± 2 ms) ahead of ...`, both in ms. */
function figures({ message }: Finding): readonly [aheadMs: number, uncertaintyMs: number] {
  const [, ahead, uncertainty] = /(\d+) ms \(± (\d+) ms\)/.exec(message) ?? [];
  return [Number(ahead), Number(uncertainty)];
}

test('all hosts reach each other, and their clocks, which are one, agree', async () => {
  const { code, findings } = await probe();
  expect(errors(findings)).toEqual([]);
  expect(code).toBe(0);
  expect(ofCheck(findings, 'migration ports', 'names')).toEqual([
    expect.objectContaining({
      severity: 'ok',
      check: 'migration ports',
      where: 'h1, h2, h3',
      message: expect.stringContaining('6 of 6 ways'),
    }),
    expect.objectContaining({ severity: 'ok', check: 'names', where: 'h1, h2, h3' }),
  ]);
  const clocks = ofCheck(findings, 'clocks');
  expect(clocks.map(({ severity }) => severity)).toEqual(['ok', 'ok', 'ok', 'ok']);
  for (const clock of clocks) {
    const [aheadMs, uncertaintyMs] = figures(clock);
    // Shown are whole ms.
    expect(aheadMs).toBeLessThanOrEqual(uncertaintyMs + 1);
  }
  // The lab's QEMU has no certificates; it runs as root, which may serve pages from afar.
  expect(ofCheck(findings, 'encryption').map(({ severity }) => severity)).toEqual([
    'warning',
    'warning',
    'warning',
  ]);
  expect(ofCheck(findings, 'userfaultfd').filter(({ severity }) => severity !== 'ok')).toEqual([]);
  await expectNoTrace();
});

test('memory ports that a firewall closes to one host are told for that way only', async () => {
  await block('h2', 'h1', memoryPorts, 'reject with tcp reset');
  const { code, findings } = await probe();
  expect(errors(findings)).toEqual([
    {
      check: 'migration ports',
      where: 'h1 to h2',
      message: expect.stringMatching(
        /QEMU of h1 does not reach that of h2 at [\d.]+, port 49\d+: .*Connection refused/,
      ),
    },
  ]);
  expect(ofCheck(findings, 'migration ports')).toContainEqual(
    expect.objectContaining({ severity: 'ok', message: expect.stringContaining('5 of 6 ways') }),
  );
  expect(code).toBe(1);
  await expectNoTrace();
});

test('a firewall that says nothing is not waited for; the daemon that it shields is told', async () => {
  await block('h3', 'h2', String(daemonPort), 'drop');
  const { code, findings } = await probe('--from', 'h2', '--to', 'h1,h3');
  expect(errors(findings)).toEqual([
    {
      check: 'way',
      where: 'h2 to h3',
      message: expect.stringMatching(/daemon of h2 .* \(port 16509\): no answer within 30 s/),
    },
  ]);
  expect(code).toBe(1);
  await expectNoTrace();
});

test('Ctrl-C in the middle of a migration leaves no guest on either side', async () => {
  await block('h2', 'h1', memoryPorts, 'drop');
  const child = start('--from', 'h1', '--to', 'h2');
  const all = ended(child);
  await saidBy(child, /from h1 to h2/);
  await expect.poll(async () => (await guests()).h2).toHaveLength(1);
  child.kill('SIGINT');
  const { code, out } = await all;
  expect(code).toBe(130);
  expect(JSON.parse(out)).toContainEqual(
    expect.objectContaining({ severity: 'unseen', where: 'h1 to h2' }),
  );
  await expectNoTrace();
});

test('what a killed run left on both sides is ended by the next one', async () => {
  await block('h2', 'h1', memoryPorts, 'drop');
  const child = start('--from', 'h1', '--to', 'h2');
  const all = ended(child);
  await expect.poll(async () => (await guests()).h2, { timeout: 30_000 }).toHaveLength(1);
  child.kill('SIGKILL');
  await all;
  const { findings } = await probe('--from', 'h3', '--to', 'h1');
  const told = ofCheck(findings, 'probe').map(({ where, message }) => `${where} ${message}`);
  // The other side's is gone with it, or is ended by the same run: that none is left is looked at below.
  expect(told).toContainEqual(expect.stringMatching(/^h1 drover-probe-\w+ was left behind/));
  await expectNoTrace();
});

test('a probe guest is no VM of the fleet, and that of another run is left to it', async () => {
  const mark = { run: 'another', machine: hostname(), pid: process.pid, sinceMs: Date.now() };
  const kind = { machineType: 'pc', architecture: 'x86_64', accelerator: 'emulation' } as const;
  const other = await on('h2').createDomain(
    probeXml({ name: 'drover-probe-other', mark, ...kind }),
  );
  try {
    const list = [process.execPath, `${root}bin/drover.js`, 'vm', 'list', '--look', '-o', 'name'];
    const { stdout } = await run([...list, '--config', config]);
    expect(stdout).toContain('vm');
    expect(stdout).not.toContain('drover-probe');
    const { findings } = await probe('--from', 'h1', '--to', 'h2');
    expect(ofCheck(findings, 'probe')).toEqual([
      expect.objectContaining({ where: 'h2', message: expect.stringMatching(/is left to it$/) }),
    ]);
    expect((await guests()).h2).toEqual(['drover-probe-other']);
  } finally {
    await other.destroy();
  }
  await expectNoTrace();
});

/** The last one: their daemons are started anew, and the hosts have certificates from then on. */
test('memory goes by TLS where both QEMUs have certificates, and not to whom nobody trusts', async () => {
  const trusted = await authorityOf(lab, 'trusted');
  for (const { name } of lab.hosts) await certify(lab, name, trusted);
  const well = await probe();
  expect(errors(well.findings)).toEqual([]);
  expect(ofCheck(well.findings, 'encryption').map(({ severity }) => severity)).toEqual([
    'ok',
    'ok',
    'ok',
  ]);
  await certify(lab, 'h3', await authorityOf(lab, 'somebody'));
  const { findings } = await probe();
  expect(
    errors(findings)
      .map(({ check, where }) => `${check} ${where}`)
      .toSorted(),
  ).toEqual([
    'certificate h1 to h3',
    'certificate h2 to h3',
    'certificate h3 to h1',
    'certificate h3 to h2',
  ]);
  await reconnect();
  await expectNoTrace();
});
