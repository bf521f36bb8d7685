import { knowsOwnWrites } from '../forecast/learn.ts';
import type { Sounded } from '../forecast/prior.ts';
import { ratioSounded } from '../forecast/shrinking.ts';
import type { SeenWrites } from '../hypervisor/port.ts';
import type { Start } from '../steering/begun.ts';
import {
  lookingPays,
  sampledSeconds,
  shortLookMs,
  soundingPays,
} from '../steering/sounding-pays.ts';
import { type Known, knownBy } from './knowledge.ts';
import { messageOf } from './look.ts';
import type { Cleared } from './preflight.ts';

type Guest = Pick<Cleared, 'domain' | 'source' | 'sourceFacts'>;

/**
 * What else is to be known where a migration could go compressed or be able to switch to post-copy, and not both: what
 * the guest's memory shrinks to and, where that makes it worth it, what it writes and how busy its host is. What cannot
 * be found out is not known, and stops nothing: that is told.
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
    const sounding = await source.soundMemory(domain);
    const ratio = sounding === undefined ? undefined : ratioSounded(sounding);
    if (ratio === undefined) return known;
    return await lookFurther(guest, start, known, ratio);
  } catch (error) {
    tell(`What its memory shrinks to, or what it writes, cannot be seen: ${messageOf(error)}`);
    return known;
  }
}

async function lookFurther(
  { domain, source, sourceFacts }: Guest,
  start: Start,
  { knowledge }: Known,
  ratio: number,
): Promise<Known> {
  if (!lookingPays(start, ratio)) return knownBy(knowledge, { ratio });
  const sampling = !knowsOwnWrites(start.prior);
  const [seen, idle] = await Promise.all([
    sampling ? source.measureWrites(domain.uuid, sampledSeconds) : undefined,
    source.idleShare(sampling ? sampledSeconds * 1000 : shortLookMs),
  ]);
  return knownBy(withSeen(knowledge, seen), soundedBy(ratio, idle, sourceFacts.cpus));
}

function withSeen(knowledge: Known['knowledge'], seen: SeenWrites | undefined): Known['knowledge'] {
  if (seen === undefined) return knowledge;
  return { ...knowledge, measured: [...knowledge.measured, seen] };
}

function soundedBy(ratio: number, idle: number | undefined, cpus: number): Sounded {
  return idle === undefined ? { ratio } : { ratio, idleProcessors: idle * cpus };
}
