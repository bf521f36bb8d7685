import type { Sample } from '../../src/forecast/telemetry.ts';
import type { MigrateOptions } from '../../src/hypervisor/port.ts';
import type { Act, Driver } from '../steering/drive.ts';
import type { Packing } from '../steering/packed.ts';

/** Guests for which the systems' timers were made; smaller ones get them faster by the same factor. */
export const usualGib = 8;

/** Another system's way to steer a migration, by its published behaviour. */
export interface Contender {
  readonly name: string;
  readonly system: string;
  /** What it starts with, before anything was seen. */
  readonly maxDowntimeMs: number;
  readonly postCopy: boolean;
  readonly autoConverge: MigrateOptions['autoConverge'];
  /** It packs the memory on its way. */
  readonly packing?: Packing;
  /** So many of a host's guests move at the same time. */
  readonly atOnce: number;
  /** How often it looks, ms. */
  readonly pollMs: number;
  /** The steps of one migration of a guest with so much memory. */
  readonly begin: (memoryGib: number) => Step;
}

/** One of them as it is, but that it packs memory on its way. */
export function packed(
  contenders: readonly Contender[],
  name: string,
  packing: Packing,
): readonly Contender[] {
  return contenders
    .filter((one) => one.name === name)
    .map((usual) => ({ ...usual, name: `${name}-${packing.method}`, packing }));
}

/** What it does upon one look; it remembers what it saw before. */
export type Step = (sample: Sample) => readonly Act[];

/** A step function that is pure, with its memory beside it. */
export function remembering<State>(
  initial: State,
  step: (state: State, sample: Sample) => Turn<State>,
): Step {
  let state = initial;
  return (sample) => {
    const turn = step(state, sample);
    state = turn.state;
    return turn.acts;
  };
}

export interface Turn<State> {
  readonly state: State;
  readonly acts: readonly Act[];
}

/** The job is read so often, for the figures; a contender sees only what it looks at. */
const readEveryMs = 60;

export function driverOf(contender: Contender, memoryGib: number): Driver {
  const { maxDowntimeMs, postCopy, autoConverge, packing, pollMs } = contender;
  const step = contender.begin(memoryGib);
  let nextMs = 0;
  return {
    maxDowntimeMs,
    postCopy,
    autoConverge,
    packing,
    readEveryMs,
    step: (sample) => {
      if (sample.atMs < nextMs) return [];
      nextMs = sample.atMs + pollMs;
      return step(sample);
    },
  };
}
