import { z } from '@hono/zod-openapi';
import { importances, reasons, slaClasses } from '../policy/vocabulary.ts';

/** Words and forms that many messages share. Bytes, ms; times of day as RFC 3339, UTC. */
export const slaClass = z.enum(slaClasses).openapi('Class');
export const importance = z.enum(importances).openapi('Importance');
export const reason = z.enum(reasons).openapi('Reason');

/** A time of day, as it is told. */
export const instant = z.iso
  .datetime({ offset: true })
  .openapi({ example: '2026-01-31T02:00:00Z' });

/** A time of day, as somebody gives it. */
export const givenInstant = instant.refine((text) => Date.parse(text) >= 0, {
  error: 'expected a time since 1970',
});

const longestName = 255;
export const noControlError = 'must have no control characters';
/** What a person calls a thing: no control characters, and no more than any host allows. */
export const name = z
  .string()
  .min(1)
  .max(longestName)
  .refine(hasNoControl, { error: noControlError });

export function hasNoControl(text: string): boolean {
  return !/\p{Cc}/u.test(text);
}

export const bytes = z.number().int().nonnegative();
export const atOnce = z.number().int().min(1).max(10_000);

/** Or null: said by nobody, or not known yet. Spelt so that the document keeps both. */
export function orNull<T extends z.ZodType>(schema: T) {
  return z.union([schema, z.null()]);
}

/** A number that may never be reached. */
export const orNever = z.union([z.number(), z.literal('never')]);

const longestPage = 500;
const usualPage = 50;

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(longestPage).default(usualPage),
  after: name.optional().openapi({ description: '`next` of the page before' }),
};

/** One page of a list; `next` leads to the following one, and is null at the end. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

/** An error as RFC 9457 has it. `code` is the stable name; docs/cli.md lists them. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    hint: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem');

export type Problem = z.output<typeof problem>;
