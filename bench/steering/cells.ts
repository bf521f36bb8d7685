import type { Importance, SlaClass } from '../../src/policy/vocabulary.ts';

/** What the guest does, and over what. */
export interface Scene {
  readonly workload: WorkloadName;
  readonly linkMbitPerSecond: number;
}

/** What it is worth, and how much the operation matters. */
export interface Pair {
  readonly slaClass: SlaClass;
  readonly importance: Importance;
}

export interface Grid {
  readonly scenes: readonly Scene[];
  readonly pairs: readonly Pair[];
  readonly rounds: number;
}

export const guestMemoryBytes = 64 * 2 ** 20;

/**
 * For a guest of 64 MiB. A link of 125 Mbit/s carries 14 MiB/s of it, one of 300 some 34 MiB/s;
 * `busy`, `hot`, `spin` and the bursts of `phased` write faster than both.
 */
export const workloads = {
  idle: 'idle',
  below: 'sequential:rate=2MiB/s,set=16MiB',
  hot: 'hot:rate=40MiB/s,hot=10%',
  phased: 'phased:rate=40MiB/s,set=32MiB,burst=3s,quiet=4s',
  busy: 'random:rate=60MiB/s,set=32MiB',
  spin: 'spin:set=32MiB',
} as const;
export type WorkloadName = keyof typeof workloads;

const links = { quick: [125, 300], full: [125, 300, 1000] } as const;

const pairs: Readonly<Record<'quick' | 'full', readonly Pair[]>> = {
  quick: [
    { slaClass: 'panda', importance: 'medium' },
    { slaClass: 'pet', importance: 'high' },
  ],
  full: [
    { slaClass: 'cattle', importance: 'high' },
    { slaClass: 'pet', importance: 'high' },
    { slaClass: 'panda', importance: 'low' },
    { slaClass: 'panda', importance: 'medium' },
    { slaClass: 'panda', importance: 'high' },
  ],
};

const workloadsOf: Readonly<Record<'quick' | 'full', readonly WorkloadName[]>> = {
  quick: ['below', 'phased', 'busy'],
  full: ['idle', 'below', 'hot', 'phased', 'busy', 'spin'],
};

/** The cells of a run; with filters, only what at least one of them fits. */
export function gridOf(size: 'quick' | 'full', filters: readonly Filter[]): Grid {
  const scenes = links[size].flatMap((linkMbitPerSecond) =>
    workloadsOf[size].map((workload) => ({ workload, linkMbitPerSecond })),
  );
  const wanted = (scene: Scene): boolean => pairsIn(scene, pairs[size], filters).length > 0;
  return { scenes: scenes.filter(wanted), pairs: pairs[size], rounds: size === 'quick' ? 1 : 3 };
}

/** The pairs that are wanted of a scene. */
export function pairsIn(
  scene: Scene,
  all: readonly Pair[],
  filters: readonly Filter[],
): readonly Pair[] {
  if (filters.length === 0) return all;
  return all.filter((pair) => filters.some((filter) => fits(filter, scene, pair)));
}

/** `undefined` fits everything. */
export interface Filter {
  readonly workload: string | undefined;
  readonly link: string | undefined;
  readonly pair: string | undefined;
}

/** Reads `busy/125/panda-medium`; a part that is empty, missing or `*` fits everything. */
export function parseFilter(text: string): Filter {
  const [workload, link, pair] = text
    .split('/')
    .map((part) => (part === '' || part === '*' ? undefined : part));
  return { workload, link, pair };
}

export function pairName({ slaClass, importance }: Pair): string {
  return `${slaClass}-${importance}`;
}

function fits({ workload, link, pair }: Filter, scene: Scene, of: Pair): boolean {
  return (
    (workload ?? scene.workload) === scene.workload &&
    (link ?? String(scene.linkMbitPerSecond)) === String(scene.linkMbitPerSecond) &&
    (pair ?? pairName(of)) === pairName(of)
  );
}
