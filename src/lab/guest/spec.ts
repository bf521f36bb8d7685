import { DroverError } from '../../errors/catalogue.ts';
import type { Exclusion } from '../../policy/exclusions.ts';
import { isLabel, labelForm } from '../../policy/tags.ts';
import type { SlaClass } from '../../policy/vocabulary.ts';
import type { Workload } from './workload.ts';

/**
 * `beat` is a bare-metal program of a few KiB that runs at once; `linux` is a Debian kernel with a
 * shell, for realism. Both write memory, check it and report in the same words.
 */
export const guestKinds = ['beat', 'linux'] as const;
export type GuestKind = (typeof guestKinds)[number];

export interface GuestSpec {
  readonly name: string;
  readonly class: SlaClass;
  /** What must never be done to it; nothing by default. */
  readonly never?: readonly Exclusion[];
  /** Words by which rules select it; none by default. */
  readonly labels?: readonly string[];
  /** All of it is filled and checked. A whole number of MiB. */
  readonly memoryBytes: number;
  readonly workload: Workload;
  readonly kind: GuestKind;
  /** 1 by default; the guest uses one, the others idle. */
  readonly virtualCpus?: number;
  /** Heartbeats each second, 20 to 100; 50 by default. */
  readonly heartbeatHz?: number;
}

const mebibyte = 1024 ** 2;
/** The least in which a guest of the kind starts. */
const leastMemoryBytes: Readonly<Record<GuestKind, number>> = {
  beat: 8 * mebibyte,
  linux: 128 * mebibyte,
};
/** The guest counts the pages of its scrub in 32 bits; the bare-metal one has no memory above 3 GiB. */
const mostMemoryBytes = 3072 * mebibyte;

/** Throws `usage.invalid` with the first thing that is wrong. */
export function checkSpec(spec: GuestSpec): void {
  const least = leastMemoryBytes[spec.kind];
  // The name becomes part of file names and of a socket's, which must be short.
  must(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$/.test(spec.name),
    `'${spec.name}' cannot be a guest's name`,
    'letters, digits, _ . and -, at most 40 of them',
  );
  must(
    Number.isInteger(spec.memoryBytes / mebibyte) &&
      spec.memoryBytes >= least &&
      spec.memoryBytes <= mostMemoryBytes,
    `a ${spec.kind} guest cannot have ${spec.memoryBytes} bytes of memory`,
    `a whole number of MiB from ${least / mebibyte}MiB to ${mostMemoryBytes / mebibyte}MiB`,
  );
  must(
    isWithin(spec.virtualCpus ?? 1, 1, 16),
    `a guest cannot have ${spec.virtualCpus} processors`,
    '1 to 16',
  );
  must(
    isWithin(spec.heartbeatHz ?? 50, 20, 100),
    `a guest cannot beat ${spec.heartbeatHz} times a second`,
    '20 to 100',
  );
  for (const label of spec.labels ?? []) must(isLabel(label), `'${label}' is no label`, labelForm);
}

function isWithin(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}

function must(condition: boolean, message: string, hint: string): void {
  if (!condition) throw new DroverError('usage.invalid', message, { hint });
}
