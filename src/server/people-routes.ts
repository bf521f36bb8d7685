import { randomUUID } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { givenInstant, name, pageOf, pageQuery } from '../api/common.ts';
import {
  auditEntry,
  createdToken,
  newToken,
  policy,
  status,
  token,
  whoami,
} from '../api/people.ts';
import { audited } from '../controller/audit.ts';
import { DroverError } from '../errors/catalogue.ts';
import { matrixWith } from '../policy/overrides.ts';
import { newSecret } from './auth.ts';
import type { Deps } from './deps.ts';
import { auditDocument, tokenDocument, withNever } from './documents.ts';
import { type App, askerOf, body, route } from './route.ts';

const byId = { params: z.object({ id: name }) };

const listTokens = route(
  'admin',
  'All tokens, without their secrets',
  '/v1/tokens',
  { method: 'get' },
  z.object({ items: z.array(token) }),
);
const createToken = route(
  'admin',
  'Make a token. Its secret is told this once',
  '/v1/tokens',
  { method: 'post', request: body(newToken) },
  createdToken,
  201,
);
const revokeToken = route(
  'admin',
  'Revoke a token: from now on it opens nothing',
  '/v1/tokens/{id}',
  { method: 'delete', request: byId },
  token,
);

export function tokenRoutes(app: App, { controller, wallMs, log }: Deps): void {
  const { tokens } = controller.store;
  app.openapi(listTokens, async (context) => {
    const items = (await tokens.list()).map(tokenDocument);
    return context.json({ items }, 200);
  });
  app.openapi(createToken, async (context) => {
    const { name: called, role, expiresAt } = context.req.valid('json');
    const at = wallMs();
    const deed = { what: 'token.create', subject: called, details: { role, expiresAt } };
    const made = await audited(
      { store: controller.store, at, log },
      askerOf(context),
      deed,
      async () => {
        const { secret, hash } = newSecret();
        const until = expiresAt === undefined ? undefined : Date.parse(expiresAt);
        const row = { id: randomUUID(), name: called, role, createdAt: at, expiresAt: until };
        return { ...tokenDocument(await tokens.create(row, hash)), secret };
      },
    );
    return context.json(made, 201);
  });
  app.openapi(revokeToken, async (context) => {
    const { id } = context.req.valid('param');
    const at = wallMs();
    const deed = { what: 'token.revoke', subject: id, details: {} };
    const row = await audited(
      { store: controller.store, at, log },
      askerOf(context),
      deed,
      async () => {
        const revoked = await tokens.revoke(id, at);
        if (revoked !== undefined) return revoked;
        throw new DroverError('token.not-found', `There is no token ${id}`);
      },
    );
    return context.json(tokenDocument(row), 200);
  });
}

const getWhoami = route(
  'viewer',
  'Who asks, and what they may do',
  '/v1/whoami',
  { method: 'get' },
  whoami,
);
const getStatus = route('viewer', 'How this server does', '/v1/status', { method: 'get' }, status);
const getPolicy = route(
  'viewer',
  'What each class and importance allows',
  '/v1/policy',
  { method: 'get' },
  policy,
);
const listAudit = route(
  'admin',
  'Who asked for what, when, from where, and what came of it; newest first',
  '/v1/audit',
  {
    method: 'get',
    request: {
      query: z.strictObject({
        ...pageQuery,
        after: z
          .string()
          .regex(/^\d{1,15}$/, 'expected `next` of the page before')
          .optional(),
        who: name.optional(),
        subject: name.optional(),
        since: givenInstant.optional(),
      }),
    },
  },
  pageOf(auditEntry),
);
export function otherRoutes(app: App, { controller, version }: Deps): void {
  const { store } = controller;
  app.openapi(getWhoami, (context) => {
    const { who, role, by } = context.get('principal');
    return context.json({ who, role, by }, 200);
  });
  app.openapi(getStatus, async (context) => {
    const { storeTrouble, replicas, ...rest } = controller.status();
    const { last } = await store.events.range();
    const told = {
      ...rest,
      replicas: [...replicas],
      storeTrouble: storeTrouble ?? null,
      lastEvent: last,
    };
    return context.json({ version, store: store.engine, ...told }, 200);
  });
  app.openapi(getPolicy, (context) => {
    const matrix = matrixWith(controller.config().policy);
    return context.json(policy.parse(withNever({ matrix })), 200);
  });
  app.openapi(listAudit, async (context) => {
    const { limit, after, who, subject, since } = context.req.valid('query');
    const filter = {
      ...(who === undefined ? {} : { who }),
      ...(subject === undefined ? {} : { subject }),
      ...(since === undefined ? {} : { since: Date.parse(since) }),
    };
    const page = await store.audit.list(filter, { limit, after });
    return context.json({ items: page.items.map(auditDocument), next: page.next ?? null }, 200);
  });
}
