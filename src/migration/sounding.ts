import { knowsOwnWrites } from '../forecast/learn.ts';
import type { Sounded } from '../forecast/prior.ts';
import { ratioSounded } from '../forecast/shrinking.ts';
import type { Start } from '../steering/begun.ts';
import {
  firstLookMs,
  isTooBusy,
  lookingPays,
  sampledSeconds,
  soundingPays,
} from '../steering/sounding-pays.ts';
import { type Known, knownBy } from './knowledge.ts';
import { messageOf } from './look.ts';
import type { Cleared } from './preflight.ts';

type Guest = Pick<Cleared, 'domain' | 'source' | 'sourceFacts'>;

/**
 * What else is to be known where a migration could go compressed or be able to switch to post-copy, and not both: how
 * busy its host is, what the guest's memory shrinks to and, where that makes it worth it, what it writes. What cannot be
 * found out is not known, and stops nothing: that is told.
 */
export async function soundOut(
  guest: Guest,
  asked: Omit<Start, 'prior' | 'memoryBytes'>,
  known: Known,
  tell: (problem: string) => void,
): Promise<Known> {
  const { domain, source } = guest;
  const start = { ...asked, memoryBytes: domain.memoryBytes, prior: known.prior };
  if (!soundingPays(start)) return known;
  try {
    const idleProcessors = await idleIn(guest, firstLookMs);
    if (idleProcessors === undefined) return known;
    if (isTooBusy(start, idleProcessors)) return knownBy(known.knowledge, { idleProcessors });
    const sounding = await source.soundMemory(domain);
    const ratio = sounding === undefined ? undefined : ratioSounded(sounding);
    if (ratio === undefined) return known;
    return await withWrites(guest, start, known, { idleProcessors, ratio });
  } catch (error) {
    tell(`Whether to compress its memory cannot be told: ${messageOf(error)}`);
    return known;
  }
}

/** Where what it writes has to be sampled, its host is looked at for as long. */
async function withWrites(
  guest: Guest,
  start: Start,
  { knowledge }: Known,
  sounded: Sounded & { readonly ratio: number },
): Promise<Known> {
  const { domain, source } = guest;
  if (!lookingPays(start, sounded.ratio) || knowsOwnWrites(start.prior))
    return knownBy(knowledge, sounded);
  const [seen, idleProcessors = sounded.idleProcessors] = await Promise.all([
    source.measureWrites(domain.uuid, sampledSeconds),
    idleIn(guest, sampledSeconds * 1000),
  ]);
  const measured = seen === undefined ? knowledge.measured : [...knowledge.measured, seen];
  return knownBy({ ...knowledge, measured }, { ...sounded, idleProcessors });
}

/** How many processors of the source idle within so long; `undefined` where it cannot tell. */
async function idleIn({ source, sourceFacts }: Guest, ms: number): Promise<number | undefined> {
  const share = await source.idleShare(ms);
  return share === undefined ? undefined : share * sourceFacts.cpus;
}
