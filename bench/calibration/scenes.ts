/** What is done to a guest while it is on its way, besides letting it go. */
export type Deed = 'nothing' | 'start-post-copy' | 'freeze';

export interface Scene {
  readonly name: string;
  /** As `drover lab guest add --workload` takes it. */
  readonly workload: string;
  /** The downtime limit: ms, or the time that so many bytes take over the link. */
  readonly limit: { readonly ms: number } | { readonly bytes: number };
  /** Done when half as much time again has passed as the first pass takes. */
  readonly deed: Deed;
  /** Whether it could switch to post-copy: that changes when QEMU 11.1 looks for dirty pages. */
  readonly postCopy: boolean;
}

const mib = 2 ** 20;

export const guestMemoryBytes = 64 * mib;
/** Beats a second: the guest's own ticks, too. */
export const heartbeatHz = 100;

/** QEMU takes every byte of its limit for granted: these are reached over any link. */
export const scenes: readonly Scene[] = [
  { name: 'idle', workload: 'idle', limit: { ms: 100 }, deed: 'nothing', postCopy: true },
  {
    name: 'below',
    workload: 'sequential:rate=2MiB/s,set=16MiB',
    limit: { ms: 100 },
    deed: 'nothing',
    postCopy: true,
  },
  {
    name: 'above',
    workload: 'sequential:rate=40MiB/s,set=16MiB',
    limit: { bytes: 17.5 * mib },
    deed: 'nothing',
    postCopy: true,
  },
  {
    name: 'random',
    workload: 'random:rate=20MiB/s,set=16MiB',
    limit: { bytes: 13 * mib },
    deed: 'nothing',
    postCopy: true,
  },
  {
    name: 'random, no post-copy',
    workload: 'random:rate=20MiB/s,set=16MiB',
    limit: { bytes: 13 * mib },
    deed: 'nothing',
    postCopy: false,
  },
  {
    name: 'hot',
    workload: 'hot:rate=40MiB/s,set=24MiB,hot=20%',
    limit: { bytes: 12 * mib },
    deed: 'nothing',
    postCopy: true,
  },
  {
    name: 'phased',
    workload: 'phased:rate=40MiB/s,set=32MiB,burst=3s,quiet=4s',
    limit: { ms: 200 },
    deed: 'nothing',
    postCopy: true,
  },
  {
    name: 'post-copy',
    workload: 'random:rate=40MiB/s,set=32MiB',
    limit: { ms: 1 },
    deed: 'start-post-copy',
    postCopy: true,
  },
  {
    name: 'freeze',
    workload: 'random:rate=40MiB/s,set=32MiB',
    limit: { ms: 1 },
    deed: 'freeze',
    postCopy: true,
  },
];

/** Share of a link's rate that is left for payload after the headers of Ethernet, IP and TCP. */
const payloadShare = 0.955;

export function payloadBytesPerSecond(linkMbitPerSecond: number): number {
  return ((linkMbitPerSecond * 1e6) / 8) * payloadShare;
}

export function limitMs({ limit }: Scene, linkMbitPerSecond: number): number {
  if ('ms' in limit) return limit.ms;
  return (limit.bytes / payloadBytesPerSecond(linkMbitPerSecond)) * 1000;
}

export function deedAfterMs(linkMbitPerSecond: number): number {
  return (1500 * guestMemoryBytes) / payloadBytesPerSecond(linkMbitPerSecond);
}
