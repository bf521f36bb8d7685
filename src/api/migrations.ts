import { z } from '@hono/zod-openapi';
import { outcomes } from '../migration/transition.ts';
import { livePhases } from '../store/rows.ts';
import {
  givenInstant,
  importance,
  instant,
  name,
  orNever,
  orNull,
  pageQuery,
  reason,
  slaClass,
} from './common.ts';

export const phase = z.enum([...livePhases, ...outcomes]).openapi('Phase');

const progress = z
  .object({
    atMs: z.number(),
    percent: z.number(),
    sentBytes: z.number(),
    remainingBytes: z.number(),
    dirtyRateBytesPerSecond: z.number(),
    bandwidthBytesPerSecond: z.number(),
    throttlePercent: z.number(),
    etaMs: z.number().nullable(),
  })
  .openapi('Progress');

/** A migration as it is now. */
export const migration = z
  .object({
    id: z.string(),
    origin: z.enum(['request', 'adopted']),
    vm: z.string().openapi({ description: 'As it was asked for' }),
    vmName: z.string().nullable(),
    vmUuid: z.string().nullable(),
    from: z.string(),
    to: z.string(),
    class: orNull(slaClass),
    reason: orNull(reason),
    importance,
    deadlineAt: instant.nullable(),
    operationId: z.string().nullable(),
    requestedBy: z.string(),
    requestedAt: instant,
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    phase,
    cancelRequested: z.boolean(),
    steeredBy: z.string().nullable(),
    revision: z.number().int(),
    progress: orNull(progress),
    error: z
      .object({ code: z.string(), message: z.string(), hint: z.string().nullable() })
      .nullable(),
    end: z
      .object({
        runsOn: z.array(z.string()),
        totalMs: z.number(),
        forecastMs: z
          .number()
          .nullable()
          .openapi({ description: 'How long the first decision expected it to take' }),
        blackoutMs: z.number().nullable(),
        blackoutMeasuredBy: z.enum(['hypervisor', 'events']).nullable(),
        sentBytes: z.number(),
      })
      .nullable(),
  })
  .openapi('Migration');

const fromHost = name.openapi({ description: "A host's name, or its libvirt URI", example: 'h1' });
const asked = {
  vm: name.openapi({ description: "The VM's libvirt name or UUID", example: 'billing-db' }),
  importance: importance
    .optional()
    .openapi({ description: 'Follows from the reason where it is not given' }),
  reason: reason.optional(),
  deadlineAt: givenInstant.optional(),
};

const openWay = {
  from: fromHost.optional().openapi({
    description: "A host's name, or its libvirt URI; found where it is not given",
  }),
  to: name.optional().openapi({
    description: 'Where it is not given, the host that the planner takes for the VM',
    example: 'h2',
  }),
};

/** What moves, how much it matters and why; never how. */
export const newMigration = z.strictObject({ ...asked, ...openWay }).openapi('NewMigration');

/** A job that somebody else began. `to` is found where its destination is a known host. */
export const adoption = z
  .strictObject({ ...asked, from: fromHost, to: name.optional() })
  .openapi('Adoption');

export const migrationChange = z
  .strictObject({
    importance: importance.optional(),
    deadlineAt: orNull(givenInstant)
      .optional()
      .openapi({ description: 'null: there is none any more' }),
  })
  .refine((change) => Object.keys(change).length > 0, { error: 'expected what is to be changed' })
  .openapi('MigrationChange');

export const migrationQuery = z.strictObject({
  ...pageQuery,
  phase: z
    .union([phase, z.array(phase)], { error: `expected one of ${phase.options.join(', ')}` })
    .optional()
    .openapi({ description: 'May be given several times' }),
  state: z.enum(['live', 'ended']).optional(),
  vm: name.optional(),
  host: name.optional().openapi({ description: 'As source or as destination' }),
  from: name.optional(),
  to: name.optional(),
  class: slaClass.optional(),
  importance: importance.optional(),
  reason: reason.optional(),
  operation: name.optional(),
  since: givenInstant.optional(),
  until: givenInstant.optional(),
});

const range = z.object({ p50: orNever, p90: orNever });
/** What an option is expected to cost. */
export const forecast = z
  .object({
    completes: z.boolean(),
    timeMs: range,
    blackoutMs: range,
    slowdownShare: z.number(),
    slowdownMs: orNever,
    bytes: orNever,
    lossRisk: z.number(),
  })
  .openapi('Forecast');

const decision = z
  .object({
    atMs: z.number(),
    action: z.object({ kind: z.string() }).loose(),
    why: z.string(),
    ending: z.string(),
    forecast,
    alternatives: z.array(z.object({ option: z.string(), verdict: z.string() }).loose()),
  })
  .openapi('Decision');

export const explanation = z
  .object({ migration, why: z.array(z.string()), decisions: z.array(decision) })
  .openapi('Explanation');

export const sample = z.record(z.string(), z.union([z.number(), z.string()])).openapi('Sample');
export const telemetry = z.object({ samples: z.array(sample) }).openapi('Telemetry');

/** See the recording's format: docs/api.md. Numbers that are never reached are `"never"`. */
export const recording = z
  .object({ format: z.literal(1), id: z.string(), startedAt: z.string() })
  .loose()
  .openapi('Recording');

export const forecastRequest = z
  .strictObject({
    vm: asked.vm,
    ...openWay,
    importance: asked.importance,
    reason: asked.reason,
  })
  .openapi('ForecastRequest');

const permission = z.union([
  z.object({ allowed: z.literal(true) }),
  z.object({ allowed: z.literal(false), because: z.string() }),
]);

export const forecastAnswer = z
  .object({
    domain: z.object({ name: z.string(), uuid: z.string() }),
    from: z.string(),
    to: z.string(),
    class: slaClass,
    importance,
    sources: z.array(z.string()),
    bandwidthBytesPerSecond: z.number(),
    bandwidthGuessed: z.boolean(),
    touchedBytes: z.number(),
    workingSet: z
      .object({ rateBytesPerSecond: z.number(), setBytes: z.number(), errorShare: z.number() })
      .nullable(),
    budget: z.object({}).loose(),
    expected: z.object({ ending: z.string(), forecast }),
    options: z.array(z.object({ option: z.string(), permission, forecast })),
  })
  .openapi('ForecastAnswer');

export type MigrationDocument = z.output<typeof migration>;
