import { allowed, type MigrationCapabilities } from '../decision.ts';

/** Hosts and admins that allow everything. */
export const able: MigrationCapabilities = {
  postCopy: allowed,
  postCopyRecoverable: true,
  autoConverge: allowed,
  compression: allowed,
};
