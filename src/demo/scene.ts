import { type GuestSpec, parseWorkload } from '../lab/guest/index.ts';
import type { SlaClass } from '../policy/vocabulary.ts';

/** A guest of the demo, and its temper in words. */
export interface Actor {
  readonly spec: GuestSpec;
  readonly temper: string;
}

/** The host that is emptied. */
export const leaving = 'h1';

/**
 * The rate of every host's link, bits/s. A furious guest writes faster than this carries
 * (200 mbit is 23 MiB/s), and three of them still leave one of two processors to QEMU.
 */
export const linkBitsPerSecond = 200e6;

const mebibyte = 1024 ** 2;

/** Two guests of each class, one of them quiet and one that the link cannot keep up with. */
export const actors: readonly Actor[] = [
  actor('build-cache', 'cattle', 96, 'quiet', 'sequential:rate=1MiB/s,set=16MiB'),
  actor('thumbnails', 'cattle', 128, 'furious', 'random:rate=36MiB/s,set=96MiB'),
  actor('wiki', 'pet', 96, 'moderate', 'hot:rate=8MiB/s,set=48MiB'),
  actor('mail-queue', 'pet', 128, 'furious', 'sequential:rate=36MiB/s,set=96MiB'),
  actor('archive', 'panda', 96, 'quiet', 'sequential:rate=1MiB/s,set=16MiB'),
  actor('billing-db', 'panda', 128, 'furious', 'hot:rate=40MiB/s,set=112MiB'),
];

function actor(
  name: string,
  slaClass: SlaClass,
  memoryMiB: number,
  temper: string,
  workload: string,
): Actor {
  const spec: GuestSpec = {
    name,
    class: slaClass,
    memoryBytes: memoryMiB * mebibyte,
    workload: parseWorkload(workload),
    kind: 'beat',
  };
  return { spec, temper };
}
