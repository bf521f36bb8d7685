import { batch, type Signal, signal } from '@preact/signals';
import type { HostDocument } from '../api/hosts.ts';
import type { MigrationDocument } from '../api/migrations.ts';
import type { OperationDocument } from '../api/operations.ts';
import type { VmDocument } from '../api/vms.ts';
import type { StreamedEvent } from '../client/event-stream.ts';
import { ask, withQuery } from './api.ts';
import type { Listener } from './live.ts';

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** What the fleet looks like; `undefined`: it has not been read yet. */
export const hosts = signal<readonly HostDocument[] | undefined>(undefined);
export const vms = signal<readonly VmDocument[] | undefined>(undefined);
/** Migrations under way, by id: each is told of by itself, so that only its own marks are drawn anew. */
export const running = signal<ReadonlyMap<string, Signal<MigrationDocument>>>(new Map());
export const operations = signal<readonly OperationDocument[] | undefined>(undefined);
/** Rises whenever something happens that is in a list of the past. */
export const happened = signal(0);
export const fleetError = signal<unknown>(undefined);

const mostPerPage = 500;
/** Lists are read anew no more often than this, however much happens, ms. */
const readEveryMs = 1_000;

async function all<T>(path: string, query: Readonly<Record<string, string>>): Promise<T[]> {
  const items: T[] = [];
  let after: string | undefined;
  do {
    const page: Page<T> = await ask(withQuery(path, { ...query, limit: mostPerPage, after }));
    items.push(...page.items);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return items;
}

const readers = {
  hosts: async () => {
    hosts.value = (await ask<{ items: HostDocument[] }>('/v1/hosts')).items;
  },
  vms: async () => {
    vms.value = (await ask<{ items: VmDocument[] }>('/v1/vms')).items;
  },
  running: async () => {
    const live = await all<MigrationDocument>('/v1/migrations', { state: 'live' });
    const known = running.peek();
    const isSame = live.length === known.size && live.every(({ id }) => known.has(id));
    batch(() => {
      const now = new Map(live.map((one) => [one.id, updated(known.get(one.id), one)]));
      // A fleet where everybody moves on is not laid out anew for that.
      if (!isSame) running.value = now;
    });
  },
  operations: async () => {
    const page: Page<OperationDocument> = await ask('/v1/operations?limit=20');
    operations.value = page.items;
  },
};
type Part = keyof typeof readers;
const everything = ['hosts', 'vms', 'running', 'operations'] as const;

function updated(
  known: Signal<MigrationDocument> | undefined,
  one: MigrationDocument,
): Signal<MigrationDocument> {
  if (known === undefined) return signal(one);
  known.value = one;
  return known;
}

/** What is to be read, and by when nothing is to be read before. */
const due = new Set<Part>();
let reading = false;

export function readAnew(...parts: readonly Part[]): void {
  for (const part of parts) due.add(part);
  if (!reading) void read();
}

async function read(): Promise<void> {
  reading = true;
  while (due.size > 0) {
    const parts = [...due];
    due.clear();
    try {
      await Promise.all(parts.map((part) => readers[part]()));
      fleetError.value = undefined;
    } catch (error) {
      fleetError.value = error;
    }
    happened.value += 1;
    await new Promise((resolve) => setTimeout(resolve, readEveryMs));
  }
  reading = false;
}

/** Progress that has come since the last frame was drawn: the newest of each. */
const waiting = new Map<string, MigrationDocument>();

function drawLater(one: MigrationDocument): void {
  // A page that nobody sees draws no frames, and what waits is the newest of each.
  if (waiting.size === 0) requestAnimationFrame(draw);
  waiting.set(one.id, one);
}

function draw(): void {
  const known = running.peek();
  batch(() => {
    const added = [...waiting.values()].filter(({ id }) => !known.has(id));
    for (const [id, one] of waiting) updated(known.get(id), one);
    if (added.length > 0)
      running.value = new Map([...known, ...added.map((one) => [one.id, signal(one)] as const)]);
  });
  waiting.clear();
}

/** What of the fleet has to be read anew when something of this kind has happened. */
function touchedBy(type: string): readonly Part[] {
  if (type.startsWith('host.')) return ['hosts', 'vms'];
  if (type.startsWith('operation.')) return ['operations', 'hosts'];
  if (type === 'migration.ended') return ['running', 'vms', 'operations'];
  // What is said on the way comes with the progress, too.
  if (type === 'migration.decision' || type === 'migration.notice') return [];
  return type.startsWith('migration.') ? ['running'] : [];
}

export const fleetListener: Listener = {
  heard: ({ event, data }: StreamedEvent) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- docs/api.md: a Migration
    if (event === 'progress') drawLater(JSON.parse(data) as MigrationDocument);
    if (event !== 'progress') readAnew(...touchedBy(event));
  },
  caughtUp: () => readAnew(...everything),
};
