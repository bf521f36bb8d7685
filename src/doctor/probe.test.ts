import { expect, test, vi } from 'vitest';
import { DroverError } from '../errors/catalogue.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import type { HostFacts, HostSurvey } from '../hypervisor/port.ts';
import type { ProbeMark } from '../hypervisor/probe.ts';
import { SimulatedWorld } from '../hypervisor/simulated.ts';
import type { SimulatedHost } from '../hypervisor/simulated-host.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import type { Finding } from './finding.ts';
import { longestLifeMs } from './left-over.ts';
import { probeFleet } from './probe.ts';
import { probeFindings, unprobed, withoutSeen } from './probe-report.ts';
import type { Probing } from './probing.ts';

const startMs = 1_700_000_000_000;
const mark = { run: 'this-run', machine: 'here', pid: 7 };

interface HostInScene {
  readonly facts?: Partial<HostFacts>;
  readonly survey?: Partial<HostSurvey>;
  readonly resolved?: Partial<ResolvedHost>;
}

class Stage {
  readonly clock = new VirtualClock();
  readonly hosts: readonly SimulatedHost[];
  readonly resolved: readonly ResolvedHost[];
  readonly told: string[] = [];
  readonly #end = new AbortController();

  constructor(...scene: readonly HostInScene[]) {
    const settings = { linkBytesPerSecond: 1e8, syncMs: 100, setupMs: 50, callMs: 4 };
    const world = new SimulatedWorld(this.clock, settings);
    this.hosts = scene.map(({ facts, survey }, index) =>
      world.addHost(`h${index + 1}`, facts, survey),
    );
    this.resolved = this.hosts.map(({ name, address: uri, ways }, index) => ({
      name,
      uri,
      ways,
      postCopy: { allowed: true },
      bandwidthBytesPerSecond: undefined,
      ...scene[index]?.resolved,
    }));
  }

  host(name: string): SimulatedHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found === undefined) throw new Error(`the scene has no ${name}`);
    return found;
  }

  interrupt(): void {
    this.#end.abort();
  }

  get probing(): Probing {
    let named = 0;
    return {
      mark,
      lives: (pid) => pid === mark.pid,
      newName: () => {
        named += 1;
        return `drover-probe-${named}`;
      },
      from: undefined,
      to: undefined,
      clock: this.clock,
      wallMs: () => startMs + this.clock.nowMs(),
      signal: this.#end.signal,
      tell: (doing) => void this.told.push(doing),
    };
  }

  /** What was found; and that nothing is left. */
  async probe(probing: Partial<Probing> = {}): Promise<readonly Finding[]> {
    const report = await this.clock.run(
      probeFleet(this.resolved, ({ name }) => this.host(name), { ...this.probing, ...probing }),
    );
    return probeFindings(report);
  }

  /** Every way whose daemon answers to its guests as the test says. */
  block(from: string, to: string, answer: () => Promise<void>): void {
    const host = this.host(from);
    const migrate = host.migrate.bind(host);
    vi.spyOn(host, 'migrate').mockImplementation((uuid, options) =>
      options.way.uri === this.host(to).ways[0].uri ? answer() : migrate(uuid, options),
    );
  }

  leftOver(name: string, difference: Partial<ProbeMark>): Promise<string> {
    const old = { ...mark, run: 'another', sinceMs: startMs, ...difference };
    const kind = { machineType: 'pc', architecture: 'x86_64', accelerator: 'kvm' } as const;
    return this.clock.run(this.host('h1').startProbe({ name, mark: old, ...kind }));
  }

  get left(): readonly string[] {
    return this.hosts.flatMap((host) => host.register.all().map(({ guest }) => guest.name));
  }
}

function lines(findings: readonly Finding[], ...severities: readonly Finding['severity'][]) {
  return findings
    .filter(({ severity }) => severities.includes(severity))
    .map(({ severity, check, where, message }) => `${severity} ${check} ${where}: ${message}`);
}

function refusal(message: string): () => Promise<never> {
  return () =>
    Promise.reject(
      new DroverError('hypervisor.failed', `h1: ${message}`, { cause: new Error(message) }),
    );
}

test('every way is gone once, by one guest, every clock is read, and nothing is left', async () => {
  const stage = new Stage({}, {}, {});
  const starts = stage.hosts.map((host) => vi.spyOn(host, 'startProbe'));
  const findings = await stage.probe();
  expect(lines(findings, 'warning', 'error', 'unseen')).toEqual([]);
  expect(lines(findings, 'ok')).toEqual([
    expect.stringMatching(/^ok migration ports h1, h2, h3: .* 6 of 6 ways/),
    expect.stringMatching(/^ok names h1, h2, h3/),
    ...['h1', 'h2', 'h3'].flatMap((host) => [
      expect.stringMatching(`^ok encryption ${host}: .* by TLS`),
      expect.stringMatching(`^ok userfaultfd ${host}`),
    ]),
    ...['h1', 'h2', 'h3'].map(
      (host) => `ok clocks ${host}: its clock is 0 ms (± 2 ms) ahead of this machine's`,
    ),
    expect.stringMatching(/^ok clocks h1, h2: furthest apart/),
  ]);
  expect(starts.flatMap(({ mock }) => mock.calls)).toHaveLength(1);
  expect(new Set(stage.told).size).toBe(6);
  expect(stage.left).toEqual([]);
});

test('a clock that is off', async () => {
  const stage = new Stage({}, {});
  stage.host('h2').setClockAhead(-3_000);
  expect(lines(await stage.probe(), 'warning', 'error')).toEqual([
    "warning clocks h2: its clock is 3.0 s (± 2 ms) behind this machine's",
    'warning clocks h1, h2: furthest apart: h1 is 3.0 s (± 4 ms) ahead of h2',
  ]);
});

test('a single host shows its clock', async () => {
  expect(lines(await new Stage({}).probe(), 'ok', 'warning', 'error', 'unseen')).toEqual([
    "ok clocks h1: its clock is 0 ms (± 2 ms) ahead of this machine's",
  ]);
});

test('a way that is blocked is told with what libvirt said, and the others are gone', async () => {
  const stage = new Stage({}, {}, {});
  stage.block('h1', 'h3', refusal("Failed to connect to '10.0.0.3:49152': Connection refused"));
  const findings = await stage.probe();
  expect(lines(findings, 'warning', 'error', 'unseen')).toEqual([
    "error migration ports h1 to h3: the QEMU of h1 does not reach that of h3 at 10.0.0.3, port 49152: Failed to connect to '10.0.0.3:49152': Connection refused",
  ]);
  expect(findings).toContainEqual(
    expect.objectContaining({
      check: 'migration ports',
      message: expect.stringContaining('5 of 6'),
    }),
  );
  expect(stage.left).toEqual([]);
});

test.each([
  [
    'when the destination waits for memory',
    true,
    /^error migration ports h1 to h2: .* at h2, ports 49152 to 49215: no answer within 30 s/,
  ],
  [
    'when the destination knows nothing of it',
    false,
    /^error way h1 to h2: the daemon of h1 .* no answer within 30 s/,
  ],
])('a firewall that answers nothing is not waited for, %s', async (_, prepared, expected) => {
  const stage = new Stage({}, {});
  const state = { state: 'paused', reason: 'migration' } as const;
  if (prepared) vi.spyOn(stage.host('h2'), 'domainState').mockResolvedValue(state);
  stage.block('h1', 'h2', () => new Promise(() => undefined));
  expect(lines(await stage.probe(), 'error')).toEqual([expect.stringMatching(expected)]);
  expect(stage.left).toEqual([]);
});

test('only the ways that are wanted', async () => {
  const stage = new Stage({}, {}, {}, {});
  const findings = await stage.probe({ from: ['h1'], to: ['h3', 'h4'] });
  expect(stage.told.toSorted()).toEqual([
    expect.stringContaining('from h1 to h3'),
    expect.stringContaining('from h1 to h4'),
  ]);
  expect(lines(findings, 'ok').filter((line) => line.includes('clocks h2'))).toEqual([]);
  expect(stage.left).toEqual([]);
});

test('hosts that take no VM in, that are silent, that nobody can reach, or that are too different', async () => {
  const closed = { allowed: false, because: 'h2 takes no VM in' } as const;
  const stage = new Stage(
    {},
    { resolved: { arrivals: closed } },
    {},
    { resolved: { ways: [] } },
    { survey: { machineTypes: ['virt-1.0'] } },
    {},
  );
  stage.host('h3').setReachable(false);
  const started = vi.spyOn(stage.host('h2'), 'startProbe');
  const findings = await stage.probe();
  const unseen = lines(findings, 'unseen').map((line) => line.replace(/^.*not tried: /, ''));
  expect(unseen.toSorted()).toEqual([
    'h2 takes no VM in',
    'h3 does not answer',
    'h5 lacks the machine type that most hosts have (pc-i440fx-11.1)',
    'how other hosts reach h4 is not known',
    'unseen clocks h2: its clock: h2 takes no VM in',
    'unseen clocks h3: its clock: h3 does not answer',
  ]);
  expect(lines(findings, 'ok')).toContainEqual(expect.stringMatching(/^ok clocks h5/));
  expect(lines(findings, 'warning', 'error')).toEqual([]);
  expect(started).not.toHaveBeenCalled();
});

test('a host on which no guest starts is tried once', async () => {
  const stage = new Stage({}, {}, {});
  const start = vi.spyOn(stage.host('h1'), 'startProbe').mockImplementation(refusal('no memory'));
  stage.block('h2', 'h1', refusal('whatever'));
  stage.block('h3', 'h1', refusal('whatever'));
  const findings = await stage.probe();
  expect(lines(findings, 'unseen')).toContainEqual(
    expect.stringMatching(
      /^unseen migration ports h1 to h2, h1 to h3: .* starts on h1: .*no memory/,
    ),
  );
  expect(start).toHaveBeenCalledTimes(1);
  expect(stage.left).toEqual([]);
});

test('a destination that cannot take pages from afar takes guests without', async () => {
  const stage = new Stage({}, {});
  stage.block('h1', 'h2', () =>
    Promise.reject(new DroverError('hypervisor.no-post-copy', 'no userfaultfd')),
  );
  const migrate = vi.spyOn(stage.host('h1'), 'migrate');
  const findings = await stage.probe();
  expect(migrate.mock.calls.map(([, { postCopy }]) => postCopy)).toEqual([true, false]);
  expect(lines(findings, 'error')).toHaveLength(1);
  expect(stage.left).toEqual([]);
});

test('whoever interrupts it leaves nothing, and is told what was not tried', async () => {
  const stage = new Stage({}, {}, {});
  stage.block('h2', 'h1', () => {
    stage.interrupt();
    return new Promise(() => undefined);
  });
  const findings = await stage.probe();
  expect(lines(findings, 'error')).toEqual([]);
  expect(lines(findings, 'unseen')).toContainEqual(expect.stringMatching(/it was interrupted$/));
  expect(stage.told).toHaveLength(2);
  expect(stage.left).toEqual([]);
});

test('a bug on the way leaves nothing either', async () => {
  const stage = new Stage({}, {});
  stage.block('h1', 'h2', () => Promise.reject(new TypeError('a bug')));
  await expect(stage.probe()).rejects.toThrow('a bug');
  expect(stage.left).toEqual([]);
});

test('what an earlier run left behind is ended; what another one uses is not', async () => {
  const stage = new Stage({}, {});
  stage.host('h1').addGuest({
    name: 'vm',
    memoryBytes: 1,
    touchedBytes: 1,
    workingSetBytes: 0,
    writeBytesPerSecond: 0,
    throttleEffect: 1,
  });
  await stage.leftOver('drover-probe-dead', { pid: 8 });
  await stage.leftOver('drover-probe-old', { machine: 'there', sinceMs: startMs - longestLifeMs });
  await stage.leftOver('drover-probe-used', { machine: 'there' });
  const findings = await stage.probe();
  expect(lines(findings, 'ok').filter((line) => line.startsWith('ok probe'))).toEqual([
    'ok probe h1: drover-probe-dead was left behind by an earlier run, and is ended',
    'ok probe h1: drover-probe-old was left behind by an earlier run, and is ended',
    'ok probe h1: drover-probe-used of another run (there) is left to it',
  ]);
  expect(stage.left).toEqual(['vm', 'drover-probe-used']);
  expect((await stage.clock.run(stage.host('h1').domains())).map(({ name }) => name)).toEqual([
    'vm',
  ]);
});

test('where a guest may be left is told', async () => {
  const stage = new Stage({}, {});
  vi.spyOn(stage.host('h2'), 'endProbe').mockImplementation(refusal('busy'));
  stage.block('h2', 'h1', refusal('whatever'));
  expect(lines(await stage.probe(), 'warning')).toEqual([
    expect.stringMatching(/^warning probe h2: a probe guest may be left there/),
  ]);
});

test('what a probe guest saw is not unseen any more', async () => {
  const unseen = { severity: 'unseen', message: 'whatever' } as const;
  const looked: readonly Finding[] = [
    { ...unseen, check: 'userfaultfd', where: 'h1' },
    { ...unseen, check: 'userfaultfd', where: 'h3' },
    { ...unseen, check: 'way', where: 'h1' },
    { ...unseen, severity: 'ok', check: 'userfaultfd', where: 'h1' },
  ];
  const seen = await new Stage({}, {}).probe();
  expect(withoutSeen(looked, seen)).toEqual(looked.slice(1));
  expect(withoutSeen(looked, unprobed(['h1', 'h2']))).toEqual(looked);
});

test('what nobody probed is said, with how it can be seen', () => {
  expect(unprobed(['h1'])).toEqual([]);
  for (const check of ['migration ports', 'names', 'clocks'])
    expect(unprobed(['h1', 'h2'])).toContainEqual(
      expect.objectContaining({
        severity: 'unseen',
        check,
        hint: expect.stringMatching(/--probe/),
      }),
    );
});
