/** Numbers from 0 up to, not including, 1: the same seed gives the same ones. */
export type Random = () => number;

/** Odd, and near 2^32 over the golden ratio: steps by it visit every state (Weyl's sequence). */
const weylStep = 0x9e3779b9;

export function randomFrom(seed: number): Random {
  let drawn = 0;
  return () => unitAt(seed, drawn++);
}

/**
 * The number that belongs to `index`, by the finaliser of MurmurHash3 over a Weyl sequence: asked for
 * in any order and any number of times it is the same, so that who looks does not change the course.
 */
export function unitAt(seed: number, index: number): number {
  let mixed = (seed + Math.imul(index + 1, weylStep)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}
