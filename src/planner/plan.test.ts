import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fleetOf } from './fleet.ts';
import type { Inventory } from './inventory.ts';
import { type Plan, planMoves } from './plan.ts';
import { doneIn, mostDone } from './testing/exhaustive.ts';
import { fleets, gib, hostOf, inventoryOf, vmOf } from './testing/fleets.ts';
import { violationsOf } from './verify.ts';
import { taskOf, type Wanted } from './wanted.ts';

const half = (): number => 0.5;
const drain = (...hosts: readonly string[]): Wanted => ({ drain: hosts, importance: 'high' });
const planned = (inventory: Inventory, wanted: Wanted): Plan =>
  planMoves(inventory, wanted, { random: half });
const ways = ({ moves }: Plan): readonly string[] => moves.map((m) => `${m.vm} ${m.from}>${m.to}`);

/** Where each VM is after a plan, and how many jobs are done then. */
function doneAfter(inventory: Inventory, wanted: Wanted, { moves }: Plan): number {
  const fleet = fleetOf(inventory);
  const at = [...fleet.at];
  for (const { vm, to } of moves) at[fleet.vmIndex.get(vm) ?? -1] = fleet.hostIndex.get(to) ?? -1;
  return doneIn(taskOf(fleet, wanted), at);
}

describe('a plan', { timeout: 120_000 }, () => {
  test('of any fleet keeps every constraint at every moment', () => {
    fc.assert(
      fc.property(fleets({ hosts: 6, vms: 16 }), (inventory) => {
        const plan = planned(inventory, drain('h0'));
        expect(violationsOf(inventory, plan, ['h0'])).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  test('that reshuffles keeps every constraint at every moment', () => {
    fc.assert(
      fc.property(fleets({ hosts: 5, vms: 12 }), fc.nat(), (inventory, shift) => {
        const targets = Object.fromEntries(
          inventory.vms.map(({ name }, index) => [
            name,
            inventory.hosts[(index * 7 + shift) % inventory.hosts.length]?.name ?? 'h0',
          ]),
        );
        const plan = planned(inventory, { ...drain(), targets });
        expect(violationsOf(inventory, plan, [])).toEqual([]);
      }),
      { numRuns: 600 },
    );
  });

  test('that exists is found, and else what can be done of it', () => {
    fc.assert(
      fc.property(fleets({ hosts: 3, vms: 6 }), (inventory) => {
        const wanted = drain('h0');
        const plan = planned(inventory, wanted);
        expect(doneAfter(inventory, wanted, plan)).toBe(mostDone(inventory, wanted));
      }),
      { numRuns: 1_500 },
    );
  });

  test('that exists is found for VMs that are to change places', () => {
    fc.assert(
      fc.property(fleets({ hosts: 3, vms: 5 }), (inventory) => {
        const targets = Object.fromEntries(
          inventory.vms.map(({ name, host }) => [name, host === 'h0' ? 'h1' : 'h0']),
        );
        const wanted = { ...drain(), targets };
        const plan = planned(inventory, wanted);
        expect(doneAfter(inventory, wanted, plan)).toBe(mostDone(inventory, wanted));
      }),
      { numRuns: 1_500 },
    );
  });

  test('is the same for the same arguments', () => {
    fc.assert(
      fc.property(fleets({ hosts: 5, vms: 12 }), (inventory) => {
        expect(planned(inventory, drain('h0'))).toEqual(planned(inventory, drain('h0')));
      }),
      { numRuns: 100 },
    );
  });

  test('ends no sooner than its bounds', () => {
    fc.assert(
      fc.property(fleets({ hosts: 6, vms: 16 }), (inventory) => {
        const { makespanMs, boundMs, placementBoundMs, remaining } = planned(
          inventory,
          drain('h0'),
        );
        expect(makespanMs.p50).toBeGreaterThanOrEqual(boundMs * (1 - 1e-9));
        if (remaining.length === 0)
          expect(makespanMs.p50).toBeGreaterThanOrEqual(placementBoundMs * (1 - 1e-9));
      }),
      { numRuns: 500 },
    );
  });
});

describe('room', () => {
  const full = { memoryBytes: 8 * gib };

  test('is made by one who leaves for a while: two VMs change places by way of a third host', () => {
    const inventory = inventoryOf(
      [hostOf('h1', full), hostOf('h2', full), hostOf('h3', full)],
      [vmOf('a', 'h1', full), vmOf('b', 'h2', full)],
    );
    const plan = planned(inventory, { ...drain(), targets: { a: 'h2', b: 'h1' } });
    expect(plan.remaining).toEqual([]);
    expect(plan.moves).toHaveLength(3);
    expect(plan.moves.map(({ why }) => why)).toContain('makes room for a while');
  });

  test('is made by a smaller one that goes elsewhere', () => {
    const inventory = inventoryOf(
      [hostOf('h1'), hostOf('h2', full), hostOf('h3', { memoryBytes: 4 * gib })],
      [vmOf('big', 'h1', full), vmOf('small', 'h2')],
    );
    const plan = planned(inventory, drain('h1'));
    expect(ways(plan)).toEqual(['small h2>h3', 'big h1>h2']);
    expect(plan.moves[1]?.after).toEqual([0]);
  });

  test('that nobody has is explained', () => {
    const inventory = inventoryOf(
      [hostOf('h1'), hostOf('h2', full), hostOf('h3', { storage: ['nfs'] })],
      [vmOf('a', 'h1', { storage: ['ceph'] }), vmOf('b', 'h1', { memoryBytes: 20 * gib })],
    );
    const { moves, remaining } = planned(inventory, drain('h1'));
    expect(moves).toEqual([]);
    expect(remaining.map(({ vm, obstacles }) => [vm, obstacles])).toMatchObject([
      ['a', [{ why: 'it does not have the storage ceph', hosts: ['h2', 'h3'] }]],
      [
        'b',
        [
          { why: 'it has 16 GiB in all, and 20 GiB are needed', hosts: ['h3'] },
          { why: 'it has 8 GiB in all, and 20 GiB are needed', hosts: ['h2'] },
        ],
      ],
    ]);
  });
});

describe('asked again in the middle', () => {
  test('it goes on from what has become', () => {
    const hosts = [hostOf('h1'), hostOf('h2'), hostOf('h3')];
    const vms = [
      vmOf('gone', 'h2'),
      vmOf('going', 'h1', { moving: { to: 'h2', leftBytes: gib } }),
      vmOf('waiting', 'h1'),
    ];
    const plan = planned(inventoryOf(hosts, vms), drain('h1'));
    expect(plan.moves.map(({ vm, running }) => [vm, running])).toEqual([
      ['going', true],
      ['waiting', false],
    ]);
    expect(plan.moves[0]?.bytes).toBe(gib);
  });

  test('who moves already to a host that drains now goes on from there', () => {
    const hosts = [hostOf('h1'), hostOf('h2'), hostOf('h3')];
    const vms = [vmOf('going', 'h1', { moving: { to: 'h2', leftBytes: gib } })];
    const plan = planned(inventoryOf(hosts, vms), drain('h1', 'h2'));
    expect(ways(plan)).toEqual(['going h1>h2', 'going h2>h3']);
    expect(plan.moves[1]?.after).toEqual([0]);
  });
});

describe('a deadline', () => {
  test('lets the most valuable out first, and names who is late', () => {
    const vms = ['cattle', 'panda', 'pet'] as const;
    const inventory = inventoryOf(
      [hostOf('h1', { maxOutgoing: 1 }), hostOf('h2')],
      vms.map((slaClass) => vmOf(slaClass, 'h1', { slaClass })),
    );
    const plan = planned(inventory, { ...drain('h1'), deadlineMs: 50_000 });
    const order = plan.moves.toSorted((a, b) => a.startMs - b.startMs).map(({ vm }) => vm);
    expect(order).toEqual(['panda', 'pet', 'cattle']);
    expect(plan.late).toEqual(['cattle']);
  });
});
