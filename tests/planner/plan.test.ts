import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ended, root, startDrover } from '../cli/drover.ts';
import { schemaNow } from './schema.ts';

const example = `${root}examples/plan/fleet.yaml`;

const planSchema = z.object({
  moves: z.array(z.object({ vm: z.string(), to: z.string() })),
  remaining: z.array(z.unknown()),
});

function planOfExample(): ReturnType<typeof ended> {
  return ended(startDrover(['plan', '--inventory', example, '--drain', 'h1', '-o', 'json']));
}

test('the JSON Schema is that of what is read: npm run -s schema:update', async () => {
  expect(await readFile(`${root}docs/inventory.schema.json`, 'utf8')).toBe(schemaNow());
});

test('drover plan makes the same plan of a file each time, without a server', async () => {
  const [one, other] = [await planOfExample(), await planOfExample()];
  expect(one.code).toBe(0);
  expect(one.out).toBe(other.out);
  const { moves, remaining } = planSchema.parse(JSON.parse(one.out));
  // Whoever is kept apart from db-2, and whoever is pinned, has one place; room is made for it.
  expect(moves).toContainEqual({ vm: 'db-1', to: 'h3' });
  expect(moves).toContainEqual({ vm: 'cache', to: 'h2' });
  expect(moves.map(({ vm }) => vm)).toContain('batch');
  expect(remaining).toEqual([]);
});

test.each([
  [['--drain', 'h9'], /there is no host h9/],
  [['--drain', 'h1', '--to', 'h7'], /there is no host h7/],
])('what the file does not have is named: %j', async (args, message) => {
  const { code, err } = await ended(startDrover(['plan', '--inventory', example, ...args]));
  expect(code).toBe(2);
  expect(err).toMatch(message);
});
