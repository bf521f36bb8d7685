import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { balanceTargets } from './balance.ts';
import { defragTargets } from './defrag.ts';
import { planMoves } from './plan.ts';
import { fleets, gib, hostOf, inventoryOf, vmOf } from './testing/fleets.ts';
import { violationsOf } from './verify.ts';

const random = (): number => 0.5;
const furious = { rateBytesPerSecond: 4e9, setBytes: 3.5 * gib, errorShare: 0 };
const hosts = ['h1', 'h2', 'h3'].map((name) => hostOf(name, { memoryBytes: 40 * gib, vcpus: 100 }));
const vm = (name: string, host: string, said: Parameters<typeof vmOf>[2] = {}) =>
  vmOf(name, host, { memoryBytes: 4 * gib, touchedBytes: 4 * gib, vcpus: 1, ...said });

function vms(counts: Readonly<Record<string, number>>, said: Parameters<typeof vmOf>[2] = {}) {
  return Object.entries(counts).flatMap(([host, count]) =>
    Array.from({ length: count }, (_, index) => vm(`${host}-${index}`, host, said)),
  );
}

describe('balance', () => {
  test('leaves hosts that are about as full', () => {
    expect(balanceTargets(inventoryOf(hosts, vms({ h1: 4, h2: 3, h3: 2 }))).targets).toEqual({});
  });

  test('takes the fewest from the fullest until they are about as full', () => {
    const { targets, why } = balanceTargets(inventoryOf(hosts, vms({ h1: 8, h2: 4, h3: 2 })));
    expect(Object.values(targets)).toEqual(['h3', 'h3', 'h2']);
    expect(why).toBe('the fullest host and the emptiest differ by 60 %, then by 10 %');
  });

  test('does not touch those who would suffer', () => {
    const busy = vms({ h1: 8 }, { slaClass: 'panda', workingSet: furious });
    const { targets, why } = balanceTargets(inventoryOf(hosts, busy));
    expect(targets).toEqual({});
    expect(why).toContain('no VM is worth moving');
  });

  test('sends nobody to a host that takes nobody in', () => {
    const closed = hosts.map((host) => ({ ...host, draining: host.name === 'h3' }));
    const { targets } = balanceTargets(inventoryOf(closed, vms({ h1: 8 })));
    expect(new Set(Object.values(targets))).toEqual(new Set(['h2']));
  });
});

describe('defragmentation', () => {
  test('empties those with least on them onto the fullest that have room', () => {
    const { targets, why } = defragTargets(inventoryOf(hosts, vms({ h1: 5, h2: 3, h3: 1 })));
    expect(why).toBe('h2, h3 would be empty');
    expect(new Set(Object.values(targets))).toEqual(new Set(['h1']));
  });

  test('leaves a host with a busy panda, and all on it', () => {
    const busy = vm('db', 'h3', { slaClass: 'panda', workingSet: furious });
    const { targets } = defragTargets(inventoryOf(hosts, [...vms({ h1: 5, h3: 1 }), busy]));
    expect(targets['db']).toBeUndefined();
    expect(targets['h3-0']).toBeUndefined();
  });

  test('fills nobody to the brim', () => {
    expect(defragTargets(inventoryOf(hosts, vms({ h1: 9, h2: 1 }))).targets).toEqual({});
  });

  test('uses no host that is empty', () => {
    expect(defragTargets(inventoryOf(hosts, vms({ h1: 5 }))).targets).toEqual({});
  });
});

test.each([
  ['balance', balanceTargets],
  ['defragmentation', defragTargets],
])('what a %s proposes can be done, step by step', (_, propose) => {
  fc.assert(
    fc.property(fleets({ hosts: 5, vms: 14 }), (inventory) => {
      const { targets } = propose(inventory);
      const plan = planMoves(inventory, { drain: [], targets, importance: 'low' }, { random });
      expect(violationsOf(inventory, plan, [])).toEqual([]);
      expect(plan.remaining).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
