import { z } from '@hono/zod-openapi';
import { exclusions } from '../policy/exclusions.ts';
import { instant, name, orNull, slaClass } from './common.ts';

/** A VM as it was last seen. */
export const vm = z
  .object({
    uuid: z.string(),
    name: z.string(),
    host: z.string(),
    alsoRunsOn: z.array(z.string()).openapi({
      description:
        'Other hosts that were seen to run it at the same time: a split, which somebody has to end by hand',
    }),
    state: z.string(),
    memoryBytes: z.number(),
    virtualCpus: z.number().int(),
    busyShare: z.number().nullable().openapi({
      description: 'The share of its virtual CPUs that it used lately, 0 to 1',
    }),
    class: slaClass,
    foreignMigration: z
      .boolean()
      .openapi({ description: 'A migration that nobody of Drover began takes it away now' }),
    seenAt: instant,
  })
  .openapi('Vm');

export const vmList = z
  .object({
    items: z.array(vm),
    silent: z.array(z.string()).openapi({ description: 'Hosts that did not answer' }),
  })
  .openapi('VmList');

/** How fast a VM was seen to write, newest first: at the end of each of its migrations. */
export const vmWrites = z
  .object({ items: z.array(z.object({ at: instant, bytesPerSecond: z.number() })) })
  .openapi('VmWrites');

export const tags = z
  .object({
    domain: z.object({ name: z.string(), uuid: z.string() }),
    class: slaClass,
    classOrigin: z.union([
      z.object({ from: z.literal('metadata') }),
      z.object({ from: z.literal('rule'), rule: z.string() }),
      z.object({ from: z.literal('default') }),
    ]),
    excluded: z.array(
      z.union([
        z.object({ what: z.enum(exclusions), from: z.literal('metadata') }),
        z.object({ what: z.enum(exclusions), from: z.literal('rule'), rule: z.string() }),
      ]),
    ),
    labels: z.array(z.string()),
    unreadable: z.array(z.string()),
  })
  .openapi('Tags');

/** What is to be changed of what a VM says of itself; what is left out stays. */
export const tagChanges = z
  .strictObject({
    class: orNull(slaClass).optional().openapi({ description: 'null: no word of its own' }),
    never: z
      .array(z.enum(exclusions))
      .optional()
      .openapi({ description: 'What must never be done to this VM, whatever anybody asks' }),
    labels: z.array(name).max(100).optional(),
  })
  .openapi('TagChanges');

export const aborted = z
  .object({
    domain: z.object({ name: z.string(), uuid: z.string() }),
    runsOn: z.string(),
  })
  .openapi('Aborted');

export type VmDocument = z.output<typeof vm>;
export type TagsDocument = z.output<typeof tags>;
export type TagChanges = z.output<typeof tagChanges>;
