import { type GuestSpec, parseWorkload } from '../../src/lab/guest/index.ts';
import type { SlaClass } from '../../src/policy/vocabulary.ts';

/** The host that is emptied, and those that take its guests in. */
export const leaving = 'h1';
export const others = ['h2', 'h3', 'h4'] as const;
export const linkBitsPerSecond = 200e6;
/** What TCP carries of it at an MTU of 1500: 94.1 %. */
export const linkBytesPerSecond = (linkBitsPerSecond / 8) * 0.941;

const mib = 2 ** 20;

/** Twelve guests in the order of their ids, which is the one that peers go by; three write faster than the link carries. QEMU measures what a guest writes from 128 MiB on. */
export const guests: readonly GuestSpec[] = [
  guest('100-cache', 'cattle', 128, 'sequential:rate=1MiB/s,set=16MiB'),
  guest('101-wiki', 'pet', 128, 'hot:rate=6MiB/s,set=32MiB'),
  guest('102-billing', 'panda', 144, 'hot:rate=36MiB/s,set=96MiB'),
  guest('103-thumbs', 'cattle', 144, 'random:rate=36MiB/s,set=96MiB'),
  guest('104-mail', 'pet', 128, 'sequential:rate=1MiB/s,set=16MiB'),
  guest('105-archive', 'panda', 128, 'sequential:rate=1MiB/s,set=8MiB'),
  guest('106-build', 'cattle', 128, 'random:rate=6MiB/s,set=48MiB'),
  guest('107-queue', 'pet', 144, 'sequential:rate=36MiB/s,set=96MiB'),
  guest('108-ledger', 'panda', 128, 'hot:rate=4MiB/s,set=24MiB'),
  guest('109-batch', 'cattle', 128, 'sequential:rate=1MiB/s,set=8MiB'),
  guest('110-proxy', 'pet', 128, 'sequential:rate=1MiB/s,set=8MiB'),
  guest('111-forum', 'pet', 128, 'hot:rate=4MiB/s,set=24MiB'),
];

function guest(name: string, slaClass: SlaClass, memoryMiB: number, workload: string): GuestSpec {
  return {
    name,
    class: slaClass,
    memoryBytes: memoryMiB * mib,
    workload: parseWorkload(workload),
    kind: 'beat',
  };
}
