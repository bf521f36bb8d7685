import { z } from 'zod';
import { inventorySchema } from '../../src/planner/inventory-file.ts';

/** docs/inventory.schema.json as it is to be. */
export function schemaNow(): string {
  const schema = z.toJSONSchema(inventorySchema, { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify({ title: 'The inventory of `drover plan`', ...schema }, null, 2)}\n`;
}
