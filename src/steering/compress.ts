import { leastConnections, threadBytesPerSecond } from '../forecast/shrinking.ts';
import type { Budget } from '../policy/budget.ts';
import { formatRate } from '../units/format.ts';
import type { MigrationCapabilities, Permission } from './decision.ts';
import { postCopyOpen } from './post-copy-open.ts';

/** Memory compressed by zstd, over so many connections, with a thread each. */
export interface Compression {
  readonly connections: number;
}

export type CompressionChoice =
  | { readonly taken: true; readonly compression: Compression; readonly because: string }
  /** `told`: whether a person should hear of it. */
  | { readonly taken: false; readonly because: string; readonly told: boolean };

/** More threads than this are not taken from the guests of a host. */
const mostConnections = 4;
/** What memory is often said to shrink to is a third: so fast the threads should be beside the link. */
export const usualRatio = 3;
/** Where the threads cannot be faster than the link by this, it is not worth them. */
export const worthwhileRatio = 1.5;

/**
 * Whether a migration starts compressed because it could never switch to post-copy: QEMU 11.1 hangs with both.
 * A link of which nothing is known is taken for a common one, of 1 Gbit/s.
 */
export function chooseCompression(
  budget: Budget,
  capabilities: MigrationCapabilities,
  linkBytesPerSecond: number | undefined,
): CompressionChoice {
  const { compression } = capabilities;
  const closed = postCopyOpen(budget, capabilities);
  if (closed.allowed) return untold('post-copy may be needed, and QEMU cannot do both');
  if (compression === undefined) return untold('nobody has looked whether the hosts can');
  if (!compression.allowed) return not(compression.because);
  const because = `that is closed anyhow (${closed.because})`;
  if (linkBytesPerSecond === undefined)
    return { taken: true, compression: { connections: leastConnections }, because };
  const connections = connectionsFor(linkBytesPerSecond);
  if (connections === undefined)
    return not(`a link of ${formatRate(linkBytesPerSecond)} is faster than it`);
  return { taken: true, compression: { connections }, because };
}

/** As many as keep up with the link; `undefined`: all that there may be are hardly faster than it. */
export function connectionsFor(linkBytesPerSecond: number): number | undefined {
  if (mostConnections * threadBytesPerSecond < linkBytesPerSecond * worthwhileRatio)
    return undefined;
  const needed = Math.ceil((linkBytesPerSecond * usualRatio) / threadBytesPerSecond);
  return Math.min(mostConnections, Math.max(leastConnections, needed));
}

export function not(because: string): CompressionChoice {
  return { taken: false, because, told: true };
}

function untold(because: string): CompressionChoice {
  return { taken: false, because, told: false };
}

/** What is left of the capabilities by the way in which a migration was begun: its flags hold to its end. */
export function capabilitiesOnce(
  capabilities: MigrationCapabilities,
  compression: Compression | undefined,
): MigrationCapabilities {
  if (compression !== undefined)
    return { ...capabilities, postCopy: excluded, again: capabilities.postCopy };
  return { ...capabilities, compression: tooLate };
}

const excluded: Permission = {
  allowed: false,
  because: 'it is compressed, and QEMU cannot do both',
};
const tooLate: Permission = { allowed: false, because: 'it was begun without' };
