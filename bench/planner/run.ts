import { parseArgs } from 'node:util';
import { randomFrom } from '../../src/hypervisor/simulated-random.ts';
import { placeMoves, planMoves } from '../../src/planner/plan.ts';
import { violationsOf } from '../../src/planner/verify.ts';
import { type Arm, armsOf, ours } from './arms.ts';
import { fleetInstance } from './fleet.ts';
import { type Instance, readInstances } from './mvm.ts';

/** Plans beside simpler ways to schedule the same moves, in Markdown; the options are in README.md. */
const { values } = parseArgs({
  options: { mvm: { type: 'string' }, quick: { type: 'boolean', default: false } },
});

const fleets = [1, 2, 3].flatMap((seed) => [
  fleetInstance(300, 40, seed),
  fleetInstance(1_000, 100, seed),
]);
const sizes = [
  [100, 10],
  [1_000, 100],
  [5_000, 500],
  [10_000, 1_000],
  [20_000, 2_000],
] as const;

const groups = new Map<string, (readonly Arm[])[]>();
let broken = 0;
let remaining = 0;
const sample = values.mvm === undefined ? [] : await readInstances(values.mvm);
for (const instance of [...sample, ...fleets]) measure(instance);
printTable();
const planned = curve();
console.log(`\n${verdict().join(' ')}`);

function measure({ group, inventory, wanted }: Instance): void {
  const { course } = placeMoves(inventory, wanted, { random: randomFrom(1) });
  const plan = planMoves(inventory, wanted, { random: randomFrom(1) });
  broken += violationsOf(inventory, plan, wanted.drain).length;
  remaining += plan.remaining.length;
  const all = groups.get(group) ?? [];
  groups.set(group, [...all, armsOf(course)]);
}

function printTable(): void {
  console.log(
    '| instances | schedule | makespan / bound, mean | worst | lateness | exposure | ms |',
  );
  console.log('|---|---|---|---|---|---|---|');
  for (const [group, runs] of groups)
    for (const { name } of runs[0] ?? []) {
      const arms = named(runs, name);
      const cells = [
        `${group} (${arms.length})`,
        name.startsWith(ours) ? `**${name}**` : name,
        mean(arms.map(({ ratio }) => ratio)).toFixed(3),
        Math.max(...arms.map(({ ratio }) => ratio)).toFixed(3),
        mean(arms.map((arm) => arm.latenessSeconds)).toFixed(0),
        mean(arms.map((arm) => arm.exposureSeconds)).toFixed(0),
        mean(arms.map(({ ms }) => ms)).toFixed(0),
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
}

function named(runs: readonly (readonly Arm[])[], name: string): readonly Arm[] {
  return runs.flatMap((run) => run.filter((arm) => arm.name === name));
}

function mean(all: readonly number[]): number {
  return all.reduce((sum, one) => sum + one, 0) / all.length;
}

/** How long planning takes, by size: seconds by the number of VMs. */
function curve(): ReadonlyMap<number, number> {
  console.log('\n| VMs | hosts | moves | planned in | makespan / bound |\n|---|---|---|---|---|');
  const taken = new Map<number, number>();
  for (const [vms, hosts] of values.quick ? sizes.slice(0, 3) : sizes) {
    const { inventory, wanted } = fleetInstance(vms, hosts, 1);
    const began = performance.now();
    const { moves, gap } = planMoves(inventory, wanted, { random: randomFrom(1) });
    const seconds = (performance.now() - began) / 1000;
    taken.set(vms, seconds);
    console.log(
      `| ${vms} | ${hosts} | ${moves.length} | ${seconds.toFixed(2)} s | ${(1 + gap).toFixed(3)} |`,
    );
  }
  return taken;
}

/** Of groups of instances: the mean of each, and how many are beaten by a rival by more than 1 %. */
function verdict(): readonly string[] {
  const means = [...groups.values()].map((runs) =>
    mean(named(runs, ours).map(({ ratio }) => ratio)),
  );
  const beaten = [...groups.values()].filter((runs) => {
    const own = mean(named(runs, ours).map(({ ratio }) => ratio));
    const rivals = (runs[0] ?? []).map(({ name }) => name).filter((one) => !one.startsWith(ours));
    return rivals.some((rival) => own > mean(named(runs, rival).map(({ ratio }) => ratio)) * 1.01);
  });
  const all = [...groups.values()].flatMap((runs) => named(runs, ours));
  return [
    `groups ${means.length}`,
    `within_5_percent ${means.filter((one) => one <= 1.05).length}`,
    `worst_mean ${Math.max(...means).toFixed(3)}`,
    `worst ${Math.max(...all.map(({ ratio }) => ratio)).toFixed(3)}`,
    `beaten ${beaten.length}`,
    ...[...planned].map(([vms, seconds]) => `seconds_${vms} ${seconds.toFixed(2)}`),
    `broken_constraints ${broken}`,
    `remaining ${remaining}`,
  ];
}
