import { importances, slaClasses } from '../../src/policy/vocabulary.ts';
import { type Random, randomFrom } from '../steering/shuffle.ts';
import { carries, type PeerScene } from './cells.ts';

/** An operation of low importance may leave the guest where it is, and says little. */
const drawnImportances = importances.filter((one) => one !== 'low');

/**
 * Scenes that nobody chose: what the guest writes, its memory, its link and what it is worth are left to chance. Rates are
 * shares of what the link carries, from a twentieth to two and a half times as much, as likely by their logarithm.
 */
export function drawScenes(seed: number, { count, anywhere }: Draw): readonly PeerScene[] {
  const random = randomFrom(seed);
  // Of its own, so that the same seed draws the same guests wherever their sets lie.
  const places = anywhere ? randomFrom(-seed) : undefined;
  return Array.from({ length: count }, (_, index) => drawScene(random, index + 1, places));
}

interface Draw {
  readonly count: number;
  /** Working sets lie anywhere in the memory of their guests; otherwise at its beginning, which the first pass sends first. */
  readonly anywhere: boolean;
}

/** Beyond this share of its memory a guest keeps its books. */
const freeShare = 0.85;

function placed(setMib: number, memoryMib: number, places: Random): string {
  return `,at=${between(places, 0, Math.max(0, Math.floor(memoryMib * freeShare) - setMib))}MiB`;
}

function drawScene(random: Random, number: number, places: Random | undefined): PeerScene {
  const memoryMib = 32 * between(random, 3, 8);
  const linkMbitPerSecond = 50 * Math.round(logBetween(random, 150, 1_000) / 50);
  const rateMib = Math.max(
    1,
    Math.round(logBetween(random, 0.05, 2.5) * carries(linkMbitPerSecond)),
  );
  const setMib = Math.max(4, Math.round(memoryMib * (0.1 + 0.65 * random())));
  const at = places === undefined ? '' : placed(setMib, memoryMib, places);
  const written = `rate=${rateMib}MiB/s,set=${setMib}MiB${at}`;
  const does = pick(random, [
    `random:${written}`,
    `sequential:${written}`,
    `hot:${written},hot=${between(random, 5, 30)}%`,
    `phased:${written},burst=${between(random, 2, 6)}s,quiet=${between(random, 2, 6)}s`,
  ]);
  const pairs = slaClasses.map((slaClass) => ({
    slaClass,
    importance: pick(random, drawnImportances),
  }));
  const name = `drawn-${number}/${linkMbitPerSecond}`;
  return { name, does, memoryMib, guests: 1, guest: 'beat', linkMbitPerSecond, pairs };
}

function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

function logBetween(random: Random, least: number, most: number): number {
  return least * (most / least) ** random();
}

function pick<T>(random: Random, items: readonly T[]): T {
  const one = items[Math.floor(random() * items.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}
