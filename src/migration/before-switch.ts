import type { Sample } from '../forecast/telemetry.ts';
import type { Host, HostFacts } from '../hypervisor/port.ts';
import { formatBytes } from '../units/format.ts';
import { messageOf } from './look.ts';

type Source = Pick<Host, 'name' | 'domainState'>;
interface Destination extends Source {
  readonly facts: () => Promise<Pick<HostFacts, 'freeMemoryBytes'>>;
}

/** The reading on which it was decided, and the one before. */
export interface Reading {
  readonly now: Pick<
    Sample,
    'throughputBytesPerSecond' | 'memorySentBytes' | 'memoryRemainingBytes'
  >;
  readonly before: Pick<Sample, 'memorySentBytes'> | undefined;
}

/**
 * Why a guest must not be split over its two hosts right now; `undefined` where nothing speaks
 * against it. Asked right before the point of no return: what held at the start may not hold any
 * more, and only until then is the way back free.
 */
export async function whyNotNow(
  source: Source,
  destination: Destination,
  uuid: string,
  reading: Reading,
): Promise<string | undefined> {
  try {
    return (
      linkTrouble(reading) ??
      (await arrivalTrouble(destination, uuid)) ??
      (await memoryTrouble(destination, reading)) ??
      (await departureTrouble(source, uuid))
    );
  } catch (error) {
    return messageOf(error);
  }
}

/** In the first half a second QEMU has no figure of its own. */
function linkTrouble({ now, before }: Reading): string | undefined {
  const sentBytes = now.memorySentBytes - (before?.memorySentBytes ?? 0);
  const carries = now.throughputBytesPerSecond > 0 || sentBytes > 0;
  return carries ? undefined : 'the link carries nothing just now';
}

async function arrivalTrouble(destination: Destination, uuid: string): Promise<string | undefined> {
  const state = await destination.domainState(uuid);
  if (state?.state === 'paused' && state.reason === 'migration') return undefined;
  return `${destination.name} does not wait for it: there it is ${state?.state ?? 'not known'}`;
}

/** All that is still to come has to find room there. */
async function memoryTrouble(
  destination: Destination,
  { now: { memoryRemainingBytes: neededBytes } }: Reading,
): Promise<string | undefined> {
  const { freeMemoryBytes } = await destination.facts();
  if (freeMemoryBytes >= neededBytes) return undefined;
  return `${destination.name} has ${formatBytes(freeMemoryBytes)} of memory left, and ${formatBytes(neededBytes)} are still to come`;
}

async function departureTrouble(source: Source, uuid: string): Promise<string | undefined> {
  const state = await source.domainState(uuid);
  return state?.state === 'running' ? undefined : `it does not run on ${source.name} any more`;
}
