import { z } from '@hono/zod-openapi';
import { operationKinds, operationStates, partStates } from '../operations/report.ts';
import { givenInstant, importance, instant, name, orNull, reason, slaClass } from './common.ts';

const span = z
  .object({ p50: instant, p90: instant })
  .openapi('SpanOfTime', { description: 'Half of the outcomes are by p50, nine of ten by p90' });

const plannedPart = z
  .object({
    to: z.string(),
    startAt: instant,
    endAt: span,
    bytes: z.number(),
    blackoutMs: orNull(z.object({ p50: z.number(), p90: z.number() })).openapi({
      description: 'null: it is not expected to arrive',
    }),
    ending: z.string(),
  })
  .openapi('PlannedPart');

const part = z
  .object({
    uuid: z.string(),
    vm: z.string(),
    class: slaClass,
    memoryBytes: z.number(),
    from: z.string(),
    state: z.enum(partStates),
    to: z.string().nullable(),
    migrationId: z.string().nullable(),
    tries: z.number().int(),
    share: z.number().openapi({ description: 'How much of its way is done, 0 to 1' }),
    why: z.string(),
    againAt: instant.nullable(),
    startedAt: instant.nullable(),
    noReturnAt: instant.nullable().openapi({
      description: 'From here on there was no way back to its source; null: there is, or was',
    }),
    endedAt: instant.nullable(),
    blackoutMs: z.number().nullable(),
    planned: orNull(plannedPart).openapi({ description: 'As it was planned first' }),
    expected: orNull(plannedPart).openapi({ description: 'As it is planned now' }),
  })
  .openapi('OperationPart');

const report = z
  .object({
    at: instant,
    says: z.string().openapi({ description: 'How it stands, in a sentence or two' }),
    importance: importance.openapi({ description: 'Raised where the deadline asks for it' }),
    parts: z.array(part),
    plannedAt: instant.nullable(),
    schedule: z.string(),
    eta: orNull(span),
    firstEta: orNull(span),
    boundMs: z.number(),
    share: z.number().openapi({ description: 'How much of the memory has arrived, 0 to 1' }),
    totalBytes: z.number(),
    late: z.array(z.string()).openapi({ description: 'Who would come after the deadline' }),
    silent: z.array(z.string()).openapi({ description: 'Hosts that do not answer' }),
    assumed: z.array(z.string()),
  })
  .openapi('OperationReport');

const intent = {
  kind: z.enum(operationKinds),
  host: z.string().nullable(),
  to: z.array(z.string()).nullable(),
  targets: orNull(z.record(z.string(), z.string())).openapi({
    description: 'Where certain VMs are to be: host by UUID',
  }),
  reason,
  importance,
  deadlineAt: instant.nullable(),
  requestedBy: z.string(),
  requestedAt: instant,
};

/** Several migrations that are one matter, as it is now. */
export const operation = z
  .object({
    id: z.string(),
    ...intent,
    endedAt: instant.nullable(),
    state: z.enum(operationStates),
    revision: z.number().int(),
    report: orNull(report).openapi({ description: 'null: nobody has looked yet' }),
  })
  .openapi('Operation');

/** What an operation would do. */
export const rehearsal = z.object({ ...intent, report }).openapi('Rehearsal');

const asked = {
  importance: importance
    .optional()
    .openapi({ description: 'Follows from the reason where it is not given' }),
  deadlineAt: givenInstant.optional(),
};

/** What is to be done, how much it matters and by when; never how. */
export const newOperation = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('drain'),
      host: name.openapi({ example: 'h1' }),
      to: z.array(name).min(1).max(1_000).optional(),
      reason: reason.extract(['evacuation', 'maintenance']).optional(),
      ...asked,
    }),
    z.strictObject({ kind: z.literal('balance'), ...asked }),
    z.strictObject({ kind: z.literal('defrag'), ...asked }),
  ])
  .openapi('NewOperation');

const vmWish = z
  .strictObject({
    importance: importance.optional(),
    leave: z.literal(true).optional().openapi({ description: 'It is left where it is' }),
  })
  .refine((wish) => Object.keys(wish).length > 0, { error: 'expected what is to be changed' });

export const operationChange = z
  .strictObject({
    importance: importance.optional(),
    deadlineAt: orNull(givenInstant)
      .optional()
      .openapi({ description: 'null: there is none any more' }),
    paused: z.boolean().optional().openapi({ description: 'Nothing more is begun meanwhile' }),
    vms: z.record(name, vmWish).optional().openapi({ description: 'By name or UUID' }),
  })
  .refine((change) => Object.keys(change).length > 0, { error: 'expected what is to be changed' })
  .openapi('OperationChange');

export const operationCancel = z
  .strictObject({
    abortRunning: z.boolean().default(false).openapi({
      description: 'Cancel what is under way too, where it still can be; else it lands',
    }),
  })
  .openapi('OperationCancel');

export const undrain = z
  .strictObject({
    restore: z.boolean().default(false).openapi({
      description: 'Bring back, gently, who left it in its last drain',
    }),
  })
  .openapi('Undrain');

/** `operation`: the one that brings back who lived there; null: none was asked for. */
export const undrained = z
  .object({ host: z.string(), operation: orNull(operation) })
  .openapi('Undrained');

export type OperationDocument = z.output<typeof operation>;
export type RehearsalDocument = z.output<typeof rehearsal>;
export type PartDocument = z.output<typeof part>;
