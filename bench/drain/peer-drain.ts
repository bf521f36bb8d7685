import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/hypervisor/clock.ts';
import { libvirtHost } from '../../src/hypervisor/libvirt/connect.ts';
import type { Host } from '../../src/hypervisor/port.ts';
import type { Lab } from '../../src/lab/index.ts';
import type { Peer } from './peers.ts';
import { guests, leaving, others } from './scene.ts';

/** When each guest was being moved, ms on the observer's clock. */
export type Moves = ReadonlyMap<string, { readonly startMs: number; readonly endMs: number }>;

const gib = 2 ** 30;
const readEveryMs = 500;
/** No peer waits for ever here: what one guest has taken by then it has taken in vain, ms. */
export const longestMs = 60_000;
/** Longer than a cancel takes. */
const endingMs = 30_000;

/** Empties the host as the peer would. */
export async function drainLike(peer: Peer, lab: Lab): Promise<Moves> {
  const hosts = new Map(
    lab.hosts.map(({ name, uri, peerUri }) => {
      const ways = [{ uri: peerUri, address: undefined, migrationTls: 'never' as const }];
      return [name, libvirtHost(uri, { name, ways, clock: systemClock })] as const;
    }),
  );
  const moves = new Map<string, { startMs: number; endMs: number }>();
  const waiting = guests.map((spec, index) => ({ spec, index }));
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { spec, index } = next;
      const to = others[peer.to === 'one' ? 0 : index % others.length] ?? others[0];
      const startMs = performance.now();
      await moveLike(peer, hosts, spec.name, to);
      moves.set(spec.name, { startMs, endMs: performance.now() });
    }
  };
  try {
    await Promise.all(Array.from({ length: peer.atOnce }, work));
    return moves;
  } finally {
    await Promise.all([...hosts.values()].map((host) => host.close()));
  }
}

async function moveLike(
  peer: Peer,
  hosts: ReadonlyMap<string, Host>,
  vm: string,
  to: string,
): Promise<void> {
  const source = hosts.get(leaving);
  const way = hosts.get(to)?.ways[0];
  const domain = await source?.findDomain(vm);
  if (source === undefined || way === undefined || domain === undefined)
    throw new Error(`${vm} is not on ${leaving}, or ${to} is not there`);
  const { uuid, memoryBytes } = domain;
  const memoryGib = memoryBytes / gib;
  const givesUpMs = peer.givesUpSecondsPerGib * 1000 * Math.max(peer.leastGib, memoryGib);
  await source.setMaxDowntime(uuid, peer.downtimeMs({ elapsedMs: 0, memoryGib, rises: 0 }));
  const ended = new AbortController();
  const startMs = performance.now();
  const options = { way, postCopy: false, bandwidthBytesPerSecond: undefined, persistent: false };
  // Whether it arrived is seen on the hosts.
  const call = source
    .migrate(uuid, { ...options, autoConverge: peer.autoConverge })
    .catch(() => undefined)
    .finally(() => ended.abort());
  let left = Infinity;
  let rises = 0;
  let allowedMs = 0;
  while (!ended.signal.aborted) {
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs > Math.min(givesUpMs, longestMs)) await tried(() => source.abortJob(uuid));
    if (elapsedMs > longestMs + endingMs) throw new Error(`${vm} does not end`);
    const now = await remaining(source, uuid);
    if (now !== undefined && now > left) rises += 1;
    left = now ?? left;
    const wanted = peer.downtimeMs({ elapsedMs, memoryGib, rises });
    if (wanted !== allowedMs && (await tried(() => source.setMaxDowntime(uuid, wanted))))
      allowedMs = wanted;
    await sleep(readEveryMs, undefined, { signal: ended.signal }).catch(() => undefined);
  }
  await call;
}

async function remaining(source: Host, uuid: string): Promise<number | undefined> {
  try {
    return (await source.readJob(uuid))?.sample.memoryRemainingBytes;
  } catch {
    // A reading that comes too early or too late is none.
    return undefined;
  }
}

/** A request in the instant of the switch-over is refused: the next reading shows what happened. */
async function tried(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch {
    return false;
  }
}
