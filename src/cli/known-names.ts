import { existsSync } from 'node:fs';
import { wholeConfig } from '../controller/fleet.ts';
import { inOnePlace } from '../controller/one-place.ts';
import { loadConfig } from '../fleet/config.ts';
import { openStore, storePlace } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { type Candidate, mostMigrations, type NameKind } from './complete.ts';
import type { Io } from './io.ts';

/** What is asked of a store: no host is asked, and nothing is steered. */
export type KeptKind = Exclude<NameKind, 'context'>;

/**
 * Names as the config file and the store of this machine have them, of VMs as they were last seen. Whoever
 * presses a key makes no store where there is none.
 */
export async function knownNames(
  { env }: Io,
  configFile: string | undefined,
  kind: KeptKind,
): Promise<readonly Candidate[]> {
  const place = storePlace(env);
  const kept = place.kind === 'postgres' || existsSync(place.path);
  const store = kept ? await openStore(place) : undefined;
  try {
    if (kind === 'host') return await hostNames(store, configFile);
    return store === undefined ? [] : await keptNames[kind](store);
  } finally {
    await store?.close();
  }
}

async function hostNames(
  store: Store | undefined,
  configFile: string | undefined,
): Promise<readonly Candidate[]> {
  const added = (await store?.hosts.list()) ?? [];
  const { hosts } = wholeConfig(await loadConfig(configFile), added, []);
  return Object.entries(hosts).map(([word, { uri }]) => ({ word, meaning: uri }));
}

const keptNames: Readonly<
  Record<Exclude<KeptKind, 'host'>, (store: Store) => Promise<readonly Candidate[]>>
> = {
  vm: async ({ vms }) =>
    inOnePlace(await vms.list({})).map(({ name, slaClass, host }) => ({
      word: name,
      meaning: `${slaClass} on ${host}`,
    })),
  migration: async ({ migrations }) => {
    const { items } = await migrations.list({}, { limit: mostMigrations });
    return items.map(({ id, vm, vmName, phase }) => ({
      word: id,
      meaning: `${vmName ?? vm}, ${phase}`,
    }));
  },
  token: async ({ tokens }) =>
    (await tokens.list()).map(({ id, name }) => ({ word: id, meaning: name })),
};
