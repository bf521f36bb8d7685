import { type JobStats, jobFields } from './job-stats.ts';
import type { EventName, PayloadOf, WireEvent } from './protocol/events.ts';
import type { DomainReference } from './protocol/types.ts';

/** What can happen in a domain's life, by number, each with its details by number. */
const lifecycle = {
  defined: ['added', 'updated', 'renamed', 'from-snapshot'],
  undefined: ['removed', 'renamed'],
  started: ['booted', 'migrated', 'restored', 'from-snapshot', 'wakeup', 'recreated'],
  suspended: [
    'paused',
    'migrated',
    'io-error',
    'watchdog',
    'restored',
    'from-snapshot',
    'api-error',
    'post-copy',
    'post-copy-failed',
  ],
  resumed: ['unpaused', 'migrated', 'from-snapshot', 'post-copy', 'post-copy-failed'],
  stopped: [
    'shutdown',
    'destroyed',
    'crashed',
    'migrated',
    'saved',
    'failed',
    'from-snapshot',
    'recreated',
  ],
  shutdown: ['finished', 'guest', 'host'],
  'pm-suspended': ['memory', 'disk'],
  crashed: ['panicked', 'crash-loaded'],
} as const;

type Lifecycle = typeof lifecycle;

const lifecycleNames = [
  'defined',
  'undefined',
  'started',
  'suspended',
  'resumed',
  'stopped',
  'shutdown',
  'pm-suspended',
  'crashed',
] as const satisfies readonly (keyof Lifecycle)[];

/** A turn in a domain's life. Kinds and details newer than this client are `unknown`. */
export type LifecycleEvent = { readonly domain: DomainReference } & (
  | {
      [E in keyof Lifecycle]: {
        readonly event: E;
        readonly detail: Lifecycle[E][number] | 'unknown';
      };
    }[keyof Lifecycle]
  | { readonly event: 'unknown'; readonly detail: 'unknown' }
);

/** An outgoing job succeeded. A failure brings no event. */
export interface JobCompletedEvent {
  readonly domain: DomainReference;
  readonly stats: Omit<JobStats, 'type'>;
}

/** A migration began another pass over the guest's memory. */
export interface MigrationIterationEvent {
  readonly domain: DomainReference;
  readonly iteration: number;
}

const metadataKinds = ['description', 'title', 'element'] as const;

export interface MetadataChangeEvent {
  readonly domain: DomainReference;
  readonly kind: (typeof metadataKinds)[number] | 'unknown';
  /** The namespace of the element that changed. */
  readonly namespaceUri: string | undefined;
}

/** What QEMU itself told, whether libvirt makes something of it or not. */
export interface MonitorEvent {
  readonly domain: DomainReference;
  /** By QEMU's own name: `STOP`, `RESUME`, ... */
  readonly event: string;
  /** By the clock of the domain's host, ms since 1970; `undefined` where QEMU did not say. */
  readonly atMs: number | undefined;
  /** QEMU's own JSON. */
  readonly details: string | undefined;
}

/** What each event brings. */
export interface Events {
  readonly lifecycle: LifecycleEvent;
  readonly 'job-completed': JobCompletedEvent;
  readonly 'migration-iteration': MigrationIterationEvent;
  readonly 'metadata-change': MetadataChangeEvent;
  readonly monitor: MonitorEvent;
}

/** Ends with the connection: events are not replayed on another one. */
export interface Subscription {
  unsubscribe(): Promise<void>;
}

const readers: { readonly [N in EventName]: (payload: PayloadOf<N>) => Events[N] } = {
  lifecycle: lifecycleEvent,
  'job-completed': ({ domain, parameters }) => ({ domain, stats: jobFields(parameters) }),
  'migration-iteration': ({ domain, iteration }) => ({ domain, iteration }),
  'metadata-change': ({ domain, type, uri }) => ({
    domain,
    kind: metadataKinds[type] ?? 'unknown',
    namespaceUri: uri,
  }),
  monitor: ({ domain, event, seconds, micros, details }) => ({
    domain,
    event,
    atMs: seconds < 0n ? undefined : Number(seconds) * 1000 + micros / 1000,
    details,
  }),
};

function lifecycleEvent({ domain, event, detail }: PayloadOf<'lifecycle'>): LifecycleEvent {
  const name = lifecycleNames[event];
  if (name === undefined) return { domain, event: 'unknown', detail: 'unknown' };
  const detailName = lifecycle[name][detail] ?? 'unknown';
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the detail is of this event's list
  return { domain, event: name, detail: detailName } as LifecycleEvent;
}

/** Hands an event on when it is the one that is wanted. */
export function deliver<N extends EventName>(
  wanted: N,
  event: WireEvent,
  handler: (event: Events[N]) => void,
): void {
  if (isNamed(event, wanted)) handler(readers[wanted](event.payload));
}

function isNamed<N extends EventName>(
  event: WireEvent,
  name: N,
): event is WireEvent & { readonly name: N; readonly payload: PayloadOf<N> } {
  return event.name === name;
}
