/**
 * Marks of the pages of some pieces of a guest's memory, the same pieces each time; `undefined`: that one could not be
 * read. Two equal marks: the page is as it was.
 */
export type MemoryMarks = readonly (readonly number[] | undefined)[];

/** How pieces of memory differ from what they were `ms` before. */
export interface Change {
  readonly ms: number;
  /** Pieces of which every page is another, some are, and none is. */
  readonly whole: number;
  readonly partly: number;
  readonly untouched: number;
}

/** In which order a guest writes its memory, as far as two and more readings of it tell. */
export type WritingOrder =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'anywhere' }
  | ({ readonly kind: 'in turn' } & InTurn);

/** A guest that writes one page after the other. */
export interface InTurn {
  /** No less than what it writes. */
  readonly rateBytesPerSecond: number;
}

/** What of the pieces was read both times. */
export function changeBetween(before: MemoryMarks, now: MemoryMarks, ms: number): Change {
  const shares = before.flatMap((marks, index) => {
    const after = now[index];
    return marks === undefined || after === undefined ? [] : [changedShare(marks, after)];
  });
  const whole = shares.filter((share) => share === 1).length;
  const untouched = shares.filter((share) => share === 0).length;
  return { ms, whole, partly: shares.length - whole - untouched, untouched };
}

function changedShare(before: readonly number[], after: readonly number[]): number {
  return before.filter((mark, page) => mark !== after[page]).length / Math.max(1, before.length);
}

/** Fewer pieces than this tell nothing of all memory. */
const leastPieces = 16;
/** So many have to be wholly changed: one alone may be a buffer that is filled again and again. */
const leastWhole = 3;
/** What rewrites nearly all of its memory within the time leaves nothing to tell its order by; 0 to 1. */
const leastUntouchedShare = 0.25;
/**
 * Pieces that are changed in part: the one that the guest is in, and one more for each so many that are changed wholly,
 * as a guest does other things beside. What writes anywhere changes a page with f, the share of its set that it has
 * written meanwhile, and all 16 of a piece by chance with f^16 only: 3 % where f is 0.8. So most of its pieces are changed
 * in part, until it has been everywhere.
 */
const besides = { least: 1, perWhole: 1 / 4 } as const;

/**
 * In which order a guest writes, by what has changed since the first reading of its memory, at each further one.
 * `memoryBytes`: all that it has.
 */
export function orderBy(changes: readonly Change[], memoryBytes: number): WritingOrder {
  if (changes.some(isScattered)) return { kind: 'anywhere' };
  const last = changes.at(-1);
  if (last === undefined || !isTelling(last) || !hasGoneOn(changes)) return { kind: 'unknown' };
  const upper = rateBy(lastInPace(changes) ?? last, memoryBytes, 1);
  const lowers = changes.map((change) => rateBy(change, memoryBytes, -1));
  return { kind: 'in turn', rateBytesPerSecond: Math.max(upper, ...lowers) };
}

/**
 * The last one up to which it has gone on as before. After that it rests, or has been round its set: what it was seen to
 * do in less time holds. Looks come close upon each other, so that each is held beside all before it: one that had been round
 * its 29 MiB, in turn, at 1.1 times what 150 Mbit/s carry, was taken for half as fast by the next look alone, and lost 7.6 s.
 */
function lastInPace(changes: readonly Change[]): Change | undefined {
  return changes.findLast((change, index) =>
    changes.slice(0, index).every((before) => hasKeptPace(before, change)),
  );
}

/** It has come to more since, and to as much as it should: to a piece just before the earlier look, and to none just before this one. */
function hasKeptPace(before: Change, { ms, whole }: Change): boolean {
  const since = Math.floor((ms / before.ms - 1) * (before.whole - 1));
  return whole >= before.whole + Math.max(1, since);
}

function isScattered({ partly, whole }: Change): boolean {
  return partly > besides.least + whole * besides.perWhole;
}

function isTelling(change: Change): boolean {
  const pieces = piecesOf(change);
  return (
    pieces >= leastPieces &&
    change.whole >= leastWhole &&
    change.untouched >= pieces * leastUntouchedShare
  );
}

/**
 * Less was changed at an earlier look. A set that is changed as a whole at the first one, and no more of it at the next,
 * shows neither an order nor a rate: who writes 400 MiB/s anywhere in 24 has written every page within a quarter of a second.
 */
function hasGoneOn(changes: readonly Change[]): boolean {
  const last = changes.at(-1)?.whole ?? 0;
  return changes.slice(0, -1).some(({ whole }) => whole < last);
}

/**
 * Where `whole` pieces are passed, evenly spread, it has gone on by one distance between two of them less or more than so
 * many. `more`: 1 for the most that it may have written in a second, -1 for the least.
 */
function rateBy(change: Change, memoryBytes: number, more: 1 | -1): number {
  const apartBytes = memoryBytes / Math.max(1, piecesOf(change));
  return (Math.max(0, change.whole + more) * apartBytes * 1000) / change.ms;
}

function piecesOf({ whole, partly, untouched }: Change): number {
  return whole + partly + untouched;
}

/**
 * Whether its memory comes in faster than a guest goes through it that writes in turn: then what is needed next comes before
 * the guest does. Of guests of 160 MiB, switched half a second after the start, over 400 Mbit/s, those that wrote 0.6 to 1 of what
 * is carried lost 65 to 108 ms, of which the pause is 72 to 85, and once 216; 1.1 to 1.3 times as much 94 to 375; 1.6 times 357 and
 * 630. Where a guest writes elsewhere, too, on what was not sent yet, it waits there, longest over slow links: lab
 * guests, which do so fifty times a second, lost 0.4 to 2.7 s over 150 Mbit/s, as long as that part was not across.
 */
export function keepsAhead(inTurn: InTurn | undefined, bandwidthBytesPerSecond: number): boolean {
  return inTurn !== undefined && inTurn.rateBytesPerSecond < bandwidthBytesPerSecond;
}
