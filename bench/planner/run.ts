import { parseArgs } from 'node:util';
import { randomFrom } from '../../src/hypervisor/simulated-random.ts';
import { placeMoves, planMoves } from '../../src/planner/plan.ts';
import { violationsOf } from '../../src/planner/verify.ts';
import { type Arm, armsOf } from './arms.ts';
import { fleetInstance } from './fleet.ts';
import { type Instance, readInstances } from './mvm.ts';

/**
 * Plans of the instances of a folder (--mvm FOLDER) and of fleets of our own, beside simpler ways to
 * schedule the same moves. Prints Markdown. --curve: how long planning takes, by size.
 */
const { values } = parseArgs({
  options: { mvm: { type: 'string' }, curve: { type: 'boolean' } },
});

const fleets = [1, 2, 3].flatMap((seed) => [
  fleetInstance(300, 40, seed),
  fleetInstance(1_000, 100, seed),
]);
const sample = values.mvm === undefined ? [] : await readInstances(values.mvm);

const groups = new Map<string, (readonly Arm[])[]>();
let broken = 0;
let remaining = 0;
for (const instance of [...sample, ...fleets]) measure(instance);
printTable();
console.log(`\nbroken_constraints ${broken} remaining ${remaining}`);
if (values.curve === true) printCurve();

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
    for (const [index, { name }] of (runs[0] ?? []).entries()) {
      const arms = runs.flatMap((run) => run[index] ?? []);
      const mean = (of: (arm: Arm) => number): number =>
        arms.reduce((sum, arm) => sum + of(arm), 0) / arms.length;
      const worst = Math.max(...arms.map(({ ratio }) => ratio));
      const cells = [
        `${group} (${arms.length})`,
        name === 'drover' ? '**drover**' : name,
        mean(({ ratio }) => ratio).toFixed(3),
        worst.toFixed(3),
        mean((arm) => arm.latenessSeconds).toFixed(0),
        mean((arm) => arm.exposureSeconds).toFixed(0),
        mean(({ ms }) => ms).toFixed(0),
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
}

function printCurve(): void {
  const sizes = [
    [100, 10],
    [1_000, 100],
    [5_000, 500],
    [10_000, 1_000],
    [20_000, 2_000],
  ] as const;
  console.log('\n| VMs | hosts | moves | planned in | makespan / bound |\n|---|---|---|---|---|');
  for (const [vms, hosts] of sizes) {
    const { inventory, wanted } = fleetInstance(vms, hosts, 1);
    const began = performance.now();
    const { moves, gap } = planMoves(inventory, wanted, { random: randomFrom(1) });
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `| ${vms} | ${hosts} | ${moves.length} | ${seconds.toFixed(2)} s | ${(1 + gap).toFixed(3)} |`,
    );
  }
}
