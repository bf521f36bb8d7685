import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { guestKinds, parseWorkload, type Workload } from '../../src/lab/guest/index.ts';
import { importances, slaClasses } from '../../src/policy/vocabulary.ts';

const pairSchema = z.strictObject({
  slaClass: z.enum(slaClasses),
  importance: z.enum(importances),
});

/** One guest, or several alike, and one link, and what the guest may be worth: a cell for each pair. */
const sceneSchema = z.strictObject({
  name: z.string(),
  does: z.string(),
  memoryMib: z.int().min(32).max(1024),
  /** So many alike at once, over the same link. */
  guests: z.int().min(1).max(4).default(1),
  /** What it runs: our program alone, or below Linux. */
  guest: z.enum(guestKinds).default('beat'),
  linkMbitPerSecond: z.number().positive(),
  /** To which share of that the link falls while half of the memory would be across; 0 to 1. */
  linkFallsTo: z.number().gt(0).lt(1).optional(),
  pairs: z.array(pairSchema).min(1),
});
export type PeerScene = z.infer<typeof sceneSchema>;

const petHigh = { slaClass: 'pet', importance: 'high' } as const;
const pandaMedium = { slaClass: 'panda', importance: 'medium' } as const;
const cattleHigh = { slaClass: 'cattle', importance: 'high' } as const;

/** Four scenes, eight cells: what fits at once, what never does, what waits, what is hot. */
const quick: readonly PeerScene[] = [
  ['below', 'sequential:rate=2MiB/s,set=16MiB', 300],
  ['busy', 'random:rate=60MiB/s,set=32MiB', 300],
  ['phased', 'phased:rate=40MiB/s,set=32MiB,burst=3s,quiet=4s', 300],
  ['hot', 'hot:rate=40MiB/s,hot=10%', 1000],
].map(([name, does, linkMbitPerSecond]) => ({
  name: `${name}/${linkMbitPerSecond}`,
  does: String(does),
  memoryMib: 64,
  guests: 1,
  guest: 'beat',
  linkMbitPerSecond: Number(linkMbitPerSecond),
  pairs: [petHigh, pandaMedium],
}));

/** What a link of so many Mbit/s carries, MiB/s. */
export function carries(linkMbitPerSecond: number): number {
  return (linkMbitPerSecond * 1e6) / 8 / 2 ** 20;
}

type Pattern = (mib: number, link: number) => string;

/** Writes as a share of what the link carries, and other patterns; `MiB` is the guest's memory. */
const patterns = {
  idle: () => 'idle',
  'rho-0.3': (mib, link) => random(mib / 2, 0.3 * carries(link)),
  'rho-0.7': (mib, link) => random(mib / 2, 0.7 * carries(link)),
  'rho-0.95': (mib, link) => random(mib / 2, 0.95 * carries(link)),
  'rho-1.2': (mib, link) => random(mib / 2, 1.2 * carries(link)),
  'rho-3': (mib, link) => random(mib / 2, 3 * carries(link)),
  'hot-5': (_, link) => `hot:rate=${whole(carries(link))}MiB/s,hot=5%`,
  'hot-20': (_, link) => `hot:rate=${whole(carries(link))}MiB/s,hot=20%`,
  phased: (mib, link) =>
    `phased:rate=${whole(1.2 * carries(link))}MiB/s,set=${whole(mib / 2)}MiB,burst=3s,quiet=4s`,
  xor: () => 'xor',
  spin: (mib) => `spin:set=${whole(mib / 2)}MiB`,
} as const satisfies Readonly<Record<string, Pattern>>;

function random(setMib: number, rateMib: number): string {
  return `random:rate=${whole(rateMib)}MiB/s,set=${whole(setMib)}MiB`;
}

function whole(number: number): number {
  return Math.max(1, Math.round(number));
}

const steady = [100, 300, 1000].flatMap((linkMbitPerSecond) =>
  Object.entries(patterns).map(([name, does]) => fullScene(name, does, linkMbitPerSecond)),
);
/** The link falls to 30 % while the guest moves. */
const falling = (['idle', 'rho-0.3', 'rho-0.95'] as const).map((name) => ({
  ...fullScene(`${name}-falls`, patterns[name], 300),
  linkFallsTo: 0.3,
}));
const cache: Pattern = (_, link) => `hot:rate=${whole(carries(link) / 2)}MiB/s,hot=10%`;
/** Linux, with what a cache in memory does: most of its writes on a tenth of it. */
const linux = [300, 1000].flatMap((linkMbitPerSecond) => [
  { ...fullScene('linux-idle', patterns.idle, linkMbitPerSecond), guest: 'linux' as const },
  { ...fullScene('linux-cache', cache, linkMbitPerSecond), guest: 'linux' as const },
]);
/**
 * Several at once on one link. At 30 % of it each, two together and four together write less and more than it
 * carries; at 70 % two do not fit any more that fit one after the other.
 */
const several = [300, 1000].flatMap((linkMbitPerSecond) => [
  { ...fullScene('two-rho-0.3', patterns['rho-0.3'], linkMbitPerSecond), guests: 2 },
  { ...fullScene('two-rho-0.7', patterns['rho-0.7'], linkMbitPerSecond), guests: 2 },
  { ...fullScene('four-rho-0.3', patterns['rho-0.3'], linkMbitPerSecond), guests: 4 },
]);
/** Memory that a codec brings to a third. All others are of a guest whose memory it brings to a hundredth. */
const compressible = [300, 1000].flatMap((linkMbitPerSecond) =>
  (['rho-0.7', 'rho-1.2'] as const).map((name) => {
    const scene = fullScene(`compressible-${name}`, patterns[name], linkMbitPerSecond);
    return { ...scene, does: `${scene.does},content=text` };
  }),
);
const large = [512, 1024].flatMap((memoryMib) =>
  (['idle', 'rho-0.7'] as const).map((name) =>
    fullScene(`${name}-${memoryMib}mib`, patterns[name], 1000, memoryMib),
  ),
);
const full: readonly PeerScene[] = [
  ...steady,
  ...falling,
  ...linux,
  ...several,
  ...compressible,
  ...large,
];

function fullScene(
  name: string,
  does: Pattern,
  linkMbitPerSecond: number,
  memoryMib = 256,
): PeerScene {
  return {
    name: `${name}/${linkMbitPerSecond}`,
    does: does(memoryMib, linkMbitPerSecond),
    memoryMib,
    guests: 1,
    guest: 'beat',
    linkMbitPerSecond,
    pairs: [petHigh, pandaMedium, cattleHigh],
  };
}

/** What the guest's memory holds from its start. */
export function contentOf({ does }: Pick<PeerScene, 'does'>): Workload['content'] {
  return parseWorkload(does).content;
}

const limitPasses = 3;
const limitBesidesMs = 5_000;

type OnLink = Pick<PeerScene, 'memoryMib' | 'guests' | 'linkMbitPerSecond' | 'linkFallsTo'>;

/** Who has not ended by then is cancelled, and has not arrived. */
export function limitMs(scene: OnLink): number {
  const { linkMbitPerSecond, linkFallsTo = 1 } = scene;
  return limitPasses * passMs(scene, linkMbitPerSecond * linkFallsTo) + limitBesidesMs;
}

/** All memory of all guests once over the link, ms. */
export function passMs(
  { memoryMib, guests }: Pick<OnLink, 'memoryMib' | 'guests'>,
  mbitPerSecond: number,
): number {
  return (guests * memoryMib * 2 ** 20 * 8 * 1000) / (mbitPerSecond * 1e6);
}

/** Few enough to be measured again and again: what fits, what hardly does, what never does, and the others. */
const headlineNames: ReadonlySet<string> = new Set([
  'rho-0.3/1000',
  'rho-0.95/1000',
  'rho-1.2/1000',
  'phased/1000',
  'two-rho-0.7/1000',
  'compressible-rho-0.7/1000',
]);
const headline = full.filter(({ name }) => headlineNames.has(name));

const sceneSets = { quick, full, headline } as const;
/** Those of the full set, by which it is seen what was not measured. */
export const fullNames: readonly string[] = full.map(({ name }) => name);

/** A set by its name, or the cells of a file. Throws where there is no such set. */
export async function scenesOf(
  set: string,
  file: string | undefined,
): Promise<readonly PeerScene[]> {
  if (file !== undefined) return readScenes(file);
  const found = Object.entries(sceneSets).find(([name]) => name === set);
  if (found === undefined)
    throw new Error(`there is no set '${set}': ${Object.keys(sceneSets).join(', ')}`);
  return found[1];
}

/** Cells that were not tuned on: a JSON array of scenes. */
async function readScenes(path: string): Promise<readonly PeerScene[]> {
  return z
    .array(sceneSchema)
    .min(1)
    .parse(JSON.parse(await readFile(path, 'utf8')));
}
