import { knowsOwnWrites } from '../forecast/learn.ts';
import { carriesCompressed } from '../forecast/shrinking.ts';
import type { Start } from './begun.ts';
import { connectionsFor, usualRatio, worthwhileRatio } from './compress.ts';
import { isOpen, linkOf } from './weigh-compression.ts';

/** For so long it is seen first how busy the host is, ms: the system counts in steps of 10 for each processor. */
export const firstLookMs = 100;
/** What it takes to sound a guest's memory, ms: 60 to 90 were seen on the lab. */
const soundingMs = 100;
/** Libvirt samples writes for a second at the least, and takes a little longer. */
export const sampledSeconds = 1;
const samplingMs = 1_100;

/** Whether there is a choice, memory may be read for it, and as much could be saved as it takes to make it. */
export function soundingPays(start: Start): boolean {
  if (start.capabilities.memoryReading?.allowed === false) return false;
  return isOpen(start) && savedMs(start, usualRatio) > firstLookMs + soundingMs + stillMs(start);
}

/** In so short a look there may be twice as many that idle. */
const shortLookTimes = 2;

/** Whether the host surely has no processors for it, by the first look: then nothing else is looked at. */
export function isTooBusy({ prior }: Start, idleProcessors: number): boolean {
  const link = linkOf(prior);
  const threads = idleProcessors * shortLookTimes;
  return carriesCompressed(link, usualRatio, threads) < link * worthwhileRatio;
}

/** Whether it is worth finding out what else the choice needs, when the memory shrinks so many times. */
export function lookingPays(start: Start, ratio: number): boolean {
  return ratio >= worthwhileRatio && savedMs(start, ratio) > stillMs(start);
}

/** What is still to be looked at when it is known what the memory shrinks to, ms. */
function stillMs({ prior }: Start): number {
  return knowsOwnWrites(prior) ? 0 : samplingMs;
}

/** How much sooner all memory would be across once, compressed, with all the processors it wants, ms. */
function savedMs({ prior, memoryBytes }: Start, ratio: number): number {
  const link = linkOf(prior);
  const connections = connectionsFor(link);
  if (connections === undefined) return 0;
  const { touchedBytes = memoryBytes } = prior;
  const carried = carriesCompressed(link, ratio, connections);
  return (touchedBytes / link - touchedBytes / carried) * 1000;
}
