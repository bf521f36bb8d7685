import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomFrom } from '../hypervisor/simulated-random.ts';
import { boundOfSteps } from './bound.ts';
import type { Course } from './course.ts';
import type { Inventory, Vm } from './inventory.ts';
import { placeMoves } from './plan.ts';
import { besidesMs, type Schedule } from './schedule.ts';
import { type Counters, countersOf } from './slots.ts';
import { fleets, gib, hostOf, inventoryOf, vmOf } from './testing/fleets.ts';
import { shortestAim, wholeWays } from './whole-ways.ts';

/** ms */
const rounding = 1e-6;

function courseOf(inventory: Inventory): Course {
  const wanted = { drain: ['h0'], importance: 'high' } as const;
  return placeMoves(inventory, wanted, { random: randomFrom(1) }).course;
}

function scheduleOf(course: Course): Schedule {
  return wholeWays(course, shortestAim(course, boundOfSteps(course)), randomFrom(1));
}

/** What all ways carry at a time, bytes/s, and how many there are by each counter. */
function takenAt(
  atMs: number,
  { ways, steps }: Course,
  { timings }: Schedule,
  { most, of }: Counters,
): { readonly carried: Float64Array; readonly many: Float64Array } {
  const carried = new Float64Array(ways.bytesPerSecond.length);
  const many = new Float64Array(most.length);
  for (const [step, { startMs, endMs, firstRate }] of timings.entries()) {
    const { from, to } = steps[step] ?? { from: 0, to: 0 };
    const isUntil = (ms: number): boolean => startMs <= atMs && atMs < ms - rounding;
    for (const way of isUntil(endMs - besidesMs) ? ways.between(from, to) : [])
      carried[way] = (carried[way] ?? 0) + firstRate;
    for (const counter of isUntil(endMs) ? (of[step] ?? []) : [])
      many[counter] = (many[counter] ?? 0) + 1;
  }
  return { carried, many };
}

/** A fleet in which some VMs are under way to another host already, all that are there. */
const inTheMiddle = fc
  .tuple(fleets({ hosts: 5, vms: 14 }), fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }))
  .map(([inventory, going]) => ({
    ...inventory,
    vms: inventory.vms.map((vm, index): Vm => {
      const to = inventory.hosts[index % inventory.hosts.length]?.name ?? 'h0';
      const moves = going[index] === true && index % 3 === 0 && to !== vm.host;
      return moves ? { ...vm, moving: { to, leftBytes: vm.touchedBytes / 3 } } : vm;
    }),
  }));

describe('where each has its ways to itself', { timeout: 60_000 }, () => {
  test('nobody begins before those that it waits for have landed, nor does all end before the bound', () => {
    fc.assert(
      fc.property(inTheMiddle, (inventory) => {
        const course = courseOf(inventory);
        const { timings, makespanMs } = scheduleOf(course);
        expect(makespanMs).toBeGreaterThanOrEqual(boundOfSteps(course) * (1 - 1e-9));
        for (const [step, before] of course.after.entries())
          for (const one of before)
            expect(timings[step]?.startMs).toBeGreaterThanOrEqual(timings[one]?.endMs ?? Infinity);
      }),
      { numRuns: 300 },
    );
  });

  test('no way carries more than it can, nor more at once than a limit says', () => {
    fc.assert(
      fc.property(fleets({ hosts: 5, vms: 14 }), (inventory) => {
        const course = courseOf(inventory);
        const { fleet, steps, ways } = course;
        const schedule = scheduleOf(course);
        const counters = countersOf(fleet, steps, {
          atOncePerHost: Infinity,
          isMaker: () => false,
          isRestless: () => false,
        });
        for (const { startMs } of schedule.timings) {
          const { carried, many } = takenAt(startMs, course, schedule, counters);
          for (const [way, rate] of carried.entries())
            expect(rate).toBeLessThanOrEqual((ways.bytesPerSecond[way] ?? 0) * (1 + 1e-6));
          for (const [counter, count] of many.entries())
            expect(count).toBeLessThanOrEqual(counters.most[counter] ?? 0);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('all that a host has to send leaves it without a pause, and only the last has to land', () => {
    const vms = [1, 2, 3, 4].map((size) =>
      vmOf(`v${size}`, 'h0', { touchedBytes: size * 1e9, memoryBytes: 4 * gib }),
    );
    const hosts = ['h0', 'h1', 'h2'].map((name) => hostOf(name));
    const { makespanMs } = scheduleOf(courseOf(inventoryOf(hosts, vms)));
    expect(makespanMs).toBeCloseTo(100_000 + besidesMs, 3);
  });

  test('what is under way keeps its rate, and who comes after it waits', () => {
    const moving = { to: 'h1', leftBytes: 1e9 };
    const vms = [
      vmOf('a', 'h0', { moving }),
      vmOf('b', 'h0', { moving }),
      vmOf('c', 'h0', { touchedBytes: 1e9 }),
    ];
    const hosts = [hostOf('h0'), hostOf('h1'), hostOf('h2')];
    const { timings } = scheduleOf(courseOf(inventoryOf(hosts, vms)));
    expect(timings.map(({ startMs }) => startMs)).toEqual([0, 0, 20_000]);
    expect(timings.map(({ firstRate }) => firstRate)).toEqual([50e6, 50e6, 100e6]);
  });

  test('an order is found that keeps all who receive busy, where a greedy one does not', () => {
    // Each of 12 hosts takes in two large ones and two that are about half as large; each of 24 sends two.
    const shuffle = randomFrom(3);
    const shuffled = Array.from({ length: 48 }, (_, index) => ({
      to: `h${24 + (index % 12)}`,
      touchedBytes: index < 24 ? 1e9 : 0.53e9,
      key: shuffle(),
    })).toSorted((x, y) => x.key - y.key);
    const vms = shuffled.map(({ touchedBytes }, index) =>
      vmOf(`v${index}`, `h${index % 24}`, { memoryBytes: gib, touchedBytes }),
    );
    const targets = Object.fromEntries(shuffled.map(({ to }, index) => [`v${index}`, to]));
    const hosts = Array.from({ length: 36 }, (_, host) => hostOf(`h${host}`));
    const { course } = placeMoves(
      inventoryOf(hosts, vms),
      { drain: [], targets, importance: 'high' },
      { random: randomFrom(1) },
    );
    expect(scheduleOf(course).makespanMs).toBeCloseTo(30_600 + besidesMs, 3);
  });
});
