import { headerBytes, lengthBytes } from '../wire/header.ts';

/** A small seeded generator (mulberry32): the same seed gives the same run. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From 0 to below `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }
}

/** Words that decoders trip over: limits, signs, and lengths next to libvirt's own bounds. */
const nastyWords: readonly [number, ...number[]] = [
  0, 1, 2, 3, 7, 8, 16, 63, 64, 65, 255, 16384, 16385, 262144, 262145, 0x400000, 0x400001,
  0x1fffffff, 0x20000000, 0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff,
];

type Mutation = (frame: Buffer, dice: Dice, others: readonly [Buffer, ...Buffer[]]) => Buffer;

const mutations: readonly [Mutation, ...Mutation[]] = [
  (frame) => frame,
  flipBits,
  overwriteWord,
  overwriteWord,
  truncate,
  extend,
  removeSlice,
  repeatSlice,
  spliceInto,
  randomPayload,
];

/** A damaged copy of a frame; most keep a true length word, so that the damage is reached. */
export function mutate(frame: Buffer, dice: Dice, others: readonly [Buffer, ...Buffer[]]): Buffer {
  const damaged = dice.pick(mutations)(Buffer.from(frame), dice, others);
  if (damaged.length >= lengthBytes && dice.next() < 0.8) damaged.writeUInt32BE(damaged.length, 0);
  return damaged;
}

function flipBits(frame: Buffer, dice: Dice): Buffer {
  for (let flips = 1 + dice.below(8); flips > 0; flips -= 1) {
    const at = dice.below(frame.length);
    frame[at] = (frame[at] ?? 0) ^ (1 << dice.below(8));
  }
  return frame;
}

function overwriteWord(frame: Buffer, dice: Dice): Buffer {
  for (let words = 1 + dice.below(3); words > 0; words -= 1) {
    frame.writeUInt32BE(dice.pick(nastyWords), 4 * dice.below(Math.floor(frame.length / 4)));
  }
  return frame;
}

function truncate(frame: Buffer, dice: Dice): Buffer {
  return frame.subarray(0, dice.below(frame.length));
}

function extend(frame: Buffer, dice: Dice): Buffer {
  return Buffer.concat([frame, randomBytes(1 + dice.below(64), dice)]);
}

function removeSlice(frame: Buffer, dice: Dice): Buffer {
  const from = dice.below(frame.length);
  return Buffer.concat([frame.subarray(0, from), frame.subarray(from + 1 + dice.below(16))]);
}

function repeatSlice(frame: Buffer, dice: Dice): Buffer {
  const from = dice.below(frame.length);
  const to = from + 1 + dice.below(32);
  return Buffer.concat([frame.subarray(0, to), frame.subarray(from)]);
}

function spliceInto(frame: Buffer, dice: Dice, others: readonly [Buffer, ...Buffer[]]): Buffer {
  const other = dice.pick(others);
  return Buffer.concat([
    frame.subarray(0, dice.below(frame.length)),
    other.subarray(dice.below(other.length)),
  ]);
}

function randomPayload(frame: Buffer, dice: Dice): Buffer {
  const kept = dice.next() < 0.8 ? lengthBytes + headerBytes : 0;
  return Buffer.concat([frame.subarray(0, kept), randomBytes(dice.below(256), dice)]);
}

function randomBytes(length: number, dice: Dice): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at += 1) bytes[at] = dice.below(256);
  return bytes;
}

/** The bytes in pieces that end anywhere. */
export function chop(bytes: Buffer, dice: Dice): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  while (from < bytes.length) {
    const length = dice.next() < 0.6 ? bytes.length : 1 + dice.below(40);
    pieces.push(bytes.subarray(from, from + length));
    from += length;
  }
  return pieces;
}
