import type { Sample } from '../../src/forecast/telemetry.ts';
import type { Decision } from '../../src/steering/decision.ts';
import type {
  Beginning,
  Lease,
  Lesson,
  MigrationRow,
  NewEvent,
  NewMigration,
  VmRow,
} from '../../src/store/rows.ts';
import type { Ended, Store } from '../../src/store/store.ts';

/** Long enough that no lease ends by itself while a scenario runs. */
export const longMs = 600_000;
/** Over as soon as it is given. */
export const noneMs = 0;

export function idAt(index: number): string {
  return `m${String(index).padStart(6, '0')}`;
}

export function newMigration(index: number, change: Partial<NewMigration> = {}): NewMigration {
  return {
    id: idAt(index),
    origin: 'request',
    vm: `vm-${index}`,
    from: 'h1',
    to: 'h2',
    reason: 'maintenance',
    importance: 'medium',
    deadlineAt: undefined,
    operationId: undefined,
    requestedBy: 'alice',
    requestedAt: 1_000 + index,
    requestKey: undefined,
    ...change,
  };
}

export function vmOn(host: string, index: number, change: Partial<VmRow> = {}): VmRow {
  return {
    uuid: `uuid-${index}`,
    name: `vm-${index}`,
    host,
    state: 'running',
    memoryBytes: 2 ** 41,
    virtualCpus: 4,
    slaClass: 'panda',
    foreignJob: false,
    split: false,
    seenAt: 1_000,
    ...change,
  };
}

export function newEvent(subject: string, change: Partial<NewEvent> = {}): NewEvent {
  return { at: 1_000, type: 'migration.queued', subject, data: {}, ...change };
}

export async function queue(store: Store, ...all: readonly NewMigration[]): Promise<void> {
  for (const one of all) {
    const { how } = await store.migrations.create(one, newEvent(one.id));
    if (how !== 'created') throw new Error(`${one.id} is not queued: ${how}`);
  }
}

export function leaseOf({ id, owner, epoch }: MigrationRow): Lease {
  if (owner === undefined) throw new Error(`${id} has no owner`);
  return { id, owner, epoch };
}

/** So many migrations from `first` on, which `owner` steers. */
export async function steered(
  store: Store,
  owner: string,
  count: number,
  { ttlMs = longMs, first = 1 } = {},
): Promise<readonly Lease[]> {
  const all = Array.from({ length: count }, (_, index) => newMigration(first + index));
  await queue(store, ...all);
  const wanted = new Set(all.map(({ id }) => id));
  const rows = await store.leases.admit(owner, ttlMs, ({ queued }) =>
    queued.map(({ id }) => id).filter((id) => wanted.has(id)),
  );
  return rows.map(leaseOf).toSorted((a, b) => a.id.localeCompare(b.id));
}

/** One of them. */
export async function steeredOne(
  store: Store,
  owner: string,
  options: { ttlMs?: number; first?: number } = {},
): Promise<Lease> {
  const [lease] = await steered(store, owner, 1, options);
  if (lease === undefined) throw new Error('no lease was given');
  return lease;
}

export function sampleAt(index: number): Sample {
  return {
    atMs: index * 250,
    memoryTotalBytes: 2 ** 30,
    memoryRemainingBytes: 2 ** 30 - index * 4096,
    memorySentBytes: index * 4096,
    normalPages: index,
    constantPages: 0,
    pageSizeBytes: 4096,
    dirtyRateBytesPerSecond: 1_000,
    throughputBytesPerSecond: 16_384,
    iteration: 1,
    throttlePercent: 0,
    postCopyRequests: 0,
    phase: 'pre-copy',
  };
}

export function decisionAt(atMs: number): Decision {
  const forecast = {
    completes: true,
    timeMs: { p50: 2, p90: Infinity },
    blackoutMs: { p50: 2, p90: Infinity },
    slowdownShare: 0,
    slowdownMs: 0,
    bytes: Infinity,
    lossRisk: 0,
  };
  const action = { kind: 'set-max-speed', bytesPerSecond: Infinity } as const;
  return { atMs, action, why: `at ${atMs}`, ending: 'open', forecast, alternatives: [] };
}

export const progress = {
  atMs: 500,
  percent: 12.5,
  sentBytes: 1_000,
  remainingBytes: 2 ** 41,
  dirtyRateBytesPerSecond: 10.5,
  bandwidthBytesPerSecond: 20,
  throttlePercent: 0,
  etaMs: Infinity,
} as const;

export function beginningOf(vm: { readonly name: string; readonly uuid: string }): Beginning {
  const allowed = { allowed: true } as const;
  const host = { name: 'h1', libvirtVersion: '9.0.0', hypervisorVersion: '7.2.0' };
  return {
    head: {
      format: 1,
      vm: { ...vm, memoryBytes: 2 ** 30, virtualCpus: 2 },
      slaClass: 'panda',
      importance: 'medium',
      reason: 'maintenance',
      deadlineMs: undefined,
      from: host,
      to: { ...host, name: 'h2' },
      capabilities: { postCopy: allowed, postCopyRecoverable: true, autoConverge: allowed },
      capBytesPerSecond: undefined,
      budget: {
        blackoutMs: 300,
        slowdownShare: 0,
        pointOfNoReturn: 'never',
        freeze: { kind: 'never' },
        patiencePasses: 3,
        otherwise: 'stay',
      },
      prior: {
        bandwidthBytesPerSecond: undefined,
        touchedBytes: undefined,
        written: [],
        syncing: 'passes',
      },
    },
    plan: { postCopy: true, autoConverge: undefined, maxDowntimeMs: 50, why: 'a plan' },
    ways: [{ uri: 'qemu+tcp://h2/system', address: undefined }],
    persistent: true,
    startNumber: 1,
    postCopyRecovery: allowed,
    former: { downtimeMs: 300, speedBytesPerSecond: Infinity },
  };
}

export function lessonOf(bandwidthBytesPerSecond: number): Lesson {
  return { bandwidthBytesPerSecond, touchedBytes: 5, workingSet: undefined };
}

export function endedAs(phase: Ended['phase'], change: Partial<Ended> = {}): Ended {
  return { phase, endedAt: 9_000, end: undefined, error: undefined, lesson: undefined, ...change };
}

export const nothing = { samples: [], decisions: [], why: [] } as const;

/** One of several stores, in turn. */
export function oneOf(stores: readonly Store[], index: number): Store {
  const store = stores[index % stores.length];
  if (store === undefined) throw new Error('there are no stores');
  return store;
}

export async function everyPage<T>(
  page: (after: string | undefined) => Promise<{ items: readonly T[]; next: string | undefined }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  for (let after: string | undefined, turns = 0; turns < 10_000; turns += 1) {
    const { items, next } = await page(after);
    all.push(...items);
    if (next === undefined) return all;
    after = next;
  }
  throw new Error('the pages have no end');
}
