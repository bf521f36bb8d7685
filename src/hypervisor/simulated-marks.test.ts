import { describe, expect, test } from 'vitest';
import { changeBetween } from '../forecast/in-turn.ts';
import type { GuestModel } from './simulated-guest.ts';
import { marksOf } from './simulated-marks.ts';

const mib = 2 ** 20;
/** A piece is read every 8 MiB, from 4 MiB on. */
const inTurn: GuestModel = {
  name: 'guest',
  memoryBytes: 256 * mib,
  touchedBytes: 256 * mib,
  workingSetBytes: 128 * mib,
  writeBytesPerSecond: 32 * mib,
  throttleEffect: 0,
  pattern: { kind: 'sequential' },
};
const anywhere: GuestModel = { ...inTurn, pattern: { kind: 'random' } };
const rhythm = { burstMs: 1_000, quietMs: 1_000, offsetMs: 0 };

interface Case {
  readonly what: string;
  readonly guest: GuestModel;
  readonly fromMs: number;
  readonly ms: number;
  readonly whole: number;
  readonly partly: number;
}

const cases: readonly Case[] = [
  { what: 'in turn', guest: inTurn, fromMs: 500, ms: 1_000, whole: 4, partly: 0 },
  { what: 'in turn, and is in a piece', guest: inTurn, fromMs: 0, ms: 126, whole: 0, partly: 1 },
  {
    what: 'in turn, and has gone round',
    guest: inTurn,
    fromMs: 0,
    ms: 9_000,
    whole: 16,
    partly: 0,
  },
  {
    what: 'in turn, in its quiet',
    guest: { ...inTurn, rhythm },
    fromMs: 1_100,
    ms: 800,
    whole: 0,
    partly: 0,
  },
  {
    what: 'in turn, in bursts',
    guest: { ...inTurn, rhythm },
    fromMs: 0,
    ms: 4_000,
    whole: 8,
    partly: 0,
  },
  {
    what: 'in turn, further up',
    guest: { ...inTurn, setOffsetBytes: 64 * mib },
    fromMs: 0,
    ms: 1_000,
    whole: 4,
    partly: 0,
  },
  { what: 'anywhere', guest: anywhere, fromMs: 700, ms: 2_000, whole: 0, partly: 16 },
  {
    what: 'anywhere, for as long as all of it takes',
    guest: anywhere,
    fromMs: 700,
    ms: 4_000,
    whole: 16,
    partly: 0,
  },
  {
    what: 'nothing',
    guest: { ...anywhere, writeBytesPerSecond: 0 },
    fromMs: 0,
    ms: 4_000,
    whole: 0,
    partly: 0,
  },
];

describe('the marks of a simulated guest that writes', () => {
  test.each(cases)('$what', ({ guest, fromMs, ms, whole, partly }) => {
    const change = changeBetween(marksOf(guest, fromMs), marksOf(guest, fromMs + ms), ms);
    expect(change).toEqual({ ms, whole, partly, untouched: 32 - whole - partly });
  });
});
