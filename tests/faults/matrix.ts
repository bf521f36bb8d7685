import type { SimpleGuest } from './guests.ts';
import type { Site } from './theatre.ts';

/** When something breaks. */
export const phases = [
  'before start',
  'first pass',
  'throttled',
  'switching over',
  'post-copy',
  'just completed',
] as const;
export type Phase = (typeof phases)[number];

/** The guest that shows the phase, and is long in it. */
export const guestIn: Readonly<Record<Phase, SimpleGuest>> = {
  'before start': {
    slaClass: 'pet',
    importance: 'high',
    memoryMiB: 64,
    workload: 'random:rate=1MiB/s,set=8MiB,scrub=2s',
  },
  'first pass': {
    slaClass: 'pet',
    importance: 'high',
    memoryMiB: 160,
    workload: 'random:rate=4MiB/s,set=32MiB,scrub=3s',
  },
  throttled: {
    slaClass: 'pet',
    importance: 'high',
    memoryMiB: 128,
    workload: 'random:rate=60MiB/s,set=96MiB,scrub=3s',
    never: ['post-copy'],
  },
  'switching over': {
    slaClass: 'panda',
    importance: 'high',
    memoryMiB: 128,
    workload: 'random:rate=80MiB/s,set=96MiB,scrub=3s',
    never: ['post-copy', 'throttle'],
  },
  'post-copy': {
    slaClass: 'cattle',
    importance: 'high',
    memoryMiB: 144,
    workload: 'random:rate=90MiB/s,set=112MiB,scrub=3s',
  },
  'just completed': {
    slaClass: 'pet',
    importance: 'high',
    memoryMiB: 64,
    workload: 'random:rate=1MiB/s,set=8MiB,scrub=2s',
  },
};

/** Thrown where what should break was not there: the cell says nothing. */
export class NotReached extends Error {}

/** What breaks. */
export interface Fault {
  readonly name: string;
  readonly begin: (site: Site) => Promise<void>;
  /** `undefined`: nothing is to be undone. */
  readonly end?: (site: Site) => Promise<void>;
  readonly lastsMs: number;
  /** It lasts for longer than anybody waits: what is said by then is looked at, and it is ended. */
  readonly forGood?: true;
  /** Phases in which there is nothing that could break so. */
  readonly notIn?: readonly Phase[];
  /** Phases in which no program could keep the guest, and why. */
  readonly physics?: Readonly<Partial<Record<Phase, string>>>;
  /** Phases in which it may be left standing still, because nobody can prove that it may go on. */
  readonly halts?: Readonly<Partial<Record<Phase, string>>>;
  /** The store has to be PostgreSQL. */
  readonly postgres?: true;
}

const wholeBits = 200e6;

const controllerKilled: Fault = {
  name: 'controller killed, begun again',
  begin: ({ controller }) => controller.kill(),
  end: ({ controller }) => controller.begin(),
  lastsMs: 1_000,
};

function daemonKilled(which: 'source' | 'destination', host: 'h1' | 'h2'): Fault {
  return {
    name: `${which} libvirtd killed, begun again`,
    begin: ({ lab }) => lab.kill(host, 'libvirtd'),
    end: ({ lab }) => lab.start(host),
    lastsMs: 2_000,
  };
}

const sourceDaemon = daemonKilled('source', 'h1');
const destinationDaemon = daemonKilled('destination', 'h2');

function linkCut(name: string, lastsMs: number, forGood?: true): Fault {
  return {
    name,
    begin: ({ lab }) => lab.cut('h1', 'h2'),
    end: ({ lab }) => lab.heal(),
    lastsMs,
    ...(forGood === undefined ? {} : { forGood }),
  };
}

const shortCut = linkCut('link cut for 3 s', 3_000);

export const faults: readonly Fault[] = [
  controllerKilled,
  sourceDaemon,
  destinationDaemon,
  {
    name: 'source QEMU killed',
    begin: ({ lab, guest }) => lab.kill('h1', 'qemu', guest),
    lastsMs: 0,
    notIn: ['just completed'],
    physics: {
      'before start': 'a guest whose QEMU dies is gone, moving or not',
      'first pass': 'a guest whose QEMU dies is gone, moving or not',
      throttled: 'a guest whose QEMU dies is gone, moving or not',
      'switching over': 'the destination has not all of its memory',
      'post-copy': 'a part of its memory was only there: never post-copy would have kept it apart',
    },
  },
  {
    name: 'destination QEMU killed',
    begin: ({ lab, guest }) => lab.kill('h2', 'qemu', guest),
    lastsMs: 0,
    notIn: ['before start'],
    physics: {
      'post-copy': 'it ran there: never post-copy would have kept it at its source',
      'just completed': 'a guest whose QEMU dies is gone, moving or not',
    },
  },
  shortCut,
  linkCut('link cut for 30 s', 30_000),
  linkCut('link cut for good', 45_000, true),
  {
    name: 'link at 5 %',
    begin: ({ lab }) => shapeAll(lab, wholeBits / 20),
    end: ({ lab }) => shapeAll(lab, wholeBits),
    lastsMs: 15_000,
  },
  {
    name: 'migration connection reset',
    begin: async ({ lab }) => {
      if ((await lab.breakMigrationConnection('h1')) === 0)
        throw new NotReached('no memory was on its way');
    },
    lastsMs: 0,
    notIn: ['before start', 'just completed'],
  },
  {
    name: 'store gone for 8 s',
    begin: ({ store }) => store.leave(),
    end: ({ store }) => store.comeBack(),
    lastsMs: 8_000,
    postgres: true,
  },
  {
    name: 'disk full for 6 s',
    begin: ({ store }) => store.fill(),
    end: ({ store }) => store.empty(),
    lastsMs: 6_000,
  },
  {
    name: 'clock stepped by an hour, and back by two',
    begin: ({ controller }) => Promise.resolve(controller.stepClock(3_600_000)),
    end: ({ controller }) => Promise.resolve(controller.stepClock(-7_200_000)),
    lastsMs: 2_000,
  },
  both('controller and source libvirtd killed', controllerKilled, sourceDaemon),
  both('controller killed, link cut for 3 s', controllerKilled, shortCut),
  {
    ...both('both libvirtds killed', sourceDaemon, destinationDaemon),
    halts: {
      'switching over':
        'its destination was not watched all along, and may have run it: a person looks, and resumes it at its source',
    },
  },
];

/** Two at once; both are over when the longer one is. */
function both(name: string, one: Fault, other: Fault): Fault {
  return {
    name,
    begin: async (site) => {
      await Promise.all([one.begin(site), other.begin(site)]);
    },
    end: async (site) => {
      await Promise.all([one.end?.(site), other.end?.(site)]);
    },
    lastsMs: Math.max(one.lastsMs, other.lastsMs),
  };
}

async function shapeAll(lab: Site['lab'], rate: number): Promise<void> {
  for (const { name } of lab.hosts) await lab.shape(name, rate);
}

export interface Cell {
  readonly phase: Phase;
  readonly fault: Fault;
}

/** Every phase with every fault that can come in it. */
export const cells: readonly Cell[] = phases.flatMap((phase) =>
  faults.filter(({ notIn = [] }) => !notIn.includes(phase)).map((fault) => ({ phase, fault })),
);

/** A part of it, for every run of the tests. */
export const quickCells: readonly Cell[] = (
  [
    ['first pass', 'source libvirtd killed, begun again'],
    ['first pass', 'disk full for 6 s'],
    ['throttled', 'store gone for 8 s'],
    ['switching over', 'controller killed, link cut for 3 s'],
    ['post-copy', 'destination libvirtd killed, begun again'],
    ['post-copy', 'source QEMU killed'],
    ['just completed', 'both libvirtds killed'],
  ] satisfies [Phase, string][]
).map(([phase, name]) => cellOf(phase, name));

function cellOf(phase: Phase, name: string): Cell {
  const cell = cells.find((one) => one.phase === phase && one.fault.name === name);
  if (cell === undefined) throw new Error(`there is no cell "${phase}: ${name}"`);
  return cell;
}

export function linkBits(): number {
  return wholeBits;
}
