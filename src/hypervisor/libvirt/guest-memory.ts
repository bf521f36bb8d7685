import type { DomainFacts } from '../port.ts';

/** Memory from one address of the guest's machine up to another, bytes. */
export interface MemoryRange {
  readonly from: number;
  readonly to: number;
}

const mib = 2 ** 20;
const gib = 2 ** 30;

/** Below are the BIOS and the window of a VGA card. */
const lowest = mib;
/**
 * What does not fit below the devices lies above 4 GiB. How much fits differs: 2 GiB (q35) to 3.5 (pc), as QEMU has it.
 * What is certain of all of them is memory up to 2 GiB, and above 4 GiB what is more than 4 GiB in all, and a little.
 */
const lowEnd = 2 * gib;
const highStart = 4 * gib;
const mostBelow = 4 * gib;

const x86 = /^(x86_64|i686)$/;
const pc = /^(pc|q35)/;
/** Whoever moved the hole himself knows where it is; we do not. */
const movedHole = /max-ram-below-4g/;

export type Machine = Pick<
  DomainFacts,
  'architecture' | 'machineType' | 'memoryBytes' | 'definition'
>;

/**
 * Where the machine surely has memory, and no device that would notice being read. None for machines of which we do
 * not know it.
 */
export function memoryRangesOf(machine: Machine): readonly MemoryRange[] {
  const { architecture, machineType, memoryBytes, definition } = machine;
  if (!x86.test(architecture) || !pc.test(machineType) || movedHole.test(definition)) return [];
  const low = { from: lowest, to: Math.min(memoryBytes, lowEnd) };
  const high = { from: highStart, to: highStart + memoryBytes - mostBelow };
  return [low, high].filter(({ from, to }) => from < to);
}

/** Addresses of so many pieces of `bytes`, evenly spread over the ranges; fewer where they would overlap. */
export function piecesIn(
  ranges: readonly MemoryRange[],
  count: number,
  bytes: number,
): readonly number[] {
  const whole = ranges.map(({ from, to }) => ({ from, pieces: Math.floor((to - from) / bytes) }));
  const all = whole.reduce((sum, { pieces }) => sum + pieces, 0);
  const taken = Math.min(count, all);
  return Array.from({ length: taken }, (_, index) => {
    // In the middle of its share, so that neither end of the memory speaks for all of it.
    let nth = Math.floor(((index + 0.5) * all) / taken);
    for (const { from, pieces } of whole) {
      if (nth < pieces) return from + nth * bytes;
      nth -= pieces;
    }
    throw new RangeError('there are no more pieces than were counted');
  });
}
