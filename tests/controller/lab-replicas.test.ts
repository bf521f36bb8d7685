import { expect, test } from 'vitest';
import { labFolder } from '../lab/machine.ts';
import { loseReplicas } from './lab-replicas.ts';

test('what a replica steered that is killed, halted or ended, others steer; a fenced one does nothing', async () => {
  const { steered, ordersOfTheFenced, migrations, wrong } = await loseReplicas(await labFolder());
  expect({ ordersOfTheFenced, wrong }).toEqual({ ordersOfTheFenced: 0, wrong: [] });
  expect(migrations).toHaveLength(6);
  for (const { phase } of migrations) expect(phase).toBe('completed');
  for (const count of Object.values(steered)) expect(count).toBeGreaterThan(0);
}, 400_000);
