/** Drover beside what operators use, on real migrations; see README.md. */
import { mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { Sample } from '../../src/forecast/telemetry.ts';
import { randomFrom, shuffled } from '../steering/shuffle.ts';
import { Stage } from '../steering/stage.ts';
import { armsOf, type PeerArm, runPeerArm } from './arms.ts';
import { contentOf, type PeerScene, scenesOf } from './cells.ts';
import { drawScenes } from './draw.ts';
import { NovaCode } from './nova/code.ts';
import { writeReport } from './report.ts';
import { addRow, keyOf, type Row, readRows, sceneOfRow } from './rows.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    set: { type: 'string', default: 'full' },
    cells: { type: 'string' },
    draw: { type: 'string' },
    anywhere: { type: 'boolean', default: false },
    scenes: { type: 'string' },
    arms: { type: 'string' },
    suite: { type: 'string', default: 'forky' },
    timers: { type: 'string', default: 'scaled' },
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    rows: { type: 'string', default: 'bench/peers/rows.jsonl' },
    report: { type: 'string', default: 'bench/peers/REPORT.md' },
    'report-only': { type: 'boolean', default: false },
    minutes: { type: 'string', default: 'Infinity' },
  },
});
const endsAtMs = performance.now() + Number(values.minutes) * 60_000;
const seed = Number(values.seed);
const random = randomFrom(seed);
const suites = values.suite === 'both' ? ['forky', 'trixie'] : [values.suite];
const timers: Row['timers'] = values.timers === 'unscaled' ? 'unscaled' : 'scaled';
const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`;

interface Task {
  readonly scene: PeerScene;
  readonly arm: PeerArm;
  readonly round: number;
}

/** What was not measured yet of these scenes; scene by scene, in an order that chance gives. */
function tasksOf(
  scenes: readonly PeerScene[],
  suite: string,
  done: ReadonlySet<string>,
  nova: NovaCode,
): readonly Task[] {
  const rounds = Array.from({ length: Number(values.rounds) }, (_, round) => round);
  return rounds.flatMap((round) =>
    shuffled(scenes, random).flatMap((scene) => {
      const { name, memoryMib, does } = scene;
      const key = { suite, timers, round, scene: name, memoryMib, does };
      const open = armsOf(scene, timers, nova).filter(
        ({ name: arm }) => isWanted(values.arms, arm) && !done.has(keyOf({ ...key, arm })),
      );
      return shuffled(open, random).map((arm) => ({ scene, arm, round }));
    }),
  );
}

/** Whether the name has one of these parts, with commas between, in it. */
function isWanted(parts: string | undefined, name: string): boolean {
  return parts === undefined || parts.split(',').some((part) => name.includes(part));
}

async function runSuites(scenes: readonly PeerScene[]): Promise<void> {
  const nova = await NovaCode.fetch();
  try {
    for (const suite of suites) await runSuite(scenes, suite, nova);
  } finally {
    await nova.remove();
  }
}

async function runSuite(
  scenes: readonly PeerScene[],
  suite: string,
  nova: NovaCode,
): Promise<void> {
  const done = new Set((await readRows(values.rows)).map(keyOf));
  const sorts = Map.groupBy(
    scenes,
    (scene) => `${scene.guest} ${scene.memoryMib} ${scene.guests} ${contentOf(scene)}`,
  );
  for (const ofSort of sorts.values()) {
    const [first] = ofSort;
    if (first === undefined) continue;
    const tasks = tasksOf(ofSort, suite, done, nova);
    if (tasks.length === 0 || performance.now() > endsAtMs) continue;
    const { guest: kind, memoryMib, guests } = first;
    const content = contentOf(first);
    const stage = await Stage.set(suite, { kind, memoryBytes: memoryMib * 2 ** 20, content });
    const others = Array.from({ length: guests - 1 }, (_, nth) => stage.beside(`other${nth}-`));
    try {
      let checked: { readonly scene: PeerScene; readonly mbitPerSecond: number } | undefined;
      for (const task of tasks) {
        if (performance.now() > endsAtMs) break;
        const { scene } = task;
        if (checked?.scene !== scene)
          checked = { scene, mbitPerSecond: await stage.checkLink(scene.linkMbitPerSecond) };
        await measure([stage, ...others], task, checked.mbitPerSecond);
      }
    } finally {
      for (const other of others) other.leave();
      await stage.down();
    }
  }
}

async function measure(
  stages: readonly [Stage, ...Stage[]],
  { scene, arm, round }: Task,
  linkCheckedMbitPerSecond: number,
): Promise<void> {
  const [stage] = stages;
  const cpu = process.cpuUsage();
  const { figures, harm, samples, foretold } = await runPeerArm(stages, scene, arm);
  const { user, system } = process.cpuUsage(cpu);
  const row: Row = {
    at: new Date().toISOString(),
    machine,
    suite: stage.suite,
    ...stage.versions,
    timers,
    round,
    seed,
    ...sceneOfRow(scene),
    linkCheckedMbitPerSecond,
    sentMbitPerSecond: sentMbitPerSecond(samples),
    postCopyRecoverable: stage.postCopyRecoverable,
    arm: arm.name,
    system: arm.system,
    pair: arm.pair ?? null,
    harm: harm?.kind ?? null,
    cpuMs: (user + system) / 1000,
    figures,
    ...(foretold === undefined ? {} : { foretold }),
  };
  await addRow(values.rows, row);
  const { arrived, totalMs, blackoutMs, lostWorkMs } = figures;
  const took = [totalMs, blackoutMs, lostWorkMs].map(Math.round).join(' / ');
  console.error(
    `${stage.suite} ${scene.name} ${arm.name}: ${arrived ? 'arrived' : 'stayed'}, ${took} ms`,
  );
}

/** Over the pre-copy as a whole; a second of it at least. */
function sentMbitPerSecond(samples: readonly Sample[]): number | null {
  const moving = samples.filter(({ phase }) => phase === 'pre-copy');
  const [first, last] = [moving[0], moving.at(-1)];
  if (first === undefined || last === undefined || last.atMs - first.atMs < 1_000) return null;
  const bits = (last.memorySentBytes - first.memorySentBytes) * 8;
  return bits / 1e6 / ((last.atMs - first.atMs) / 1000);
}

const all =
  values.draw === undefined
    ? await scenesOf(values.quick ? 'quick' : values.set, values.cells)
    : drawScenes(seed, { count: Number(values.draw), anywhere: values.anywhere });
const scenes = all.filter(({ name }) => isWanted(values.scenes, name));
await mkdir(dirname(values.rows), { recursive: true });
if (!values['report-only']) await runSuites(scenes);
const verdict = await writeReport(values.report, await readRows(values.rows));
console.log(verdict.line);
if (verdict.lost > 0) process.exitCode = 1;
