import { writeFile } from 'node:fs/promises';
import { schemaNow } from './schema.ts';

/** Writes docs/inventory.schema.json anew, from the schema as it is. */
await writeFile(new URL('../../docs/inventory.schema.json', import.meta.url), schemaNow());
