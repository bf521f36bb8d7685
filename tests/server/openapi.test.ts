import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { bodyOf, documentNow, type OpenApi, resolved, routesOf } from './document.ts';
import { manualOf } from './manual.ts';

const root = new URL('../../', import.meta.url);
let document: OpenApi;
beforeAll(async () => {
  document = await documentNow();
});

describe('what is written of the API', () => {
  test('is what the server tells: npm run -s openapi:update', async () => {
    const kept: unknown = JSON.parse(await readFile(new URL('openapi.json', root), 'utf8'));
    expect(kept).toEqual(document);
    expect(await readFile(new URL('docs/api.md', root), 'utf8')).toBe(manualOf(document));
  });
});

/** The words for how a migration is done. Nobody asks for them. */
const mechanism =
  /pre-?copy|post-?copy|auto-?converge|multi-?fd|compress|down-?time|throttl|xbzrle|iteration|freeze/i;

/**
 * Two places speak of them on purpose, and none of them asks for one: an admin allows or forbids
 * post-copy on a host, and whoever speaks for a VM says what must never be done to it.
 */
const onPurpose: Readonly<Record<string, readonly string[]>> = {
  'put /v1/hosts/{name}': ['postCopy'],
  'patch /v1/vms/{name}/tags': ['post-copy', 'throttle'],
};

test('no request names a mechanism', () => {
  for (const { method, path, route } of routesOf(document)) {
    const body = bodyOf(route);
    const asked = JSON.stringify([
      route.parameters ?? [],
      body === undefined ? {} : resolved(document, body),
    ]);
    const allowed = onPurpose[`${method} ${path}`] ?? [];
    const said = allowed.reduce((text, word) => text.replaceAll(`"${word}"`, '""'), asked);
    expect({ path, names: mechanism.exec(said)?.[0] }).toEqual({ path, names: undefined });
    for (const word of allowed) expect(asked).toContain(word);
  }
});
