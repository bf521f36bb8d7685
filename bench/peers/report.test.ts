import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fullNames } from './cells.ts';
import { writeReport } from './report.ts';
import { drover, figures, row } from './rows-in-tests.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-peers-'));
});
afterEach(() => rm(dir, { recursive: true }));

const path = (): string => join(dir, 'REPORT.md');
const faster = { ...figures, totalMs: 5_000 };
const slower = { ...figures, totalMs: 20_000 };

test('the verdict has the pairs that are kept, not dominated and within reach', async () => {
  const rows = [
    drover,
    row({ figures: slower }),
    row({ arm: 'o', system: 'oVirt', figures: faster }),
    row({ arm: 'k', system: 'KubeVirt', figures: { ...faster, blackoutMs: 500 } }),
  ];
  const { line } = await writeReport(path(), rows);
  // oVirt is faster and as gentle: Drover loses there, and who took it would be beaten by nobody.
  expect(line).toMatch(
    /^pareto 1\/3 worst \S+ regret \S+ lost 0 worst_within_budget \S+ undominated 2\/3 ceiling 3\/3 as_asked 1\/3$/,
  );
  expect(await readFile(path(), 'utf8')).toContain('| all | 3 | 33 % | 33 % | 100 % | 67 % | 3 |');
});

test("each arm is held against all systems but its own, in Drover's place", async () => {
  const rows = [
    drover,
    row({ figures: slower }),
    row({ arm: 'o', system: 'oVirt', figures: faster }),
    row({ arm: 's', system: 'static', figures: { ...faster, arrived: false } }),
  ];
  await writeReport(path(), rows);
  const [, place = ''] = (await readFile(path(), 'utf8')).split("## In Drover's place");
  expect(place).toMatch(/^\| o \| 1 \| 100 % \| - \| 100 % \| \S+ \| 0 \|$/m);
  // Between: worse than oVirt, better than virsh. Who does not arrive keeps nothing, and does not do as asked.
  expect(place).toMatch(/^\| Drover \| 1 \| 50 % \| 0 % \| 100 % \| \S+ \| 0 \|$/m);
  expect(place).toMatch(/^\| virsh \| 1 \| 0 % \| 0 % \| - \| \S+ \| 0 \|$/m);
  expect(place).toMatch(/^\| s \| 1 \| 0 % \| 0 % \| 0 % \| \S+ \| 1 \|$/m);
});

test('a report of single runs speaks of no chance', async () => {
  await writeReport(path(), [drover, row({})]);
  expect(await readFile(path(), 'utf8')).not.toMatch(/repetitions/);
});

test('the head names what was not measured', async () => {
  const scenes = fullNames.filter((name) => name.endsWith('/100') || name === 'phased/300');
  const rows = scenes.flatMap((scene) => [{ ...drover, scene }, row({ scene })]);
  await writeReport(path(), rows);
  const [line = ''] = /^Not measured.*$/m.exec(await readFile(path(), 'utf8')) ?? [];
  expect(line).toMatch(
    /^Not measured: \d+ of the full set's \d+ scenes: over 300 Mbit\/s all but phased; over 1000 Mbit\/s all \d+\.$/,
  );
});

test('repetitions have medians with the middle of what chance makes of them', async () => {
  const runs = [9_000, 10_000, 11_000, 12_000, 30_000].map((totalMs, round) =>
    row({ round, figures: { ...figures, totalMs } }),
  );
  const drovers = runs.map(({ round }) => ({ ...drover, round }));
  await writeReport(path(), [...drovers, ...runs]);
  const text = await readFile(path(), 'utf8');
  expect(text).toContain('Repetitions: 5.');
  expect(text).toMatch(/\| \*\*drover-pet-high\*\* \| 5 \| all \| 10 s \(10 s to 10 s\) \|/);
  const [, share] =
    /\| virsh \| 5 \| all \| 11 s \(9\.0 s to 30 s\) \|.*\| (\d+) % \|/.exec(text) ?? [];
  // Only where 9 s are drawn as the median is it faster by more than what counts as equal.
  expect(Number(share)).toBeGreaterThan(85);
  expect(Number(share)).toBeLessThan(100);
});
