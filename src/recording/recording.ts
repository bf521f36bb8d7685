import { z } from 'zod';
import { DroverError } from '../errors/catalogue.ts';
import { importances, reasons, slaClasses } from '../policy/vocabulary.ts';
import { columnNames, decodeSamples, encodeSamples, laterColumn } from './columns.ts';

/** What never ends has no number in JSON. */
const never = 'never';
const number = z.union([z.number(), z.literal(never).transform(() => Infinity)]);
const text = z.string();

/** A field that may be missing in the file, and is then there as `undefined`. */
function maybe<T extends z.ZodType>(schema: T) {
  return schema.optional().transform((value) => value);
}

const range = z.object({ p50: number, p90: number }).readonly();
const forecast = z
  .object({
    completes: z.boolean(),
    timeMs: range,
    blackoutMs: range,
    slowdownShare: number,
    slowdownMs: number,
    bytes: number,
    lossRisk: number,
  })
  .readonly();

const action = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('wait') }),
  z.object({ kind: z.literal('set-max-downtime'), ms: number }),
  z.object({ kind: z.literal('set-max-speed'), bytesPerSecond: number }),
  z.object({ kind: z.literal('start-post-copy') }),
  z.object({ kind: z.literal('set-post-copy-speed'), bytesPerSecond: number }),
  z.object({ kind: z.literal('freeze'), expectedMs: number, reckonedMs: number.optional() }),
  z.object({ kind: z.literal('begin-again') }),
  z.object({ kind: z.literal('stay') }),
]);
const actionKind = z.enum([
  'wait',
  'set-max-downtime',
  'set-max-speed',
  'start-post-copy',
  'set-post-copy-speed',
  'freeze',
  'begin-again',
  'stay',
]);

const alternative = z.discriminatedUnion('verdict', [
  z.object({ option: actionKind, verdict: z.literal('open'), forecast, harm: number }),
  z.object({ option: actionKind, verdict: z.literal('closed'), because: text }),
]);

const decision = z.object({
  atMs: number,
  action,
  why: text,
  ending: z.enum(['switch-over', 'post-copy', 'freeze', 'stay', 'open']),
  forecast,
  alternatives: z.array(alternative).readonly(),
});

const permission = z.discriminatedUnion('allowed', [
  z.object({ allowed: z.literal(true) }),
  z.object({ allowed: z.literal(false), because: text }),
]);

/** A budget as recordings and the API write it. */
export const budgetSchema = z.object({
  blackoutMs: number,
  slowdownShare: number,
  pointOfNoReturn: z.enum(['never', 'if-recoverable', 'yes']),
  freeze: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('never') }),
    z.object({ kind: z.literal('up-to'), ms: number }),
    z.object({ kind: z.literal('as-needed') }),
  ]),
  patiencePasses: number,
  otherwise: z.enum(['stay', 'finish']),
});

const host = z.object({ name: text, libvirtVersion: text, hypervisorVersion: text });

const samples = z
  .object(
    Object.fromEntries(
      columnNames.map((name) => [name, name === laterColumn ? text.default('') : text]),
    ),
  )
  .transform((columns, context) => {
    try {
      return decodeSamples({ ...encodeSamples([]), ...columns });
    } catch (error) {
      if (!(error instanceof DroverError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

const end = z.object({
  outcome: z.enum(['completed', 'stayed', 'aborted', 'failed-safe', 'lost', 'unknown', 'detached']),
  runsOn: z.array(text).readonly(),
  totalMs: number,
  /** What the first decision expected of that, ms; not there where it expected no end. */
  forecastMs: number.optional(),
  blackout: maybe(z.object({ ms: number, measuredBy: z.enum(['hypervisor', 'events']) })),
  sentBytes: number,
  switchedToPostCopy: z.boolean(),
  /** Recordings of before it was counted had none that went on. */
  postCopyBreaks: number.default(0),
  stalledMs: number.default(0),
});

/** One migration as it is kept: what was asked, known, seen, decided, and what became of it. */
export const recordingSchema = z.object({
  format: z.literal(1),
  id: text.min(1),
  /** ISO 8601, UTC. */
  startedAt: text,
  vm: z.object({ name: text, uuid: text, memoryBytes: number, virtualCpus: number }),
  slaClass: z.enum(slaClasses),
  importance: z.enum(importances),
  reason: maybe(z.enum(reasons)),
  deadlineMs: maybe(number),
  from: host,
  to: host,
  capabilities: z.object({
    postCopy: permission,
    postCopyRecoverable: z.boolean(),
    autoConverge: permission,
    compression: permission.optional(),
    memoryReading: permission.optional(),
  }),
  /** The most that the admins of both hosts allowed, bytes/s. */
  capBytesPerSecond: maybe(number),
  budget: budgetSchema,
  /** What was known of the guest and the way before. */
  prior: z.object({
    bandwidthBytesPerSecond: maybe(number),
    touchedBytes: maybe(number),
    written: z.array(z.object({ ms: number, bytes: number, weight: number })).readonly(),
    syncing: z.enum(['passes', 'continuous']),
    sounded: z.object({ idleProcessors: number, ratio: number.optional() }).optional(),
  }),
  samples,
  decisions: z.array(decision).readonly(),
  /** The whole story, a sentence each, for a person. */
  why: z.array(text).readonly(),
  /** `undefined` while it runs, or where whoever steered it died. */
  end: maybe(end),
});

export type Recording = z.output<typeof recordingSchema>;
