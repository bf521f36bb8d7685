import { bodyOf, type OpenApi, type Operation, resolved, routesOf } from './document.ts';

const intro = `# The HTTP API

Made from \`openapi.json\` by \`npm run -s openapi:update\`: change the schemas in \`src/api\`, not this page.

\`drover serve\` answers on a port and on a unix socket. Over the socket nobody has to say who they are;
over the port a request carries \`Authorization: Bearer ...\`, a token of Drover (\`drv_...\`) or of the
OIDC issuer, or a client certificate. Each role may do what those before it may: viewer, operator, admin.

- Requests say what moves, how much it matters and why, never how.
- **Errors** are problem documents (RFC 9457). \`code\` is the stable name (docs/cli.md lists them), \`hint\`
  the way out, \`errors\` the fields that are wrong.
- **Once only**: a POST with an \`Idempotency-Key\` is done once. Who asks again gets the first answer, with
  \`Idempotency-Replayed: true\`; the same key with another body is \`request.reused-key\`.
- **Changes**: answers about one thing carry an \`ETag\`; a change with \`If-Match\` is refused
  (\`request.stale\`, 412) where it has changed meanwhile.
- **Lists** come in pages, newest first: \`limit\`, and \`after\` with \`next\` of the page before.
- **Events**: \`GET /v1/events\` is a stream of server-sent events; \`Last-Event-ID\` or \`after\` goes on after
  a number without gap or repetition, also after a restart. \`progress\` events have no number. \`reset\`:
  what was asked for is no longer kept.
- Times are RFC 3339, sizes bytes, durations ms. What is never reached is \`"never"\`.
- A request has 64 KiB at most; who asks too often gets 429 with \`Retry-After\`.
- \`/healthz\`, \`/readyz\`, \`/metrics\` and \`/openapi.json\` need no token.
`;

/** The page of the manual. */
export function manualOf(document: OpenApi): string {
  const routes = routesOf(document).map(({ method, path, route }) =>
    [
      `## \`${method.toUpperCase()} ${path}\``,
      '',
      wordsOf(route),
      ...parametersOf(route),
      ...fieldsOf(document, route),
    ].join('\n'),
  );
  return `${[intro, ...routes].join('\n')}\n`;
}

function wordsOf({ summary, description, 'x-role': role }: Operation): string {
  const more = description === undefined ? '' : ` ${description}`;
  return `${summary}. Needs the role ${role}.${more}`;
}

function parametersOf({ parameters = [] }: Operation): readonly string[] {
  if (parameters.length === 0) return [''];
  const names = parameters.map(({ name, required }) => `\`${name}\`${required ? '' : '?'}`);
  return ['', `Parameters: ${names.join(', ')}.`, ''];
}

function fieldsOf(document: OpenApi, route: Operation): readonly string[] {
  const body = bodyOf(route);
  if (body === undefined) return [];
  const schema = resolved(document, body);
  const required: readonly unknown[] = Array.isArray(schema['required']) ? schema['required'] : [];
  const properties = recordOf(schema['properties']);
  const rows = Object.entries(properties).map(([name, field]) => {
    const mark = required.includes(name) ? '' : '?';
    return `| \`${name}\`${mark} | ${kindOf(document, recordOf(field))} |`;
  });
  return ['| field | |', '|---|---|', ...rows, ''];
}

function kindOf(document: OpenApi, field: Readonly<Record<string, unknown>>): string {
  const parts = Array.isArray(field['allOf']) ? field['allOf'].map(recordOf) : [field];
  const whole = recordOf(Object.assign({}, ...parts.map((part) => resolved(document, part))));
  const { enum: words, anyOf, type, format, description, items } = whole;
  const listed = recordOf(items)['enum'];
  const kind = Array.isArray(anyOf)
    ? anyOf.map((one) => kindOf(document, recordOf(one))).join(' or ')
    : Array.isArray(words)
      ? words.join(', ')
      : Array.isArray(listed)
        ? `list of ${listed.join(', ')}`
        : (textOf(format) ?? textOf(type) ?? 'object');
  return typeof description === 'string' ? `${kind}. ${description}` : kind;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
