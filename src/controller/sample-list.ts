import type { Sample } from '../forecast/telemetry.ts';
import { numberFields, sampleOf } from '../recording/columns.ts';

const phases = ['setup', 'pre-copy', 'post-copy'] as const satisfies readonly Sample['phase'][];

/** How one sample lies in a row of numbers; its phase comes after them. */
const fields = ['atMs', ...numberFields] as const;
const width = fields.length + 1;

/**
 * The newest samples, up to `most`, as plain numbers: where ten thousand migrations wait to be
 * kept, objects would take up three times the memory.
 */
export class SampleList {
  readonly #most: number;
  #numbers: number[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  push(sample: Sample): void {
    for (const field of fields) this.#numbers.push(sample[field] ?? 0);
    this.#numbers.push(phases.indexOf(sample.phase));
    if (this.#numbers.length > this.#most * width) this.#numbers.splice(0, width);
  }

  /** All, in their order; there are none after this. */
  take(): readonly Sample[] {
    const numbers = this.#numbers;
    this.#numbers = [];
    return Array.from({ length: numbers.length / width }, (_, index) =>
      sampleAt(numbers, index * width),
    );
  }
}

function sampleAt(numbers: readonly number[], from: number): Sample {
  const at = (field: (typeof fields)[number]): number => numbers[from + fields.indexOf(field)] ?? 0;
  const phase = phases[numbers[from + fields.length] ?? 0] ?? 'setup';
  return sampleOf(at, at('atMs'), phase);
}
