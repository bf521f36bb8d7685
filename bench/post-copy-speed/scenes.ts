import { usualLinkBytesPerSecond } from '../../src/forecast/prior.ts';
import type { Sample } from '../../src/forecast/telemetry.ts';
import type { Act } from '../steering/drive.ts';

/** A guest that is switched to post-copy when its memory was sent once. */
export interface Scene {
  readonly writes: string;
  readonly memoryMib: number;
  readonly linkMbitPerSecond: number;
  /** Of what the link carries. */
  readonly writesShare: number;
}

export const scenes: readonly Scene[] = (
  [
    ['random:rate=25MiB/s,set=107MiB', 192, 500, 25],
    ['random:rate=53MiB/s,set=100MiB', 192, 500, 53],
    ['random:rate=133MiB/s,set=80MiB', 160, 450, 133],
    ['random:rate=60MiB/s,set=107MiB', 192, 1000, 60],
    ['random:rate=12MiB/s,set=107MiB', 192, 150, 12],
    ['hot:rate=92MiB/s,set=132MiB,hot=27%', 256, 400, 92],
    ['hot:rate=50MiB/s,set=117MiB,hot=20%', 256, 300, 50],
    ['random:rate=83MiB/s,set=78MiB', 256, 450, 83],
    ['random:rate=60MiB/s,set=90MiB', 192, 300, 60],
    ['sequential:rate=31MiB/s,set=48MiB', 128, 600, 31],
    ['sequential:rate=45MiB/s,set=60MiB', 128, 300, 45],
  ] as const
).map(([writes, memoryMib, linkMbitPerSecond, mibPerSecond]) => ({
  writes,
  memoryMib,
  linkMbitPerSecond,
  writesShare: (mibPerSecond * 2 ** 20) / carriedBytesPerSecond(linkMbitPerSecond),
}));

function carriedBytesPerSecond(linkMbitPerSecond: number): number {
  return (usualLinkBytesPerSecond * linkMbitPerSecond) / 1000;
}

/** Switches it after its first pass, and sets the speed as soon as it is seen to run there. */
export function switched(
  { memoryMib, linkMbitPerSecond }: Scene,
  share: number,
): (sample: Sample) => readonly Act[] {
  const carried = carriedBytesPerSecond(linkMbitPerSecond);
  const atMs = ((memoryMib * 2 ** 20) / carried) * 1000;
  const bytesPerSecond = share < 1 ? carried * share : Infinity;
  const left: Act[] = [{ kind: 'post-copy' }, { kind: 'set-post-copy-speed', bytesPerSecond }];
  return (sample) => {
    const isDue =
      left[0]?.kind === 'post-copy' ? sample.atMs >= atMs : sample.phase === 'post-copy';
    const next = isDue ? left.shift() : undefined;
    return next === undefined ? [] : [next];
  };
}
