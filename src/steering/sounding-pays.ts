import { knowsOwnWrites } from '../forecast/learn.ts';
import { carriesCompressed } from '../forecast/shrinking.ts';
import type { Start } from './begun.ts';
import { connectionsFor, usualRatio, worthwhileRatio } from './compress.ts';
import { isOpen, linkOf } from './weigh-compression.ts';

/** What it takes to sound a guest's memory, ms: 60 to 90 were seen on the lab. */
const soundingMs = 100;
/** For so long it is seen how busy the host is, ms: the system counts in steps of 10. */
export const shortLookMs = 250;
/** Libvirt samples writes for a second at the least, and takes a little longer. */
export const sampledSeconds = 1;
const samplingMs = 1_100;

/** What is still to be looked at when it is known what the memory shrinks to, ms. */
function lookMs({ prior }: Start): number {
  return knowsOwnWrites(prior) ? shortLookMs : samplingMs;
}

/** Whether the memory is worth sounding: there is a choice, and as much would be saved as all of it takes. */
export function soundingPays(start: Start): boolean {
  return isOpen(start) && savedMs(start, usualRatio) > soundingMs + lookMs(start);
}

/** Whether it is worth finding out what else the choice needs, when the memory shrinks so many times. */
export function lookingPays(start: Start, ratio: number): boolean {
  return ratio >= worthwhileRatio && savedMs(start, ratio) > lookMs(start);
}

/** How much sooner all memory would be across once, compressed, with all the processors it wants. */
function savedMs({ prior, memoryBytes }: Start, ratio: number): number {
  const link = linkOf(prior);
  const connections = connectionsFor(link);
  if (connections === undefined) return 0;
  const { touchedBytes = memoryBytes } = prior;
  const carried = carriesCompressed(link, ratio, connections);
  return (touchedBytes / link - touchedBytes / carried) * 1000;
}
