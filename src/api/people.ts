import { z } from '@hono/zod-openapi';
import { roles } from '../store/rows.ts';
import { givenInstant, instant, name } from './common.ts';

export const role = z.enum(roles).openapi('Role');

export const whoami = z
  .object({
    who: z.string(),
    role,
    by: z.enum(['token', 'oidc', 'certificate', 'socket', 'embedded']),
  })
  .openapi('Whoami');

export const token = z
  .object({
    id: z.string(),
    name: z.string(),
    role,
    createdAt: instant,
    expiresAt: instant.nullable(),
    revokedAt: instant.nullable(),
    lastUsedAt: instant.nullable(),
  })
  .openapi('Token');

export const newToken = z
  .strictObject({ name, role, expiresAt: givenInstant.optional() })
  .openapi('NewToken');

/** The only time that the secret is told. */
export const createdToken = token.extend({ secret: z.string() }).openapi('CreatedToken');

export const auditEntry = z
  .object({
    seq: z.number().int(),
    at: instant,
    who: z.string(),
    from: z.string(),
    what: z.string(),
    subject: z.string(),
    outcome: z.string(),
    details: z.unknown(),
  })
  .openapi('AuditEntry');

export const status = z
  .object({
    version: z.string(),
    replica: z.string(),
    replicas: z.array(z.string()),
    store: z.enum(['sqlite', 'postgres']),
    steering: z.number().int(),
    lastEvent: z
      .number()
      .int()
      .openapi({ description: 'The number of the newest event; 0 where there is none' }),
    lostLeases: z.number().int(),
    storeTrouble: z.string().nullable(),
    lagMs: z.object({ p50: z.number(), p99: z.number() }),
  })
  .openapi('Status');

export const policy = z
  .object({ matrix: z.record(z.string(), z.record(z.string(), z.object({}).loose())) })
  .openapi('Policy');

export type TokenDocument = z.output<typeof token>;
export type AuditDocument = z.output<typeof auditEntry>;
