import { z } from '@hono/zod-openapi';
import { name, pageOf, pageQuery } from '../api/common.ts';
import {
  newOperation,
  operation,
  operationCancel,
  operationChange,
  rehearsal,
  undrain,
  undrained,
} from '../api/operations.ts';
import type { OperationRequest } from '../controller/operations/desk.ts';
import type { Deps } from './deps.ts';
import { operationDocument, rehearsalDocument } from './operation-documents.ts';
import { type App, askerOf, body, etag, ifRevision, route } from './route.ts';

const byId = { params: z.object({ id: name }) };

const list = route(
  'viewer',
  'Operations: drains, and what else is several migrations; newest first',
  '/v1/operations',
  { method: 'get', request: { query: z.strictObject(pageQuery) } },
  pageOf(operation),
);
const get = route(
  'viewer',
  'One operation: by its id, the beginning of one, or its host, which stands for its latest',
  '/v1/operations/{id}',
  { method: 'get', request: byId },
  operation,
);
const create = route(
  'operator',
  'Empty a host, or have the fleet tidied up. A host that is drained takes no VM in from now on',
  '/v1/operations',
  { method: 'post', request: body(newOperation) },
  operation,
  201,
);
const rehearse = route(
  'viewer',
  'What an operation would do. Touches nothing',
  '/v1/rehearsals',
  { method: 'post', request: body(newOperation) },
  rehearsal,
);
const change = route(
  'operator',
  'Change how much it matters, by when, and what is wanted of single VMs; pause it, or let it go on',
  '/v1/operations/{id}',
  { method: 'patch', request: { ...byId, ...body(operationChange) } },
  operation,
);
const cancel = route(
  'operator',
  'Begin nothing more. The host stays closed until it is undrained',
  '/v1/operations/{id}/cancel',
  { method: 'post', request: { ...byId, ...body(operationCancel) } },
  operation,
);
const open = route(
  'operator',
  'Let VMs move to a host again',
  '/v1/hosts/{name}/undrain',
  { method: 'post', request: { params: z.object({ name }), ...body(undrain) } },
  undrained,
);

export function operationRoutes(app: App, { controller }: Deps): void {
  const { store, operations } = controller;
  app.openapi(list, async (context) => {
    const page = await store.operations.list(context.req.valid('query'));
    const items = page.items.map(operationDocument);
    return context.json({ items, next: page.next ?? null }, 200);
  });
  app.openapi(get, async (context) => {
    const row = await operations.find(context.req.valid('param').id);
    etag(context, row.revision);
    return context.json(operationDocument(row), 200);
  });
  app.openapi(create, async (context) => {
    const row = await operations.begin(requestOf(context.req.valid('json')), askerOf(context));
    etag(context, row.revision);
    return context.json(operationDocument(row), 201);
  });
  app.openapi(rehearse, async (context) => {
    const request = requestOf(context.req.valid('json'));
    return context.json(
      rehearsalDocument(await operations.rehearse(request, askerOf(context))),
      200,
    );
  });
  app.openapi(change, async (context) => {
    const { deadlineAt, ...rest } = context.req.valid('json');
    const { id } = await operations.find(context.req.valid('param').id);
    const wish = {
      ...given(rest),
      ...(deadlineAt === undefined
        ? {}
        : { deadlineAt: deadlineAt === null ? null : Date.parse(deadlineAt) }),
    };
    const row = await operations.change(id, wish, askerOf(context), ifRevision(context));
    etag(context, row.revision);
    return context.json(operationDocument(row), 200);
  });
  app.openapi(cancel, async (context) => {
    const { id } = await operations.find(context.req.valid('param').id);
    const { abortRunning } = context.req.valid('json');
    const row = await operations.cancel(id, abortRunning, askerOf(context), ifRevision(context));
    etag(context, row.revision);
    return context.json(operationDocument(row), 200);
  });
  app.openapi(open, async (context) => {
    const { name: host } = context.req.valid('param');
    const { restore } = context.req.valid('json');
    const row = await operations.undrain(host, restore, askerOf(context));
    const told = row === undefined ? null : operationDocument(row);
    return context.json({ host, operation: told }, 200);
  });
}

function requestOf(asked: z.output<typeof newOperation>): OperationRequest {
  const { kind, importance, deadlineAt } = asked;
  const drain = asked.kind === 'drain' ? asked : undefined;
  return {
    kind,
    host: drain?.host,
    to: drain?.to,
    reason: drain?.reason,
    importance,
    deadlineAt: deadlineAt === undefined ? undefined : Date.parse(deadlineAt),
  };
}

/** Without what was left out. */
function given({
  importance,
  paused,
  vms,
}: Omit<z.output<typeof operationChange>, 'deadlineAt'>): Parameters<
  Deps['controller']['operations']['change']
>[1] {
  return {
    ...(importance === undefined ? {} : { importance }),
    ...(paused === undefined ? {} : { paused }),
    ...(vms === undefined
      ? {}
      : {
          vms: Object.fromEntries(
            Object.entries(vms).map(([vm, { importance: wanted, leave }]) => [
              vm,
              {
                ...(wanted === undefined ? {} : { importance: wanted }),
                ...(leave === undefined ? {} : { leave }),
              },
            ]),
          ),
        }),
  };
}
