/** How many whole migrations a second the simulator carries out; see README.md. */
import { parseArgs } from 'node:util';
import { type Course, runStatic, runSteered } from './migrate.ts';
import { type Scene, scenesFrom } from './scenes.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
  },
});
const counts = values.quick ? { static: 2_000, steered: 200 } : { static: 10_000, steered: 1_000 };

interface Measured {
  readonly name: string;
  readonly courses: readonly Course[];
  readonly perSecond: number;
}

async function measure(
  name: string,
  scenes: readonly Scene[],
  run: (scene: Scene) => Promise<Course>,
): Promise<Measured> {
  // What the compiler learns is not counted.
  for (const scene of scenes.slice(0, 50)) await run(scene);
  const startMs = performance.now();
  const courses: Course[] = [];
  for (const scene of scenes) courses.push(await run(scene));
  const seconds = (performance.now() - startMs) / 1000;
  return { name, courses, perSecond: scenes.length / seconds };
}

function row({ name, courses, perSecond }: Measured): string {
  const hours = courses.reduce((sum, { simulatedMs }) => sum + simulatedMs, 0) / 3_600_000;
  const arrived = courses.filter((course) => course.arrived).length;
  const cells = [name, courses.length, hours.toFixed(1), arrived, Math.round(perSecond)];
  return `| ${cells.join(' | ')} |`;
}

const seed = Number(values.seed);
const fixed = await measure('static', scenesFrom(seed, counts.static), runStatic);
const steered = await measure('steered', scenesFrom(seed, counts.steered), runSteered);
console.log('| setting | migrations | simulated hours | arrived | migrations a second |');
console.log('|---|---|---|---|---|');
for (const measured of [fixed, steered]) console.log(row(measured));
console.log(
  `static_per_second ${Math.round(fixed.perSecond)} steered_per_second ${Math.round(steered.perSecond)}`,
);
