import { explore } from '../../src/controller/testing/explore.ts';
import { rules } from '../../src/controller/testing/hand-over.ts';

/** The hand-over of a migration, every way that it can go; see README.md. */
const mostEpochs = process.argv.includes('--quick') ? 2 : 3;

const startMs = performance.now();
const whole = explore({ mostEpochs });
console.log('| without | goes wrong | steps to it |');
console.log('|---|---|---|');
let missed = 0;
for (const without of rules) {
  const { violation } = explore({ mostEpochs, without });
  if (violation === undefined) missed += 1;
  const { what = 'nothing', way = [] } = violation ?? {};
  console.log(`| ${without} | ${what} | ${way.join('; ')} |`);
}
const { states, violation } = whole;
if (violation !== undefined) console.log(`${violation.what}: ${violation.way.join('; ')}`);
const violations = violation === undefined ? 0 : 1;
const seconds = Math.round((performance.now() - startMs) / 1000);
console.log(
  `states ${states} epochs ${mostEpochs} violations ${violations} mutants ${rules.length} missed ${missed} seconds ${seconds}`,
);
process.exitCode = violations + missed === 0 ? 0 : 1;
