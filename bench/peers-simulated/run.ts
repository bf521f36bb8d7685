/** Drover beside what operators use, in the simulator, in scenes that chance draws; see README.md. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { limitMs, type PeerScene, scenesOf } from '../peers/cells.ts';
import { drawScenes } from '../peers/draw.ts';
import { league } from '../peers/league.ts';
import { verdictOf } from '../peers/report.ts';
import { type Row, sceneOfRow } from '../peers/rows.ts';
import { bounds } from '../peers/standings.ts';
import { peerCellsOf } from '../peers/verdict.ts';
import { type Pair, pairName } from '../steering/cells.ts';
import type { Figures } from '../steering/cost.ts';
import { drive } from '../steering/drive.ts';
import { figuresOf } from '../steering/figures.ts';
import { figuresSteered, sufferedOn } from '../steering-simulated/steered.ts';
import { type Arm, otherArms } from './arms.ts';
import { kindTable } from './kinds.ts';
import { mustBeSimulable, stageFor } from './stage.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    count: { type: 'string' },
    anywhere: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    suite: { type: 'string', default: 'forky' },
    cells: { type: 'string' },
    keep: { type: 'string' },
  },
});
const count = Number(values.count ?? (values.quick ? 60 : 300));

/** From the request to the answer on the lab, beside what is simulated, ms: pre-flight, and the last look at both hosts. */
const aroundMs = 50;
async function byDrover(scene: PeerScene, pair: Pair): Promise<Figures> {
  const figures = await figuresSteered(stageFor(values.suite, scene), pair);
  return { ...figures, totalMs: figures.totalMs + aroundMs };
}

async function byOther(scene: PeerScene, { begin }: Arm): Promise<Figures> {
  const stage = stageFor(values.suite, scene);
  const { clock, source, destination, uuid } = stage;
  const { totalMs, samples } = await clock.run(
    drive(begin(), { source, destination }, uuid, limitMs(scene), clock),
  );
  const arrived = (await clock.run(source.findDomain(uuid))) === undefined;
  const did = { totalMs, sentBytes: undefined, samples };
  return figuresOf(did, { arrived, ...sufferedOn(stage) });
}

function rowOf(scene: PeerScene, who: Pick<Row, 'arm' | 'system' | 'pair'>, figures: Figures): Row {
  return {
    ...who,
    ...sceneOfRow(scene),
    at: '',
    machine: 'simulated',
    suite: values.suite,
    qemu: 'simulated',
    libvirt: 'simulated',
    timers: 'scaled',
    round: 0,
    seed: Number(values.seed),
    linkCheckedMbitPerSecond: scene.linkMbitPerSecond,
    sentMbitPerSecond: null,
    postCopyRecoverable: true,
    harm: null,
    cpuMs: 0,
    figures,
  };
}

async function rowsOf(scene: PeerScene): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const pair of scene.pairs) {
    const who = { arm: `drover-${pairName(pair)}`, system: 'Drover', pair };
    rows.push(rowOf(scene, who, await byDrover(scene, pair)));
  }
  for (const arm of otherArms(scene)) {
    const who = { arm: arm.name, system: arm.system, pair: null };
    rows.push(rowOf(scene, who, await byOther(scene, arm)));
  }
  return rows;
}

const scenes =
  values.cells === undefined
    ? drawScenes(Number(values.seed), { count, anywhere: values.anywhere })
    : await scenesOf('full', values.cells);
mustBeSimulable(scenes);
const rows: Row[] = [];
for (const scene of scenes) rows.push(...(await rowsOf(scene)));
if (values.keep !== undefined)
  await writeFile(values.keep, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
const cells = peerCellsOf(rows);
console.log(kindTable(cells, scenes));
console.log(bounds(cells));
console.log(`\n${league(cells)}\n`);
console.log(verdictOf(cells, rows).line);
