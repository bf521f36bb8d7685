import type { ResolvedHost } from '../fleet/hosts.ts';
import type { HostFacts } from '../hypervisor/port.ts';
import { type Excluded, type Exclusion, whyExcluded } from '../policy/exclusions.ts';
import { allowed, type MigrationCapabilities, type Permission } from '../steering/decision.ts';
import type { Cleared } from './preflight.ts';

/** What two hosts, their administrator and whoever speaks for the domain allow a migration. */
export interface Allowed {
  readonly capabilities: MigrationCapabilities;
  readonly postCopyRecovery: Permission;
}

/** What the administrator set, for either host. */
export interface AdminPermissions {
  readonly source: HostPermissions;
  readonly destination: HostPermissions;
}

type HostPermissions = Pick<ResolvedHost, 'postCopy' | 'compression' | 'memoryReading'>;

export function allowedFor(
  cleared: Cleared,
  admin: AdminPermissions,
  excluded: readonly Excluded[],
): Allowed {
  const { sourceFacts, destinationFacts, source, destination, domain } = cleared;
  const compression = allOf([
    admin.source.compression ?? allowed,
    admin.destination.compression ?? allowed,
    named(source.name, sourceFacts, 'compression'),
    named(destination.name, destinationFacts, 'compression'),
  ]);
  const postCopyRecovery = allOf([
    named(source.name, sourceFacts, 'postCopyRecoverable'),
    named(destination.name, destinationFacts, 'postCopyRecoverable'),
  ]);
  const postCopy = allOf([
    unlessExcluded('post-copy', excluded),
    admin.source.postCopy,
    admin.destination.postCopy,
    named(source.name, sourceFacts, 'postCopy'),
    named(destination.name, destinationFacts, 'postCopy'),
    ...domain.postCopyObstacles.map((because) => ({ allowed: false, because }) as const),
  ]);
  return {
    postCopyRecovery,
    capabilities: {
      postCopy,
      postCopyRecoverable: postCopyRecovery.allowed,
      autoConverge: unlessExcluded('throttle', excluded),
      compression,
      // It is read where it is: at the source.
      memoryReading: admin.source.memoryReading ?? allowed,
    },
  };
}

function unlessExcluded(what: Exclusion, excluded: readonly Excluded[]): Permission {
  const because = whyExcluded(what, excluded);
  return because === undefined ? allowed : { allowed: false, because };
}

function named(
  host: string,
  facts: HostFacts,
  what: 'postCopy' | 'postCopyRecoverable' | 'compression',
): Permission {
  const permission = facts[what];
  if (permission.allowed) return permission;
  return { allowed: false, because: `on ${host}, ${permission.because}` };
}

/** Allowed where all allow it; otherwise the first one's reason. */
function allOf(permissions: readonly Permission[]): Permission {
  return permissions.find((permission) => !permission.allowed) ?? allowed;
}
