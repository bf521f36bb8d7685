import { writeFile } from 'node:fs/promises';
import { documentNow } from './document.ts';
import { manualOf } from './manual.ts';

/** Writes openapi.json and docs/api.md anew, from the routes as they are. */
const document = await documentNow();
const root = new URL('../../', import.meta.url);
await writeFile(new URL('openapi.json', root), `${JSON.stringify(document, null, 2)}\n`);
await writeFile(new URL('docs/api.md', root), manualOf(document));
