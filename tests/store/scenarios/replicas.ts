import { expect } from 'vitest';
import { longMs, noneMs, oneOf } from '../rows.ts';
import type { Scenario } from './scenario.ts';

export const replicaScenarios: readonly Scenario[] = [
  {
    name: 'replicas: those that live are told to everybody, by name, with what they steer',
    run: async (open) => {
      const [ours, theirs] = await Promise.all([open(), open()]);
      expect(await ours.replicas.beat('b', 3, longMs)).toEqual([{ name: 'b', steering: 3 }]);
      expect(await theirs.replicas.beat('a', 0, longMs)).toEqual([
        { name: 'a', steering: 0 },
        { name: 'b', steering: 3 },
      ]);
      expect(await theirs.replicas.beat('a', 5, longMs)).toMatchObject([{ steering: 5 }, {}]);
      // It is silent from now on.
      await ours.replicas.beat('b', 3, noneMs);
      expect(await theirs.replicas.beat('a', 6, longMs)).toEqual([{ name: 'a', steering: 6 }]);
      expect(await ours.replicas.beat('b', 4, longMs)).toHaveLength(2);
      await theirs.replicas.leave('a');
      await theirs.replicas.leave('nobody');
      expect(await ours.replicas.beat('b', 4, longMs)).toEqual([{ name: 'b', steering: 4 }]);
    },
  },
  {
    name: 'a duty has one owner, who keeps it while he says so',
    run: async (open) => {
      const [ours, theirs] = await Promise.all([open(), open()]);
      const duty = (store: typeof ours, owner: string, ttlMs = longMs): Promise<boolean> =>
        store.replicas.duty('inventory', owner, ttlMs);
      expect(await duty(ours, 'a')).toBe(true);
      expect(await duty(theirs, 'b')).toBe(false);
      expect(await duty(ours, 'a')).toBe(true);
      expect(await theirs.replicas.duty('prune', 'b', longMs)).toBe(true);
      // He lets it go by himself, leaves, or is silent for too long.
      await ours.replicas.leave('a');
      expect(await duty(theirs, 'b', noneMs)).toBe(true);
      expect(await duty(ours, 'a')).toBe(true);
      expect(await theirs.replicas.duty('prune', 'c', longMs)).toBe(false);
      expect(await duty(theirs, 'b')).toBe(false);
    },
  },
  {
    name: 'of many who want a duty at once one has it',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open(), open()]);
      for (let round = 0; round < 10; round += 1) {
        const given = await Promise.all(
          Array.from({ length: 12 }, (_, index) =>
            oneOf(stores, index).replicas.duty(`duty-${round}`, `o${index}`, longMs),
          ),
        );
        expect(given.filter(Boolean)).toHaveLength(1);
      }
    },
  },
  {
    name: 'the store is checked by writing, by several at once, and leaves nothing to be seen',
    run: async (open) => {
      const stores = await Promise.all([open(), open(), open()]);
      await Promise.all(Array.from({ length: 12 }, (_, index) => oneOf(stores, index).check()));
      expect(await stores[0].replicas.beat('a', 0, longMs)).toEqual([{ name: 'a', steering: 0 }]);
      expect(await stores[0].events.range()).toEqual({ first: 0, last: 0 });
    },
  },
];
