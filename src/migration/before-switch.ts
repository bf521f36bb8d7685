import type { Host } from '../hypervisor/port.ts';
import { formatBytes } from '../units/format.ts';
import { messageOf } from './look.ts';
import type { Latest } from './record.ts';

/**
 * Why a guest must not be split over its two hosts right now; `undefined` where nothing speaks
 * against it. Asked right before the point of no return: what held at the start may not hold any
 * more, and only until then is the way back free.
 */
export async function whyNotNow(
  source: Host,
  destination: Host,
  uuid: string,
  sample: Latest | undefined,
): Promise<string | undefined> {
  try {
    return (
      linkTrouble(sample) ??
      (await arrivalTrouble(destination, uuid)) ??
      (await memoryTrouble(destination, sample)) ??
      (await departureTrouble(source, uuid))
    );
  } catch (error) {
    return messageOf(error);
  }
}

function linkTrouble(sample: Latest | undefined): string | undefined {
  if (sample === undefined) return 'the migration has not been read yet';
  return sample.throughputBytesPerSecond > 0 ? undefined : 'the link carries nothing just now';
}

async function arrivalTrouble(destination: Host, uuid: string): Promise<string | undefined> {
  const state = await destination.domainState(uuid);
  if (state?.state === 'paused' && state.reason === 'migration') return undefined;
  return `${destination.name} does not wait for it: there it is ${state?.state ?? 'not known'}`;
}

/** All that is still to come has to find room there. */
async function memoryTrouble(
  destination: Host,
  sample: Latest | undefined,
): Promise<string | undefined> {
  const { freeMemoryBytes } = await destination.facts();
  const neededBytes = sample?.memoryRemainingBytes ?? 0;
  if (freeMemoryBytes >= neededBytes) return undefined;
  return `${destination.name} has ${formatBytes(freeMemoryBytes)} of memory left, and ${formatBytes(neededBytes)} are still to come`;
}

async function departureTrouble(source: Host, uuid: string): Promise<string | undefined> {
  const state = await source.domainState(uuid);
  return state?.state === 'running' ? undefined : `it does not run on ${source.name} any more`;
}
