import { z } from '@hono/zod-openapi';
import { name, pageOf } from '../api/common.ts';
import {
  adoption,
  explanation,
  forecastAnswer,
  forecastRequest,
  migration,
  migrationChange,
  migrationQuery,
  newMigration,
  recording,
  telemetry,
} from '../api/migrations.ts';
import { outcomes } from '../migration/transition.ts';
import { recordingText } from '../recording/text.ts';
import { livePhases, type MigrationPhase, unended } from '../store/rows.ts';
import type { MigrationFilter } from '../store/store.ts';
import type { Deps } from './deps.ts';
import { migrationDocument, withNever } from './documents.ts';
import { type App, askerOf, body, etag, ifRevision, route } from './route.ts';

const byId = { params: z.object({ id: name }) };

const list = route(
  'viewer',
  'Migrations, newest first',
  '/v1/migrations',
  { method: 'get', request: { query: migrationQuery } },
  pageOf(migration),
);
const create = route(
  'operator',
  'Move a VM',
  '/v1/migrations',
  { method: 'post', request: body(newMigration) },
  migration,
  201,
);
const adopt = route(
  'operator',
  'Take up a migration that somebody else began',
  '/v1/adoptions',
  { method: 'post', request: body(adoption) },
  migration,
  201,
);
const get = route(
  'viewer',
  "One migration: by its id, the beginning of one, or a VM's name, which stands for its latest",
  '/v1/migrations/{id}',
  { method: 'get', request: byId },
  migration,
);
const change = route(
  'operator',
  'Change how much it matters, or by when',
  '/v1/migrations/{id}',
  { method: 'patch', request: { ...byId, ...body(migrationChange) } },
  migration,
);
const abort = route(
  'operator',
  'Cancel it: the VM stays where it is',
  '/v1/migrations/{id}/abort',
  { method: 'post', request: byId },
  migration,
);
const explain = route(
  'viewer',
  'What was done, why, and what else was weighed',
  '/v1/migrations/{id}/explanation',
  { method: 'get', request: byId },
  explanation,
);
const readings = route(
  'viewer',
  'What was read of it on its way',
  '/v1/migrations/{id}/telemetry',
  { method: 'get', request: byId },
  telemetry,
);
const record = route(
  'viewer',
  'All that is kept of it, in the form that `drover replay` reads',
  '/v1/migrations/{id}/recording',
  { method: 'get', request: byId },
  recording,
);
const forecast = route(
  'viewer',
  'What moving a VM would be like. Touches nothing',
  '/v1/forecasts',
  { method: 'post', request: body(forecastRequest) },
  forecastAnswer,
);

export function migrationRoutes(app: App, deps: Deps): void {
  const { controller } = deps;
  app.openapi(list, async (context) => {
    const query = context.req.valid('query');
    const { limit, after } = query;
    const page = await controller.store.migrations.list(filterOf(query), { limit, after });
    const items = page.items.map(migrationDocument);
    return context.json({ items, next: page.next ?? null }, 200);
  });
  app.openapi(create, async (context) => {
    const { deadlineAt, ...asked } = context.req.valid('json');
    const requestKey = context.get('requestKey');
    const request = { ...asked, deadlineAt: msOf(deadlineAt), requestKey };
    const { row } = await controller.migrate(request, askerOf(context));
    etag(context, row.revision);
    return context.json(migrationDocument(row), 201);
  });
  app.openapi(adopt, async (context) => {
    const { deadlineAt, ...asked } = context.req.valid('json');
    const requestKey = context.get('requestKey');
    const request = { ...asked, deadlineAt: msOf(deadlineAt), requestKey };
    const { row } = await controller.adopt(request, askerOf(context));
    etag(context, row.revision);
    return context.json(migrationDocument(row), 201);
  });
  app.openapi(get, async (context) => {
    const row = await controller.find(context.req.valid('param').id);
    etag(context, row.revision);
    return context.json(migrationDocument(row), 200);
  });
  app.openapi(change, async (context) => {
    const { importance, deadlineAt } = context.req.valid('json');
    const { id } = await controller.find(context.req.valid('param').id);
    const wanted = {
      ...(importance === undefined ? {} : { importance }),
      ...(deadlineAt === undefined
        ? {}
        : { deadlineAt: deadlineAt === null ? null : Date.parse(deadlineAt) }),
    };
    const row = await controller.change(id, wanted, askerOf(context), ifRevision(context));
    etag(context, row.revision);
    return context.json(migrationDocument(row), 200);
  });
  app.openapi(abort, async (context) => {
    const { id } = await controller.find(context.req.valid('param').id);
    const row = await controller.abort(id, askerOf(context), ifRevision(context));
    etag(context, row.revision);
    return context.json(migrationDocument(row), 200);
  });
  tellingRoutes(app, deps);
}

/** What a migration has left behind, and what one would be like. */
function tellingRoutes(app: App, { controller }: Deps): void {
  app.openapi(explain, async (context) => {
    const row = await controller.find(context.req.valid('param').id);
    const { decisions, why } = await controller.store.migrations.chapters(row.id);
    const told = { migration: migrationDocument(row), why: [...why], decisions: [...decisions] };
    return context.json(explanation.parse(withNever(told)), 200);
  });
  app.openapi(readings, async (context) => {
    const { id } = await controller.find(context.req.valid('param').id);
    const { samples } = await controller.store.migrations.chapters(id);
    return context.json(telemetry.parse(withNever({ samples })), 200);
  });
  app.openapi(record, async (context) => {
    const { id } = await controller.find(context.req.valid('param').id);
    const text = recordingText(await controller.recording(id));
    return context.json(recording.parse(JSON.parse(text)), 200);
  });
  app.openapi(forecast, async (context) => {
    const { slaClass, workingSet, ...answer } = await controller.forecast(
      context.req.valid('json'),
    );
    const told = { ...answer, class: slaClass, workingSet: workingSet ?? null };
    return context.json(forecastAnswer.parse(withNever(told)), 200);
  });
}

function filterOf(query: z.output<typeof migrationQuery>): MigrationFilter {
  const { phase, state, vm, host, from, to, importance, reason, since, until } = query;
  return {
    phases: phasesOf(phase, state),
    vm,
    host,
    from,
    to,
    slaClass: query.class,
    importance,
    reason,
    operationId: query.operation,
    since: msOf(since),
    until: msOf(until),
  };
}

function phasesOf(
  phase: MigrationPhase | readonly MigrationPhase[] | undefined,
  state: 'live' | 'ended' | undefined,
): readonly MigrationPhase[] | undefined {
  const asked = phase === undefined ? [...livePhases, ...outcomes] : [phase].flat();
  const inState = (one: MigrationPhase): boolean =>
    state === undefined || (state === 'live') === unended.some((live) => live === one);
  return phase === undefined && state === undefined ? undefined : asked.filter(inState);
}

function msOf(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant);
}
