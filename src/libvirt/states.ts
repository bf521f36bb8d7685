/** Names of libvirt's domain states and of the reasons for each, by number. */
const reasonNames = {
  none: ['unknown'],
  running: [
    'unknown',
    'booted',
    'migrated',
    'restored',
    'from-snapshot',
    'unpaused',
    'migration-cancelled',
    'save-cancelled',
    'wakeup',
    'crashed',
    'post-copy',
    'post-copy-failed',
  ],
  blocked: ['unknown'],
  paused: [
    'unknown',
    'user',
    'migration',
    'save',
    'dump',
    'io-error',
    'watchdog',
    'from-snapshot',
    'shutting-down',
    'snapshot',
    'crashed',
    'starting-up',
    'post-copy',
    'post-copy-failed',
    'api-error',
  ],
  'shutting-down': ['unknown', 'user'],
  'shut-off': [
    'unknown',
    'shutdown',
    'destroyed',
    'crashed',
    'migrated',
    'saved',
    'failed',
    'from-snapshot',
    'daemon',
  ],
  crashed: ['unknown', 'panicked'],
  'pm-suspended': ['unknown'],
} as const;

type Reasons = typeof reasonNames;

/** A domain's state and why it is in it. States and reasons newer than this client are `unknown`. */
export type DomainState =
  | {
      [S in keyof Reasons]: { readonly state: S; readonly reason: Reasons[S][number] };
    }[keyof Reasons]
  | { readonly state: 'unknown'; readonly reason: 'unknown' };

const stateNames = [
  'none',
  'running',
  'blocked',
  'paused',
  'shutting-down',
  'shut-off',
  'crashed',
  'pm-suspended',
] as const satisfies readonly (keyof Reasons)[];

export function domainState(state: number, reason: number): DomainState {
  const name = stateNames[state];
  if (name === undefined) return { state: 'unknown', reason: 'unknown' };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the reason is of this state's list
  return { state: name, reason: reasonNames[name][reason] ?? 'unknown' } as DomainState;
}

const controlStates = ['ok', 'job', 'occupied', 'error'] as const;
const controlErrors = ['none', 'unknown', 'monitor', 'internal'] as const;

/** Whether the hypervisor takes orders for a domain now. */
export interface ControlInfo {
  /** `job`: a background job runs; `occupied`: an order is being carried out; `error`: lost. */
  readonly state: (typeof controlStates)[number] | 'unknown';
  /** What is wrong when the state is `error`. */
  readonly problem: (typeof controlErrors)[number];
  /** How long it has been in this state. */
  readonly sinceMs: number;
}

export function controlInfo(state: number, details: number, sinceMs: bigint): ControlInfo {
  return {
    state: controlStates[state] ?? 'unknown',
    problem: controlErrors[details] ?? 'unknown',
    sinceMs: Number(sinceMs),
  };
}
