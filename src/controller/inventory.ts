import type { Store } from '../store/store.ts';
import { type HostSeen, type Looking, lookAtHosts } from './look-at-hosts.ts';
import { doubtfulHosts, seenOn, togetherWith } from './one-place.ts';

/**
 * Looks at hosts, and keeps what they have. Where two are seen to run one VM, both are looked at once more:
 * it may just have moved. Returns those of `names` that did not answer.
 */
export async function takeInventory(
  names: readonly string[],
  store: Store,
  looking: Omit<Looking, 'moving'>,
): Promise<readonly string[]> {
  const lookAt = async (hosts: readonly string[]): Promise<readonly HostSeen[]> => {
    if (hosts.length === 0) return [];
    return lookAtHosts(hosts, { ...looking, moving: await store.migrations.moving() });
  };
  const seen = await lookAt(names);
  const all = [...seen, ...(await lookAt(await otherPlaces(seen, store, looking)))];
  const sure = togetherWith(all, await lookAt(doubtfulHosts(seenOn(all))));
  for (const { host, vms, at } of sure) if (vms !== undefined) await store.vms.seen(host, vms, at);
  return seen.flatMap(({ host, vms }) => (vms === undefined ? [host] : []));
}

/** Hosts that were not looked at, and are known to run what runs on one that was. */
async function otherPlaces(
  seen: readonly HostSeen[],
  store: Store,
  { config }: Pick<Looking, 'config'>,
): Promise<readonly string[]> {
  const looked = new Set(seen.map(({ host }) => host));
  const unseen = new Set(Object.keys(config.hosts).filter((name) => !looked.has(name)));
  if (unseen.size === 0) return [];
  const known = (await store.vms.list({})).filter(({ host }) => unseen.has(host));
  return doubtfulHosts([...seenOn(seen), ...known]).filter((name) => unseen.has(name));
}
