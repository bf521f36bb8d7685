import type { LeftOver } from '../../hypervisor/simulated.ts';
import type { Random } from '../../hypervisor/simulated-random.ts';

/** What can break, and for how long, ms; Infinity: until all is mended in the end. */
export const faults = {
  'migration connection reset': [0],
  'daemons part': [0],
  'daemon down': [2_000, 8_000, 45_000],
  'host unheard': [3_000, 30_000, 120_000],
  'QEMU killed': [0],
  'power cut': [5_000, 60_000, Infinity],
  'link cut': [3_000, 30_000, Infinity],
  'link at 5 %': [20_000, 120_000],
  'unruly replies': [10_000, 60_000],
  'unruly events': [10_000, 60_000],
  'store fails': [2_000, 8_000, 20_000],
  'clock stepped': [0],
  'controller killed': [0],
  'controller halted': [2_000, 12_000, 40_000],
} as const satisfies Readonly<Record<string, readonly number[]>>;
export type FaultName = keyof typeof faults;

/** One of them, at one time; what does not need the rest leaves it unused. */
export interface Fault {
  readonly what: FaultName;
  readonly atMs: number;
  /** Not before its guest is in this phase; then `host` is one of the two that take part. */
  readonly when: Phase | undefined;
  readonly lastsMs: number;
  /** Which of the hosts, and of the guests, by its place among them. */
  readonly host: number;
  readonly guest: number;
  readonly left: LeftOver;
  readonly stepMs: number;
}

export type Phase = 'pre-copy' | 'switching' | 'to-post-copy' | 'post-copy' | 'broken';
/** Most of the time a guest is in none of those in which most can go wrong. */
const phases: readonly (Phase | undefined)[] = [
  undefined,
  'pre-copy',
  'switching',
  'to-post-copy',
  'post-copy',
  'post-copy',
  'broken',
];

const leftOvers: readonly LeftOver[] = ['nothing', 'both-wait', 'source-waits'];
const longestStepMs = 3_600_000;

/** Two at once are as likely as one alone. */
export function drawSchedule(
  random: Random,
  within: { readonly hosts: number; readonly guests: number; readonly ms: number },
): readonly Fault[] {
  const count = 1 + Math.floor(random() * 4);
  const drawn: Fault[] = [];
  for (let index = 0; index < count; index += 1) {
    const before = drawn.at(-1);
    const atOnce = before !== undefined && random() < 0.5;
    drawn.push(drawFault(random, within, atOnce ? before.atMs + random() * 300 : undefined));
  }
  return drawn.toSorted((a, b) => a.atMs - b.atMs);
}

function drawFault(
  random: Random,
  { hosts, guests, ms }: { readonly hosts: number; readonly guests: number; readonly ms: number },
  atMs = random() * random() * ms,
): Fault {
  const whats = Object.keys(faults).filter((name): name is FaultName => name in faults);
  const what = pick(whats, random) ?? 'controller killed';
  return {
    what,
    atMs,
    when: pick(phases, random),
    lastsMs: pick(faults[what], random) ?? 0,
    host: Math.floor(random() * hosts),
    guest: Math.floor(random() * guests),
    left: pick(leftOvers, random) ?? 'nothing',
    stepMs: (random() * 2 - 1) * longestStepMs,
  };
}

export function pick<T>(from: readonly T[], random: Random): T | undefined {
  return from[Math.floor(random() * from.length)];
}
