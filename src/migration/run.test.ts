import { describe, expect, test } from 'vitest';
import { DroverError } from '../errors/catalogue.ts';
import type { HostFacts, StateReason } from '../hypervisor/port.ts';
import { type SimulatedHost, SimulatedWorld } from '../hypervisor/simulated.ts';
import type { GuestModel } from '../hypervisor/simulated-guest.ts';
import { VirtualClock } from '../hypervisor/virtual-clock.ts';
import type { Action, Decision } from '../steering/decision.ts';
import type { Steersman } from '../steering/steersman.ts';
import type { RunEvent } from './events.ts';
import type { RunIntent, Wanted } from './intent.ts';
import type { MigrationResult } from './result.ts';
import { runMigration } from './run.ts';

const mib = 2 ** 20;

const quiet: GuestModel = {
  name: 'quiet',
  memoryBytes: 128 * mib,
  touchedBytes: 32 * mib,
  workingSetBytes: 2 * mib,
  writeBytesPerSecond: mib / 4,
  throttleEffect: 1,
};
const furious: GuestModel = {
  ...quiet,
  name: 'furious',
  touchedBytes: 120 * mib,
  workingSetBytes: 96 * mib,
  writeBytesPerSecond: 60 * mib,
};

/** Does at each of these times what is written there, once, and waits otherwise. */
function scripted(script: Readonly<Record<number, Action>>, maxDowntimeMs = 200): Steersman {
  const left = new Map(Object.entries(script).map(([at, action]) => [Number(at), action]));
  return {
    plan: ({ postCopy, compression }) => {
      const isCompressed = compression?.allowed === true;
      // Only what goes compressed is to begin again.
      for (const [at, { kind }] of left)
        if (kind === 'begin-again' && !isCompressed) left.delete(at);
      return {
        postCopy: postCopy.allowed && !isCompressed,
        compression: isCompressed ? { connections: 2 } : undefined,
        autoConverge: undefined,
        maxDowntimeMs,
        why: 'It starts.',
      };
    },
    observe: () => undefined,
    decide: (atMs) => {
      const due = [...left.keys()].find((at) => at <= atMs);
      if (due === undefined) return decision(atMs, { kind: 'wait' });
      const action = left.get(due) ?? { kind: 'wait' };
      left.delete(due);
      return decision(atMs, action);
    },
    decideSplit: () => undefined,
    wantsWritingOrder: () => false,
  };
}

function decision(atMs: number, action: Action): Decision {
  const forecast = {
    completes: true,
    timeMs: { p50: 5_000, p90: 9_000 },
    blackoutMs: { p50: 100, p90: 200 },
    slowdownShare: 0,
    slowdownMs: 0,
    bytes: 0,
    lossRisk: 0,
  };
  return { atMs, action, why: `Now ${action.kind}.`, ending: 'open', forecast, alternatives: [] };
}

interface Stage {
  readonly world: SimulatedWorld;
  readonly source: SimulatedHost;
  readonly destination: SimulatedHost;
  readonly uuid: string;
  readonly clock: VirtualClock;
  readonly letGo: AbortController;
  /** From now on it is wanted to be cancelled. */
  readonly cancel: () => void;
  readonly cancelled: () => boolean;
}

interface Scene {
  readonly guest?: GuestModel;
  readonly script?: Readonly<Record<number, Action>>;
  readonly downtimeMs?: number;
  readonly syncMs?: number;
  readonly setupMs?: number;
  readonly destinationFacts?: Partial<HostFacts>;
  readonly recoverable?: boolean;
  /** It is begun compressed, whatever the hosts can. */
  readonly compression?: boolean;
  /** Its share of the link when it was decided to begin; all of it is free by then. */
  readonly startsWithBytesPerSecond?: number;
  /** What happens to the stage meanwhile, by time in ms. */
  readonly fate?: Readonly<Record<number, (stage: Stage) => void>>;
  readonly before?: (stage: Stage) => void;
}

interface Played extends Stage {
  readonly result: MigrationResult;
  readonly events: readonly RunEvent[];
}

async function play(scene: Scene): Promise<Played> {
  const clock = new VirtualClock();
  const world = new SimulatedWorld(clock, {
    linkBytesPerSecond: 24 * mib,
    syncMs: scene.syncMs ?? Infinity,
    setupMs: scene.setupMs ?? 40,
    callMs: 1,
  });
  const source = world.addHost('h1');
  const destination = world.addHost('h2', scene.destinationFacts);
  const guest = scene.guest ?? quiet;
  const uuid = source.addGuest(guest, 'pet');
  const letGo = new AbortController();
  let cancelled = false;
  const stage: Stage = {
    world,
    source,
    destination,
    uuid,
    clock,
    letGo,
    cancel: () => {
      cancelled = true;
    },
    cancelled: () => cancelled,
  };
  for (const [at, happen] of Object.entries(scene.fate ?? {})) {
    clock.schedule(Number(at), () => happen(stage));
  }
  scene.before?.(stage);
  const events: RunEvent[] = [];
  const result = await clock.run(run(scene, stage, (event) => events.push(event)));
  return { ...stage, result, events };
}

async function run(
  scene: Scene,
  { source, destination, uuid, clock, letGo, cancelled }: Stage,
  onEvent: (event: RunEvent) => void,
): Promise<MigrationResult> {
  const domain = await source.findDomain(uuid);
  if (domain === undefined) throw new Error('the scene has no guest');
  const recoverable = scene.recoverable ?? true;
  const intent: RunIntent = {
    domain,
    ways: destination.ways,
    bandwidthBytesPerSecond: scene.startsWithBytesPerSecond ?? Infinity,
    capabilities: {
      postCopy: { allowed: true },
      postCopyRecoverable: recoverable,
      autoConverge: { allowed: true },
      ...(scene.compression === true ? { compression: { allowed: true } } : {}),
    },
    postCopyRecovery: recoverable
      ? { allowed: true }
      : { allowed: false, because: 'its daemon would crash' },
  };
  const newSteersman = (): Steersman => scripted(scene.script ?? {}, scene.downtimeMs);
  const wanted = (): Wanted => ({
    cancelled: cancelled(),
    shareBytesPerSecond: Infinity,
    spare: 1,
  });
  const ports = { source, destination, newSteersman, wanted };
  return runMigration(intent, ports, clock, onEvent, letGo.signal);
}

/** Where both hosts have the guest, whole and running. */
async function residence({ source, destination, uuid, clock }: Stage): Promise<string[]> {
  const settled: StateReason[] = ['other', 'migrated'];
  const found: string[] = [];
  for (const host of [source, destination]) {
    host.setReachable(true);
    const state = await clock.run(host.domainState(uuid));
    if (state?.state === 'running' && settled.includes(state.reason)) found.push(host.name);
  }
  return found;
}

/** What libvirt answers where the job has ended meanwhile. */
const tooLate = new DroverError('hypervisor.failed', 'h1: no job is active on the domain');

const postCopyAt2s = { 2_000: { kind: 'start-post-copy' } } as const;

interface Case extends Scene {
  readonly name: string;
  readonly outcome: MigrationResult['outcome'];
  readonly runsOn: readonly string[];
  readonly postCopy?: boolean;
  readonly says?: RegExp;
  /** Where the guest is, when that could not be seen. */
  readonly reallyOn?: readonly string[];
}

const cases: readonly Case[] = [
  { name: 'a quiet guest arrives by itself', outcome: 'completed', runsOn: ['h2'] },
  {
    name: 'a quiet guest arrives where the bitmap is synced all the time',
    syncMs: 100,
    outcome: 'completed',
    runsOn: ['h2'],
  },
  {
    name: 'post-copy that was decided is carried out',
    guest: furious,
    script: postCopyAt2s,
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: true,
  },
  {
    name: 'post-copy asked for while the job sets up is refused, told, and does no harm',
    setupMs: 800,
    script: { 0: { kind: 'start-post-copy' } },
    outcome: 'completed',
    runsOn: ['h2'],
    says: /Post-copy has to wait/,
  },
  {
    name: 'a freeze brings a furious guest across',
    guest: furious,
    script: { 4_000: { kind: 'freeze', expectedMs: 5_000 } },
    outcome: 'completed',
    runsOn: ['h2'],
  },
  {
    name: 'a guest that stays runs on at its source',
    guest: furious,
    script: { 5_000: { kind: 'stay' } },
    outcome: 'stayed',
    runsOn: ['h1'],
    says: /stays on h1/,
  },
  {
    name: 'an abort brings it back to its source',
    guest: furious,
    fate: { 3_000: ({ cancel }) => cancel() },
    outcome: 'aborted',
    runsOn: ['h1'],
  },
  {
    name: 'an abort in the first instant is repeated until the job can be cancelled',
    guest: furious,
    fate: { 5: ({ cancel }) => cancel() },
    outcome: 'aborted',
    runsOn: ['h1'],
  },
  {
    name: 'an abort that comes when the guest has just arrived fails, and the guest has arrived',
    guest: quiet,
    before: ({ source }) => {
      source.abortJob = () => Promise.reject(tooLate);
    },
    fate: { 1_000: ({ cancel }) => cancel() },
    outcome: 'completed',
    runsOn: ['h2'],
    says: /Could not cancel it yet: .*no job is active/,
  },
  {
    name: 'an abort after the point of no return is refused, and the guest arrives',
    guest: furious,
    script: postCopyAt2s,
    fate: { 3_000: ({ cancel }) => cancel() },
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: true,
    says: /can no longer be cancelled/,
  },
  {
    name: 'the reply of the call is lost: the migration is watched to its end all the same',
    before: ({ source }) => source.loseNextMigrateReply(),
    outcome: 'completed',
    runsOn: ['h2'],
  },
  {
    name: 'the source does not answer for a while',
    guest: { ...quiet, touchedBytes: 120 * mib },
    fate: {
      1_000: ({ source }) => source.setReachable(false),
      20_000: ({ source }) => source.setReachable(true),
    },
    outcome: 'completed',
    runsOn: ['h2'],
    says: /h1 does not answer/,
  },
  {
    name: 'the source never answers again',
    fate: { 1_000: ({ source }) => source.setReachable(false) },
    outcome: 'unknown',
    runsOn: [],
    reallyOn: ['h2'],
    says: /could not be seen/,
  },
  {
    name: 'a broken post-copy is resumed',
    guest: furious,
    script: postCopyAt2s,
    fate: { 3_000: ({ source, uuid }) => source.breakPostCopy(uuid) },
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: true,
    says: /resuming it, attempt 1/,
  },
  {
    name: 'a post-copy that breaks three times is resumed three times',
    guest: furious,
    script: postCopyAt2s,
    fate: {
      3_000: ({ source, uuid }) => source.breakPostCopy(uuid),
      4_200: ({ source, uuid }) => source.breakPostCopy(uuid),
      5_900: ({ source, uuid }) => source.breakPostCopy(uuid),
    },
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: true,
    says: /Post-copy goes on, .* after break 3\.\n.* Post-copy broke 3 times and was resumed/,
  },
  {
    name: 'a post-copy of which nothing comes through is broken off and resumed',
    guest: furious,
    script: postCopyAt2s,
    fate: {
      3_000: ({ world }) => world.shapeLink(0),
      9_500: ({ world }) => world.shapeLink(24 * mib),
    },
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: true,
    says: /broken off\.[^]*resuming it, attempt 1[^]*goes on, .* after break 1/,
  },
  {
    name: 'a post-copy whose daemons have lost each other is watched to its end',
    guest: furious,
    before: ({ source }) => source.loseNextMigrateReply(),
    script: postCopyAt2s,
    fate: {
      3_000: ({ source, destination, uuid }) => {
        for (const { register } of [source, destination]) {
          const resident = register.get(uuid);
          if (resident === undefined) throw new Error('it is not there');
          register.become(resident, resident.state.state, 'post-copy-failed', 'post-copy-failed');
        }
      },
    },
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: true,
    says: /QEMU goes on by itself[^]*It runs on h2 after [\d.]+ s; it stood still for [^.]*\.$/,
  },
  {
    name: 'a broken post-copy whose resume would do harm is left alone, and told',
    guest: furious,
    recoverable: false,
    script: postCopyAt2s,
    fate: { 3_000: ({ source, uuid }) => source.breakPostCopy(uuid) },
    outcome: 'unknown',
    runsOn: [],
    postCopy: true,
    says: /split over h1 and h2: its daemon would crash/,
  },
  {
    name: 'the destination refuses post-copy at the start: it goes without',
    destinationFacts: { postCopy: { allowed: false, because: 'no userfaultfd' } },
    outcome: 'completed',
    runsOn: ['h2'],
    says: /starts again without/,
  },
  {
    name: 'the destination refuses compression at the start: it goes without, and could switch to post-copy',
    compression: true,
    guest: furious,
    script: postCopyAt2s,
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: true,
    says: /refused compression when it was asked for: it starts again without/,
  },
  {
    name: 'compressed it goes where the hosts can',
    compression: true,
    destinationFacts: { compression: { allowed: true } },
    outcome: 'completed',
    runsOn: ['h2'],
    says: /^(?!.*starts again)/,
  },
  {
    name: 'compressed, it is cancelled to begin again, and can switch to post-copy then',
    compression: true,
    destinationFacts: { compression: { allowed: true } },
    guest: furious,
    script: { 1_500: { kind: 'begin-again' }, 2_500: { kind: 'start-post-copy' } },
    outcome: 'completed',
    runsOn: ['h2'],
    postCopy: true,
    says: /cancelled to begin again uncompressed/,
  },
  {
    name: 'and a person who cancels it meanwhile is obeyed',
    compression: true,
    destinationFacts: { compression: { allowed: true } },
    guest: furious,
    script: { 1_500: { kind: 'begin-again' } },
    fate: { 1_510: ({ cancel }) => cancel() },
    outcome: 'aborted',
    runsOn: ['h1'],
    says: /^(?!.*begin again)/,
  },
  {
    name: 'both hosts lose the guest',
    guest: furious,
    script: postCopyAt2s,
    fate: {
      3_000: ({ source, destination, uuid }) => {
        source.breakPostCopy(uuid);
        source.forget(uuid);
        destination.forget(uuid);
      },
    },
    outcome: 'lost',
    runsOn: [],
    postCopy: true,
  },
];

describe('runMigration', () => {
  test.each(cases)('$name', async (scene) => {
    const played = await play(scene);
    const { result } = played;
    expect({ outcome: result.outcome, why: result.why }).toMatchObject({ outcome: scene.outcome });
    expect(result.runsOn).toEqual(scene.runsOn);
    expect(result.switchedToPostCopy).toBe(scene.postCopy ?? false);
    expect(result.why.join('\n')).toMatch(scene.says ?? /./);
    // What is said agrees with where the simulated guest really is.
    expect(await residence(played)).toEqual(scene.reallyOn ?? scene.runsOn);
  });

  test('detaching leaves the job running, and it arrives by itself', async () => {
    const played = await play({
      guest: { ...quiet, touchedBytes: 120 * mib },
      fate: { 1_000: ({ letGo }) => letGo.abort() },
    });
    expect(played.result.outcome).toBe('detached');
    expect(played.result.runsOn).toEqual(['h1']);
    await played.clock.run(played.clock.sleep(30_000));
    expect(await residence(played)).toEqual(['h2']);
  });

  test('the pause is measured by QEMU after pre-copy and by events after post-copy', async () => {
    const preCopy = await play({});
    expect(preCopy.result.blackout).toMatchObject({ measuredBy: 'hypervisor' });
    const postCopy = await play({ guest: furious, script: postCopyAt2s });
    const felt = postCopy.destination.toll(postCopy.uuid)?.pausedMs;
    expect(postCopy.result.blackout).toMatchObject({ measuredBy: 'events', ms: felt });
  });

  // What is set before its stream begins is overwritten by what it was begun with.
  test.each([40, 1_500])(
    'one that was to start with little of the link has what it may have once it has begun, after %i ms',
    async (setupMs) => {
      const { result } = await play({ startsWithBytesPerSecond: mib, setupMs });
      const { result: free } = await play({ setupMs });
      expect(result.outcome).toBe('completed');
      expect(result.totalMs).toBeLessThan(free.totalMs * 2);
    },
  );

  test('a guest that stays has the limits that it had before', async () => {
    const own = 50 * mib;
    const { clock, source, uuid } = await play({
      guest: furious,
      script: {
        1_000: { kind: 'set-max-downtime', ms: 900 },
        2_000: { kind: 'set-max-speed', bytesPerSecond: 20 * mib },
        5_000: { kind: 'stay' },
      },
      before: (stage) => void stage.source.setMaxSpeed(stage.uuid, own),
    });
    expect(await clock.run(source.maxDowntimeMs(uuid))).toBe(300);
    expect(await clock.run(source.maxSpeed(uuid))).toBe(own);
  });

  test('percent never falls and does not reach 100 before the end', async () => {
    const { events } = await play({ guest: furious, script: postCopyAt2s });
    const percents = events.flatMap((event) =>
      event.kind === 'progress' ? [event.progress.percent] : [],
    );
    expect(percents.length).toBeGreaterThan(5);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(Math.max(...percents)).toBeLessThanOrEqual(99);
  });

  test('an act that fails at every reading is told once', async () => {
    const { result } = await play({
      guest: { ...quiet, touchedBytes: 120 * mib },
      setupMs: 3_000,
      script: Object.fromEntries(
        Array.from({ length: 10 }, (_, index) => [index * 250, { kind: 'start-post-copy' }]),
      ),
    });
    const refused = result.why.filter((line) => line.startsWith('Post-copy has to wait'));
    const decided = result.decisions.filter(({ action }) => action.kind === 'start-post-copy');
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused).size).toBe(refused.length);
    expect(decided).toHaveLength(1);
  });

  test('each phase is told once and in its order', async () => {
    const { events } = await play({ guest: furious, script: postCopyAt2s });
    const phases = events.flatMap((event) => (event.kind === 'phase' ? [event.phase] : []));
    expect(phases).toEqual(['copying', 'switching', 'post-copy', 'ended']);
  });
});
