import { DroverError } from '../errors/catalogue.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import type { Host, HostFacts } from '../hypervisor/port.ts';
import { formatBytes } from '../units/format.ts';
import type { Finding } from './finding.ts';

/** One host, as far as it answered. */
export interface Examined {
  readonly host: ResolvedHost;
  readonly facts: HostFacts | undefined;
  readonly findings: readonly Finding[];
}

/** Less than this leaves no room for a guest to arrive. */
const leastFreeBytes = 2 ** 30;

/** What one host itself shows. */
export async function examineHost(resolved: ResolvedHost, host: Host): Promise<Examined> {
  const found = findingsAt(resolved.name);
  try {
    await host.reach();
    const facts = await host.facts();
    const domains = await host.domains();
    const moving = domains.filter(({ outgoingJob }) => outgoingJob).map(({ name }) => name);
    const findings = [
      found('ok', 'reach', `answers as ${facts.hostname}, ${domains.length} domains`),
      found('ok', 'versions', `libvirt ${facts.libvirtVersion}, QEMU ${facts.hypervisorVersion}`),
      ...ownName(resolved.name, facts),
      ...abilities(resolved, facts),
      memory(resolved.name, facts),
      encryption(resolved),
      ...(moving.length === 0
        ? []
        : [found('ok', 'moving', `migrations under way: ${moving.join(', ')}`)]),
      ...facts.unknowns.map((what) => found('unseen', 'userfaultfd', what)),
    ];
    return { host: resolved, facts, findings };
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    const hint = error.hint ?? 'Is its daemon running, and may this user speak to it?';
    const finding = { ...found('error', 'reach', error.message), hint };
    return { host: resolved, facts: undefined, findings: [finding] };
  } finally {
    await host.close();
  }
}

/** Memory is sent to the name that the destination has for itself, and libvirt refuses this one. */
function ownName(name: string, { hostname }: HostFacts): readonly Finding[] {
  if (!hostname.startsWith('localhost')) return [];
  return [
    {
      ...findingsAt(name)(
        'warning',
        'identity',
        `it calls itself ${hostname}: no guest can move to it`,
      ),
      hint: 'Give it a name that the other hosts resolve, or them an address by migration_host in its qemu.conf.',
    },
  ];
}

/** What the versions and the admin allow. */
function abilities({ name, postCopy }: ResolvedHost, facts: HostFacts): readonly Finding[] {
  const found = findingsAt(name);
  const able = facts.postCopy.allowed
    ? found('ok', 'post-copy', 'a guest can be switched to post-copy')
    : {
        ...found('warning', 'post-copy', facts.postCopy.because),
        hint: 'Busy guests are slowed down or paused longer instead.',
      };
  const mends = facts.postCopyRecoverable.allowed
    ? found('ok', 'recovery', 'a post-copy that breaks can be resumed')
    : {
        ...found('warning', 'recovery', facts.postCopyRecoverable.because),
        hint: 'Where a class allows post-copy only if it can be resumed, it is not used.',
      };
  const forbidden = postCopy.allowed ? [] : [found('ok', 'post-copy', postCopy.because)];
  return [able, mends, ...forbidden];
}

function memory(name: string, { freeMemoryBytes }: HostFacts): Finding {
  const found = findingsAt(name);
  const free = `${formatBytes(freeMemoryBytes)} free for guests that arrive`;
  if (freeMemoryBytes >= leastFreeBytes) return found('ok', 'memory', free);
  return { ...found('warning', 'memory', free), hint: 'Few guests can be moved to it.' };
}

/** Libvirt does not tell whether QEMU has certificates: only a migration that wants them does. */
function encryption({ name, migrationTls = 'prefer' }: ResolvedHost): Finding {
  const found = findingsAt(name);
  switch (migrationTls) {
    case 'require':
      return found('ok', 'encryption', 'memory goes from it and to it by TLS or not at all');
    case 'prefer':
      return {
        ...found(
          'unseen',
          'encryption',
          'whether its QEMU has certificates: without, memory goes in clear',
        ),
        hint: 'Give QEMU certificates, and set migrationTls: require, or close that network to others.',
      };
    case 'never':
      return {
        ...found('unseen', 'encryption', 'who can listen where memory goes in clear'),
        hint: 'Give QEMU certificates and take migrationTls: never away, or close that network to others.',
      };
  }
}

/** What several hosts should not have in common. */
interface Clash {
  readonly severity: 'warning' | 'error';
  readonly what: string;
  readonly of: (facts: HostFacts) => string;
  readonly hint: string;
}

const possibleClashes: readonly Clash[] = [
  {
    severity: 'error',
    what: 'UUID',
    of: ({ hostUuid }) => hostUuid,
    hint: 'Libvirt takes each for the other, and refuses to migrate between them. If they are one host, remove one name.',
  },
  {
    severity: 'warning',
    what: 'host name',
    of: ({ hostname }) => hostname,
    hint: 'Memory is sent to the host name of the destination, which is here that of the source: rename one, or set migration_host in its qemu.conf.',
  },
];

export function clashes(examined: readonly Examined[]): readonly Finding[] {
  return possibleClashes.flatMap((clash) => alike(examined, clash));
}

function alike(
  examined: readonly Examined[],
  { severity, what, of, hint }: Clash,
): readonly Finding[] {
  const seen = examined.flatMap(({ host, facts }) =>
    facts === undefined ? [] : [{ name: host.name, value: of(facts) }],
  );
  return [...Map.groupBy(seen, ({ value }) => value)]
    .filter(([, members]) => members.length > 1)
    .map(([value, members]) => ({
      severity,
      check: 'identity',
      where: members.map(({ name }) => name).join(', '),
      message: `they have the same ${what}, ${value}`,
      hint,
    }));
}

export function findingsAt(where: string) {
  return (severity: Finding['severity'], check: string, message: string): Finding => ({
    severity,
    check,
    where,
    message,
  });
}
