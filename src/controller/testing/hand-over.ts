import {
  type Effect,
  initialState,
  type MigrationState,
  type Outcome,
  transition,
} from '../../migration/transition.ts';
import {
  type Look,
  type Sighting,
  type Verdict,
  whereabouts,
} from '../../migration/whereabouts.ts';

/**
 * The hand-over of one migration between two controllers, as small as it can be said: one store, two
 * hosts, leases that end, controllers that die, stop and go on at any moment. What they make of what
 * they see is decided by the very functions of the product; only time is coarse: a lease lasts two
 * ticks in the store and one at its holder, who reckons with a margin; an order may be two ticks on
 * its way, longer than its sender holds the lease. One that died and starts again knows nothing.
 */
export interface Scene {
  readonly hosts: Hosts;
  readonly store: Kept;
  readonly controllers: readonly [Controller, Controller];
  /** A start that is on its way to the source: it comes there within so many ticks, whoever sent it. */
  readonly flight: number | undefined;
  /** How often the migration was started, and how often it was decided to try it again. */
  readonly starts: number;
  readonly again: number;
}

/** Where the guest is. */
type Hosts =
  | 'at-source'
  | 'copying'
  | 'switching'
  /** It runs at the destination; the source has not let go. */
  | 'handed-over'
  | 'split'
  | 'broken'
  | 'arrived';

interface Kept {
  readonly owner: number | undefined;
  readonly epoch: number;
  /** Ticks until the lease ends. */
  readonly left: number;
  /** The plan is durable. */
  readonly begun: boolean;
  readonly pointOfNoReturn: boolean;
  readonly ended: Outcome | undefined;
}

interface Controller {
  readonly running: 'yes' | 'stopped';
  readonly lease: { readonly epoch: number; readonly left: number } | undefined;
  /** What it knows; `undefined` while it steers nothing. */
  readonly state: MigrationState | undefined;
  /** Its own call carries the migration. */
  readonly sent: boolean;
  /** What it saw last, and whether that has stood for a tick. */
  readonly seen: { readonly verdict: Verdict; readonly stood: boolean } | undefined;
}

/** What the product promises, each of which a mutant leaves out. */
export const rules = [
  'the holder asks for its lease before every order',
  'every write names its epoch',
  'the plan is durable before the start',
  'the point of no return is durable before post-copy',
  'a take-over never starts again what was begun',
  'what was taken up is believed only when it has stood',
  'only a lease that is over is given to another',
] as const;
export type Rule = (typeof rules)[number];

const ttlTicks = 2;
const marginTicks = 1;
/** How long a start may be on its way, ticks. */
const flightTicks = 2;
const mostAgain = 1;

const idle: Controller = {
  running: 'yes',
  lease: undefined,
  state: undefined,
  sent: false,
  seen: undefined,
};

export const beginning: Scene = {
  hosts: 'at-source',
  store: {
    owner: undefined,
    epoch: 0,
    left: 0,
    begun: false,
    pointOfNoReturn: false,
    ended: undefined,
  },
  controllers: [idle, idle],
  flight: undefined,
  starts: 0,
  again: 0,
};

export interface Step {
  readonly name: string;
  readonly next: Scene;
}

/** How far to go, and with what. */
export interface Terms {
  /** How often the lease may be taken: each death and each long stop takes one. */
  readonly mostEpochs: number;
  /** The rule that a mutant breaks. */
  readonly without?: Rule;
}

/** What must never be. */
export function wrongWith({ hosts, store, starts, again }: Scene): string | undefined {
  if (starts > 1 + again) return 'it was started more often than anybody decided';
  const isSplit = hosts === 'split' || hosts === 'broken';
  if (isSplit && !store.pointOfNoReturn) return 'it is split, and the store does not know';
  if (hosts !== 'at-source' && !store.begun) return 'it is on its way, and the store does not know';
  if (store.ended === 'completed' && hosts !== 'arrived' && hosts !== 'handed-over')
    return 'it is said to have arrived, and has not';
  if (store.ended === 'failed-safe' && hosts !== 'at-source')
    return 'it is said to run at its source, and does not';
  if (store.ended === 'lost') return 'it is said to be lost, and is not';
  return undefined;
}

export function stepsFrom(scene: Scene, terms: Terms): readonly Step[] {
  const both = [0, 1] as const;
  return [
    ...hostSteps(scene),
    ...landing(scene),
    ...tick(scene),
    ...both.flatMap((who) => fateOf(scene, who)),
    ...both.flatMap((who) => actsOf(scene, who, terms)),
  ];
}

/** What QEMU and libvirt do by themselves. */
const byItself: Readonly<Record<Hosts, readonly Hosts[]>> = {
  'at-source': [],
  copying: ['switching', 'at-source'],
  switching: ['handed-over', 'at-source'],
  'handed-over': ['arrived'],
  split: ['broken', 'handed-over'],
  broken: [],
  arrived: [],
};

function hostSteps(scene: Scene): readonly Step[] {
  return byItself[scene.hosts].map((hosts) => ({
    name: `the hosts: ${scene.hosts} -> ${hosts}`,
    next: { ...scene, hosts },
  }));
}

/** Libvirt takes it only where no migration is under way. */
function landing(scene: Scene): readonly Step[] {
  if (scene.flight === undefined) return [];
  const landed = { ...scene, flight: undefined };
  const taken = scene.hosts === 'at-source';
  const next: Scene = taken ? { ...landed, hosts: 'copying', starts: scene.starts + 1 } : landed;
  return [named('the start reaches the source', next)];
}

function aged(one: Controller): Controller {
  return {
    ...one,
    lease: one.lease && { ...one.lease, left: Math.max(0, one.lease.left - 1) },
    seen: one.seen && { ...one.seen, stood: true },
  };
}

function tick(scene: Scene): readonly Step[] {
  const { store, controllers, flight } = scene;
  if (flight === 0) return [];
  const left = Math.max(0, store.left - 1);
  const [a, b] = controllers;
  const later: Scene = {
    ...scene,
    store: { ...store, left },
    controllers: [aged(a), aged(b)],
    flight: flight === undefined ? undefined : flight - 1,
  };
  return [named('time passes', later)];
}

/** It stops and goes on, as in a long pause; it dies and starts again, knowing nothing. */
function fateOf(scene: Scene, who: 0 | 1): readonly Step[] {
  const one = scene.controllers[who];
  const becomes = (name: string, next: Controller): Step => ({
    name: `${nameOf(who)} ${name}`,
    next: withController(scene, who, next),
  });
  switch (one.running) {
    case 'yes':
      return [becomes('stops', { ...one, running: 'stopped' }), becomes('dies', idle)];
    case 'stopped':
      return [becomes('goes on', { ...one, running: 'yes' })];
  }
}

function actsOf(scene: Scene, who: 0 | 1, terms: Terms): readonly Step[] {
  const { without } = terms;
  const one = scene.controllers[who];
  if (one.running !== 'yes') return [];
  const steps = [
    claim(scene, who, terms),
    renew(scene, who),
    begin(scene, who, without),
    start(scene, who, without),
    passReturn(scene, who, without),
    switchToPostCopy(scene, who, without),
    look(scene, who, without),
    tryAgain(scene, who),
    keepEnd(scene, who, without),
  ];
  return steps.filter((step) => step !== undefined);
}

function claim(scene: Scene, who: 0 | 1, { without, mostEpochs }: Terms): Step | undefined {
  const { store } = scene;
  const one = scene.controllers[who];
  const stolen = without === 'only a lease that is over is given to another';
  const free = store.owner === undefined || store.left === 0 || stolen;
  if (!free || one.lease !== undefined || store.ended !== undefined) return undefined;
  const epoch = store.epoch + 1;
  if (epoch > mostEpochs) return undefined;
  const takenUp: MigrationState = store.pointOfNoReturn
    ? { phase: 'post-copy' }
    : { phase: 'copying', leaving: undefined };
  const again = without === 'a take-over never starts again what was begun';
  const next: Controller = {
    ...one,
    lease: { epoch, left: ttlTicks - marginTicks },
    state: store.begun && !again ? takenUp : initialState,
    sent: false,
    seen: undefined,
  };
  const kept = { ...store, owner: who, epoch, left: ttlTicks };
  return named(`${nameOf(who)} takes the lease`, {
    ...withController(scene, who, next),
    store: kept,
  });
}

function renew(scene: Scene, who: 0 | 1): Step | undefined {
  const one = scene.controllers[who];
  const { store } = scene;
  if (one.lease === undefined) return undefined;
  const kept = store.owner === who && store.epoch === one.lease.epoch && store.left > 0;
  if (!kept)
    return named(`${nameOf(who)} learns that its lease is lost`, withController(scene, who, idle));
  const lease = { ...one.lease, left: ttlTicks - marginTicks };
  const next = withController(scene, who, { ...one, lease });
  return named(`${nameOf(who)} renews`, { ...next, store: { ...store, left: ttlTicks } });
}

/** Whether an order may go out. */
function mayAct({ lease }: Controller, without: Rule | undefined): boolean {
  if (lease === undefined) return false;
  return lease.left > 0 || without === 'the holder asks for its lease before every order';
}

/** A write that counts; `undefined` where the store refuses it. */
function written(
  { store, controllers }: Scene,
  who: 0 | 1,
  without: Rule | undefined,
  change: Partial<Kept>,
): Kept | undefined {
  const { lease } = controllers[who];
  if (lease === undefined || store.ended !== undefined) return undefined;
  const fenced = without !== 'every write names its epoch';
  const holds = store.owner === who && store.epoch === lease.epoch && store.left > 0;
  return fenced && !holds ? undefined : { ...store, ...change };
}

function begin(scene: Scene, who: 0 | 1, without: Rule | undefined): Step | undefined {
  const one = scene.controllers[who];
  if (one.state?.phase !== 'preflight' || scene.store.begun) return undefined;
  const store = written(scene, who, without, { begun: true });
  return store && named(`${nameOf(who)} keeps the plan`, { ...scene, store });
}

/** One order. */
function start(scene: Scene, who: 0 | 1, without: Rule | undefined): Step | undefined {
  const one = scene.controllers[who];
  const durable = scene.store.begun || without === 'the plan is durable before the start';
  if (one.state?.phase !== 'preflight' || !durable || !mayAct(one, without)) return undefined;
  const { state, effects } = transition(one.state, { kind: 'preflight-passed' });
  const starting: Effect = 'start-migration';
  if (!effects.includes(starting)) return undefined;
  if (scene.flight !== undefined) return undefined;
  const next = withController(scene, who, { ...one, state, sent: true, seen: undefined });
  return named(`${nameOf(who)} starts it`, {
    ...next,
    flight: flightTicks,
  });
}

function passReturn(scene: Scene, who: 0 | 1, without: Rule | undefined): Step | undefined {
  const one = scene.controllers[who];
  if (one.state?.phase !== 'copying' || scene.store.pointOfNoReturn) return undefined;
  const store = written(scene, who, without, { pointOfNoReturn: true });
  return store && named(`${nameOf(who)} keeps the point of no return`, { ...scene, store });
}

function switchToPostCopy(scene: Scene, who: 0 | 1, without: Rule | undefined): Step | undefined {
  const one = scene.controllers[who];
  const durable =
    scene.store.pointOfNoReturn || without === 'the point of no return is durable before post-copy';
  if (one.state?.phase !== 'copying' || !durable || !mayAct(one, without)) return undefined;
  if (scene.hosts !== 'copying') return undefined;
  return named(`${nameOf(who)} switches to post-copy`, { ...scene, hosts: 'split' });
}

/** Looks at both hosts, takes the state on, and does what has to be done. */
function look(scene: Scene, who: 0 | 1, without: Rule | undefined): Step | undefined {
  const one = scene.controllers[who];
  if (one.state === undefined || one.state.phase === 'preflight' || one.state.phase === 'ended')
    return undefined;
  const verdict = whereabouts(looks[scene.hosts]);
  const stood = one.seen?.verdict === verdict && one.seen.stood;
  const hasty = without === 'what was taken up is believed only when it has stood';
  // Whose own call has ended knows that nothing more comes of it.
  const believed = one.sent ? scene.flight === undefined : stood || hasty;
  const settled = verdict === 'at-source' ? believed : stood;
  const { state, effects } = transition(one.state, {
    kind: 'looked',
    verdict,
    settled: settled && standing.has(verdict),
  });
  const seen = one.seen?.verdict === verdict ? one.seen : { verdict, stood: false };
  const next = withController(scene, who, { ...one, state, seen });
  const resumes = effects.includes('resume-post-copy') && mayAct(one, without);
  return named(`${nameOf(who)} sees ${verdict}`, resumes ? { ...next, hosts: 'split' } : next);
}

/** What must finish is tried again where it failed, by whoever saw that. */
function tryAgain(scene: Scene, who: 0 | 1): Step | undefined {
  const one = scene.controllers[who];
  const failed = one.state?.phase === 'ended' && one.state.outcome === 'failed-safe';
  if (!failed || scene.again >= mostAgain || !mayAct(one, undefined)) return undefined;
  const next = withController(scene, who, { ...one, state: initialState, sent: false });
  return named(`${nameOf(who)} tries it again`, { ...next, again: scene.again + 1 });
}

/** The end is kept a while after it was seen, and whoever kept it steers nothing any more. */
function keepEnd(scene: Scene, who: 0 | 1, without: Rule | undefined): Step | undefined {
  const { state } = scene.controllers[who];
  if (state?.phase !== 'ended') return undefined;
  const store = written(scene, who, without, { ended: state.outcome });
  if (store === undefined) return undefined;
  const next = withController(scene, who, idle);
  return named(`${nameOf(who)} says ${state.outcome}`, { ...next, store });
}

/** Verdicts that end a migration once they have stood. */
const standing: ReadonlySet<Verdict> = new Set(['at-source', 'nowhere', 'at-both', 'unseen']);

const is = (
  state: 'running' | 'paused',
  reason: 'other' | 'migration' | 'migrated' | 'post-copy' | 'post-copy-failed',
): Sighting => ({
  seen: 'domain',
  state: { state, reason },
});
const absent: Sighting = { seen: 'absent' };

const looks: Readonly<Record<Hosts, Look>> = {
  'at-source': { source: is('running', 'other'), destination: absent, jobActive: false },
  copying: {
    source: is('running', 'other'),
    destination: is('paused', 'migration'),
    jobActive: true,
  },
  switching: {
    source: is('paused', 'migration'),
    destination: is('paused', 'migration'),
    jobActive: true,
  },
  'handed-over': {
    source: is('paused', 'migrated'),
    destination: is('running', 'migrated'),
    jobActive: true,
  },
  split: {
    source: is('paused', 'post-copy'),
    destination: is('running', 'post-copy'),
    jobActive: true,
  },
  broken: {
    source: is('paused', 'post-copy-failed'),
    destination: is('paused', 'post-copy-failed'),
    jobActive: true,
  },
  arrived: { source: absent, destination: is('running', 'migrated'), jobActive: false },
};

function withController(scene: Scene, who: 0 | 1, next: Controller): Scene {
  const [a, b] = scene.controllers;
  return { ...scene, controllers: who === 0 ? [next, b] : [a, next] };
}

function named(name: string, next: Scene): Step {
  return { name, next };
}

function nameOf(who: 0 | 1): string {
  return who === 0 ? 'A' : 'B';
}
