import { expect, test } from 'vitest';
import { randomFrom } from '../hypervisor/simulated-random.ts';
import { planMoves } from './plan.ts';
import { hostOf, inventoryOf, vmOf } from './testing/fleets.ts';

const mib = 2 ** 20;

/** Over 200 Mbit/s; `leftMib`: it is on its way already. */
const writer = (
  name: string,
  memoryMib: number,
  { mibPerSecond, setMib }: { readonly mibPerSecond: number; readonly setMib: number },
  moving?: { readonly to: string; readonly leftMib: number },
): ReturnType<typeof vmOf> =>
  vmOf(name, 'h0', {
    memoryBytes: memoryMib * mib,
    touchedBytes: memoryMib * mib,
    workingSet: {
      rateBytesPerSecond: mibPerSecond * mib,
      setBytes: setMib * mib,
      errorShare: 0,
    },
    ...(moving === undefined ? {} : { moving: { to: moving.to, leftBytes: moving.leftMib * mib } }),
  });

test('nobody goes beside another for less than a second of the whole', () => {
  const hosts = ['h0', 'h1', 'h2', 'h3'].map((name) =>
    hostOf(name, { bandwidthBytesPerSecond: 25e6 }),
  );
  const vms = [
    writer('landing', 165, { mibPerSecond: 4, setMib: 8 }, { to: 'h1', leftMib: 16 }),
    writer('moving', 191, { mibPerSecond: 1, setMib: 96 }, { to: 'h2', leftMib: 235 }),
    writer('a', 139, { mibPerSecond: 36, setMib: 24 }),
    writer('b', 188, { mibPerSecond: 20, setMib: 24 }),
    writer('c', 170, { mibPerSecond: 20, setMib: 24 }),
  ];
  const wanted = { drain: ['h0'], importance: 'high' } as const;
  const { moves } = planMoves(inventoryOf(hosts, vms), wanted, { random: randomFrom(1) });
  const turns = moves
    .filter(({ vm }) => vm !== 'landing')
    .toSorted((one, other) => one.startMs - other.startMs);
  expect(turns.map(({ vm }) => vm)[0]).toBe('moving');
  for (const [index, { startMs }] of turns.entries())
    expect(startMs).toBeGreaterThan((turns[index - 1]?.endMs.p50 ?? 0) - 500);
});
