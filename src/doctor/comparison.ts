import { DroverError } from '../errors/catalogue.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import type { Host } from '../hypervisor/port.ts';
import { allowed } from '../steering/decision.ts';
import { compareCpus } from './cpus.ts';
import type { Finding } from './finding.ts';
import { type Examined, findingsAt } from './hosts.ts';
import { compareMachines } from './machines.ts';
import { namesOf, type Surveyed } from './surveyed.ts';

/** Whether guests of each host could run on the others, by what these are made of. */
export async function compareHosts(
  examined: readonly Examined[],
  hostAt: (host: ResolvedHost) => Host,
): Promise<readonly Finding[]> {
  const opened = examined.map(({ host }) => ({ name: host.name, host: hostAt(host) }));
  try {
    const told = await Promise.all(opened.map(survey));
    const surveyed = told.filter((one) => 'survey' in one);
    return [
      ...told.filter((one) => 'severity' in one),
      ...surveyed.map((one) => streams(one, examined)),
      ...compareVersions(examined),
      ...compareMachines(surveyed),
      ...(await compareCpus(surveyed)),
    ];
  } finally {
    await Promise.all(opened.map(({ host }) => host.close()));
  }
}

async function survey({ name, host }: Omit<Surveyed, 'survey'>): Promise<Surveyed | Finding> {
  try {
    return { name, host, survey: await host.survey() };
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    return findingsAt(name)(
      'unseen',
      'machine types',
      `its machine types and CPU: ${error.message}`,
    );
  }
}

/** Whether memory can be compressed, which takes several connections, and what its admin says of that. */
function streams(one: Surveyed, examined: readonly Examined[]): Finding {
  const { name } = one;
  const { parallelStreams, compression } = one.survey;
  const admin = examined.find(({ host }) => host.name === name)?.host.compression ?? allowed;
  const because = [parallelStreams, compression, admin].flatMap((permission) =>
    permission.allowed ? [] : permission.because,
  );
  const message =
    because.length === 0
      ? 'memory can go compressed over several connections (multifd, zstd): so it does where post-copy is closed from the start'
      : `memory goes over one connection, uncompressed: ${because.join('; ')}`;
  return findingsAt(name)('ok', 'streams', message);
}

/** QEMU keeps the way to newer versions open, and not always that back. */
function compareVersions(examined: readonly Examined[]): readonly Finding[] {
  const known = examined.flatMap(({ host, facts }) =>
    facts === undefined ? [] : [{ name: host.name, version: facts.hypervisorVersion }],
  );
  const groups = [...Map.groupBy(known, ({ version }) => version)];
  if (groups.length < 2) return [];
  const each = groups.map(([version, members]) => `${version} on ${namesOf(members)}`);
  return [
    {
      ...findingsAt(namesOf(known))('warning', 'versions', `QEMU is ${each.join(', ')}`),
      hint: 'Guests move to a newer QEMU, and not always back: have the same version everywhere.',
    },
  ];
}
