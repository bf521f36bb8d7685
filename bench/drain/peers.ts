import type { MigrateOptions } from '../../src/hypervisor/port.ts';
import { defaultAutoConverge, defaultDowntimeMs } from '../steering/static-arms.ts';

/** How a peer empties a host: what is published of it, as data. */
export interface Peer {
  readonly name: string;
  /** Migrations out of the host at once. */
  readonly atOnce: number;
  /** Where they go: each guest to the next host in turn, or all to one. */
  readonly to: 'in turn' | 'one';
  readonly autoConverge: MigrateOptions['autoConverge'];
  /** What it allows the guest to pause, ms, asked again while it runs. */
  readonly downtimeMs: (seen: Seen) => number;
  /** When it gives a guest up, s for each GiB of its memory; Infinity: never. */
  readonly givesUpSecondsPerGib: number;
  /** The least memory that the time above is reckoned with, GiB. */
  readonly leastGib: number;
}

/** What a peer sees of a migration that runs. */
export interface Seen {
  readonly elapsedMs: number;
  readonly memoryGib: number;
  /** How often more was left than at the reading before. */
  readonly rises: number;
}

/** Nova: ten steps from 50 to 500 ms, 75 s for each GiB apart, at least 2 GiB. */
export function novaDowntimeMs({ elapsedMs, memoryGib }: Seen): number {
  const [most, steps, delaySeconds] = [500, 10, 75];
  const base = most / steps;
  const offset = (most - base) / steps;
  const step = Math.min(
    steps,
    Math.floor(elapsedMs / 1000 / (delaySeconds * Math.max(2, memoryGib))),
  );
  return Math.trunc(base + offset * step);
}

export const peers: readonly Peer[] = [
  {
    name: 'virsh, one by one',
    atOnce: 1,
    to: 'in turn',
    autoConverge: undefined,
    downtimeMs: () => defaultDowntimeMs,
    givesUpSecondsPerGib: Infinity,
    leastGib: 0,
  },
  {
    name: 'KubeVirt, 2 at once',
    atOnce: 2,
    to: 'in turn',
    autoConverge: undefined,
    downtimeMs: () => defaultDowntimeMs,
    givesUpSecondsPerGib: 150,
    leastGib: 0,
  },
  {
    name: 'Proxmox, 4 workers',
    atOnce: 4,
    to: 'one',
    autoConverge: defaultAutoConverge,
    // 100 ms; it doubles each time more was left six times.
    downtimeMs: ({ rises }) => 100 * 2 ** Math.floor(rises / 6),
    givesUpSecondsPerGib: Infinity,
    leastGib: 0,
  },
  {
    name: 'Nova, 1 at once',
    atOnce: 1,
    to: 'in turn',
    autoConverge: undefined,
    downtimeMs: novaDowntimeMs,
    givesUpSecondsPerGib: 800,
    leastGib: 2,
  },
];
