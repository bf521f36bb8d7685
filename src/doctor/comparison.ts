import { DroverError } from '../errors/catalogue.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import type { Host } from '../hypervisor/port.ts';
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
      ...surveyed.map(streams),
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

/** What the versions could do beyond what Drover asks of them. */
function streams({ name, survey: { parallelStreams, compression } }: Surveyed): Finding {
  const several = parallelStreams.allowed
    ? 'memory could take several connections at once (multifd)'
    : parallelStreams.because;
  const packed = compression.allowed ? 'compressed on them' : compression.because;
  return findingsAt(name)('ok', 'streams', `${several}, ${packed}; Drover uses one, uncompressed`);
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
