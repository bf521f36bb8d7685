import { DroverError } from '../errors/catalogue.ts';
import type { Config } from '../fleet/config.ts';
import { resolveHost } from '../fleet/hosts.ts';
import { type Standing, standingOf } from '../fleet/rules.ts';
import type { DomainFacts, Host } from '../hypervisor/port.ts';
import { isLabel, labelForm, type Tags, type TagsFound } from '../policy/tags.ts';
import { realSurroundings, type Surroundings } from './surroundings.ts';

/** What a VM is worth, what must never be done to it, and who says so. */
export interface TagsAnswer extends Standing {
  readonly domain: { readonly name: string; readonly uuid: string };
  readonly labels: readonly string[];
  /** What in its metadata could not be understood, in words. */
  readonly unreadable: readonly string[];
}

export interface Where {
  /** The VM's libvirt name or UUID. */
  readonly vm: string;
  /** A configured name or libvirt URI. */
  readonly host: string;
}

export async function getTags(
  where: Where,
  config: Config,
  surroundings: Surroundings = realSurroundings,
): Promise<TagsAnswer> {
  return withDomain(where, config, surroundings, async (host, domain) =>
    answer(config, domain, await host.readTags(domain.uuid)),
  );
}

/**
 * Writes into a VM's own metadata what `changes` names, from where it travels with the VM, and
 * leaves the rest as it is. Rejects with `usage.invalid` for what is no label, with `domain.busy`
 * while a migration could leave it behind.
 */
export async function setTags(
  where: Where,
  changes: Partial<Tags>,
  config: Config,
  surroundings: Surroundings = realSurroundings,
): Promise<TagsAnswer> {
  for (const label of changes.labels ?? []) checkLabel(label);
  return withDomain(where, config, surroundings, async (host, domain) => {
    const { name, uuid, busyWith } = domain;
    if (busyWith !== undefined) {
      const message = `${name} is busy with ${busyWith}: it can be tagged when that has ended`;
      throw new DroverError('domain.busy', message);
    }
    const before = await host.readTags(uuid);
    const tags = { ...before.tags, ...changes };
    await host.writeTags(uuid, tags);
    return answer(config, domain, { tags, unreadable: [] });
  });
}

function checkLabel(label: string): void {
  if (isLabel(label)) return;
  throw new DroverError('usage.invalid', `'${label}' is no label`, { hint: labelForm });
}

function answer(
  config: Config,
  { name, uuid }: DomainFacts,
  { tags, unreadable }: TagsFound,
): TagsAnswer {
  const standing = standingOf(config, name, tags);
  return { domain: { name, uuid }, ...standing, labels: tags.labels, unreadable };
}

async function withDomain<T>(
  where: Where,
  config: Config,
  surroundings: Surroundings,
  work: (host: Host, domain: DomainFacts) => Promise<T>,
): Promise<T> {
  const host = surroundings.hostAt(resolveHost(config, where.host));
  try {
    const domain = await host.findDomain(where.vm);
    if (domain !== undefined) return await work(host, domain);
    throw new DroverError('domain.not-found', `${host.name} has no VM ${where.vm}`);
  } finally {
    await host.close();
  }
}
