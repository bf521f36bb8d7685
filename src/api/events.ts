import { z } from '@hono/zod-openapi';
import { instant, name } from './common.ts';

const expectedNumber = "expected an event's number";

/** Which events to hear. */
export const eventQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,15}$/, { error: expectedNumber })
    .transform(Number)
    .optional()
    .openapi({
      type: 'string',
      description: 'The number of the last event that is known; so does Last-Event-ID',
    }),
  migration: name.optional().openapi({ description: 'Only those of this migration: its whole id' }),
  type: name.optional().openapi({ example: 'migration.ended' }),
});

export type EventQuery = z.output<typeof eventQuery>;

/** One event of the stream. Its number is the stream's `id`. */
export const streamedEvent = z
  .object({
    seq: z.number().int(),
    at: instant,
    type: z.string(),
    subject: z.string(),
    data: z.unknown(),
  })
  .openapi('Event');
