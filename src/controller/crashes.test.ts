import { expect, test } from 'vitest';
import { crash } from './testing/crashes.ts';

test('whenever the controller dies, every guest runs in one place, and what is told is true', async () => {
  const { migrations, wrong, twice, unsteered } = await crash(40, 3);
  expect({ wrong, twice, unsteered }).toEqual({ wrong: [], twice: [], unsteered: [] });
  expect(migrations.length).toBeGreaterThan(20);
}, 120_000);
