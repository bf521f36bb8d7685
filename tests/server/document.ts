import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { setAppStage } from '../../src/server/testing/stage-app.ts';
import { roles } from '../../src/store/rows.ts';

const schemaObject = z.record(z.string(), z.unknown());
const content = z.record(z.string(), z.object({ schema: schemaObject.optional() }));

/** What is read of one route. */
export const operation = z.object({
  summary: z.string(),
  description: z.string().optional(),
  'x-role': z.enum(roles),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.string(),
        required: z.boolean().optional(),
        schema: schemaObject.optional(),
      }),
    )
    .optional(),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ content: content.optional() })),
});
export type Operation = z.output<typeof operation>;

/** The parts of an OpenAPI document that tests and the manual read. */
export const openApi = z
  .object({
    info: z.object({ version: z.string() }).loose(),
    components: z.object({ schemas: z.record(z.string(), schemaObject) }).loose(),
    paths: z.record(z.string(), z.record(z.string(), operation.loose())),
  })
  .loose();
export type OpenApi = z.output<typeof openApi>;

/** The document as the server tells it, under the package's version. */
export async function documentNow(): Promise<OpenApi> {
  const stage = await setAppStage();
  try {
    const answer = await stage.ask('GET', '/openapi.json');
    const told = openApi.parse(await answer.json());
    const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(text));
    return { ...told, info: { ...told.info, version } };
  } finally {
    await stage.end();
  }
}

/** All routes, in the document's order. */
export function routesOf({ paths }: OpenApi): readonly {
  readonly method: string;
  readonly path: string;
  readonly route: Operation;
}[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, route]) => ({ method, path, route })),
  );
}

/** The schema itself, or the one that it names. */
export function resolved(
  { components }: OpenApi,
  schema: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const ref = schema['$ref'];
  if (typeof ref !== 'string') return schema;
  return components.schemas[ref.replace('#/components/schemas/', '')] ?? {};
}

export function bodyOf({ requestBody }: Operation): Readonly<Record<string, unknown>> | undefined {
  return requestBody?.content['application/json']?.schema;
}
