import type { DomainState as ClientState } from '../../libvirt/index.ts';
import type { DomainState, StateReason } from '../port.ts';

const states: Readonly<Record<ClientState['state'], DomainState['state']>> = {
  running: 'running',
  // "Blocked" is a Xen domain that waits for something to do.
  blocked: 'running',
  paused: 'paused',
  'shut-off': 'shut-off',
  crashed: 'crashed',
  // Its QEMU ends: seen for some milliseconds at a destination whose source has just died.
  'shutting-down': 'shut-off',
  'pm-suspended': 'other',
  none: 'other',
  unknown: 'other',
};

const reasons: Readonly<Partial<Record<ClientState['reason'], StateReason>>> = {
  migration: 'migration',
  migrated: 'migrated',
  'post-copy': 'post-copy',
  'post-copy-failed': 'post-copy-failed',
  'io-error': 'io-error',
  'migration-cancelled': 'taken-back',
};

export function stateOf({ state, reason }: ClientState): DomainState {
  return { state: states[state], reason: reasons[reason] ?? 'other' };
}
