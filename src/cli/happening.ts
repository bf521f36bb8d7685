import { z } from 'zod';
import { streamedEvent } from '../api/events.ts';
import { migration, phase } from '../api/migrations.ts';
import type { Migration } from '../client/client.ts';
import type { StreamedEvent } from '../client/event-stream.ts';
import type { MigrationPhase, StoredProgress } from '../store/rows.ts';

/** Something that a watcher of a migration is shown. Times are ms since its start. */
export type Happening =
  | {
      readonly kind: 'phase';
      readonly phase: MigrationPhase;
      /** It ended before it began: nothing was touched. */
      readonly refused?: boolean;
      readonly atMs: number;
    }
  | { readonly kind: 'progress'; readonly phase: MigrationPhase; readonly progress: StoredProgress }
  | {
      readonly kind: 'decision';
      readonly action: string;
      readonly why: string;
      readonly atMs: number;
    }
  /** Nobody steers it any more: all else is as it was last seen. */
  | {
      readonly kind: 'unsteered';
      readonly phase: MigrationPhase;
      readonly progress: StoredProgress | undefined;
      /** What to do about it. */
      readonly advice: string;
    }
  /** Something a person should know: a refused request, a retry, a host that does not answer. */
  | { readonly kind: 'notice'; readonly message: string; readonly atMs: number };

/** An event of the stream, read. */
export type Heard =
  | { readonly kind: 'progress'; readonly migration: Migration }
  | { readonly kind: 'event'; readonly event: z.output<typeof streamedEvent> }
  /** What came before is not kept any more: what matters is to be read anew. */
  | { readonly kind: 'reset' };

/** Throws where the server sends what is not understood. */
export function heardOf({ event, data }: StreamedEvent): Heard {
  if (event === 'reset') return { kind: 'reset' };
  const content: unknown = JSON.parse(data);
  if (event === 'progress') return { kind: 'progress', migration: migration.parse(content) };
  return { kind: 'event', event: streamedEvent.parse(content) };
}

/** What a watcher is shown of it; `undefined`: nothing. `startedAt`: ms since 1970. */
export function happeningOf(
  { type, at, data }: z.output<typeof streamedEvent>,
  startedAt: number,
): Happening | undefined {
  const read = readers[type];
  return read?.(data, Math.max(0, Date.parse(at) - startedAt));
}

const withPhase = z.object({ phase });
/** `code`: why it could not begin. */
const withCode = withPhase.extend({ code: z.string().optional() });
const withBy = z.object({ by: z.string() });
const decided = z.object({ action: z.string(), why: z.string() });
const noticed = z.object({ message: z.string() });
const changed = withBy.extend({
  importance: z.string().optional(),
  cancelRequested: z.boolean().optional(),
  deadlineAt: z.number().nullable().optional(),
});

type Reader = (data: unknown, atMs: number) => Happening;

const readPhase: Reader = (data, atMs) => ({ kind: 'phase', ...withPhase.parse(data), atMs });

const readers: Readonly<Record<string, Reader>> = {
  'migration.queued': (_, atMs) => ({ kind: 'phase', phase: 'queued', atMs }),
  'migration.began': readPhase,
  'migration.phase': readPhase,
  'migration.ended': (data, atMs) => {
    const { phase: last, code } = withCode.parse(data);
    return { kind: 'phase', phase: last, ...(code === undefined ? {} : { refused: true }), atMs };
  },
  'migration.decision': (data, atMs) => ({ kind: 'decision', ...decided.parse(data), atMs }),
  'migration.notice': (data, atMs) => ({ kind: 'notice', ...noticed.parse(data), atMs }),
  'migration.point-of-no-return': (_, atMs) => ({
    kind: 'notice',
    message: 'From here on there is no way back to the source.',
    atMs,
  }),
  'migration.taken-up': (data, atMs) => ({
    kind: 'notice',
    message: `${withBy.parse(data).by} steers it from here on.`,
    atMs,
  }),
  'migration.changed': (data, atMs) => {
    const { by, importance, cancelRequested, deadlineAt } = changed.parse(data);
    const wanted = [
      ...(cancelRequested ? ['it is to be cancelled'] : []),
      ...(importance === undefined ? [] : [`its importance is ${importance}`]),
      ...(deadlineAt === undefined
        ? []
        : [deadlineAt === null ? 'it has no deadline' : 'it has another deadline']),
    ];
    return { kind: 'notice', message: `${by} says that ${wanted.join(', ')}.`, atMs };
  },
};
