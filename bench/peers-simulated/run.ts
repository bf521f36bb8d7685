/** Drover beside what operators use, in the simulator, in scenes that chance draws; see README.md. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Stage, steer } from '../../src/migration/testing/steered.ts';
import { guestOf, stageOf } from '../calibration/simulated-side.ts';
import { limitMs, type PeerScene, scenesOf } from '../peers/cells.ts';
import { drawScenes } from '../peers/draw.ts';
import { verdictOf } from '../peers/report.ts';
import type { Row } from '../peers/rows.ts';
import { bounds } from '../peers/standings.ts';
import { peerCellsOf } from '../peers/verdict.ts';
import { type Pair, pairName } from '../steering/cells.ts';
import type { Figures } from '../steering/cost.ts';
import { drive } from '../steering/drive.ts';
import { randomFrom } from '../steering/shuffle.ts';
import { type Arm, otherArms } from './arms.ts';
import { kindTable } from './kinds.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    count: { type: 'string' },
    seed: { type: 'string', default: '1' },
    suite: { type: 'string', default: 'forky' },
    cells: { type: 'string' },
    keep: { type: 'string' },
  },
});
const count = Number(values.count ?? (values.quick ? 60 : 300));

/** From the request to the answer on the lab, beside what is simulated, ms: pre-flight, and the last look at both hosts. */
const aroundMs = 50;
/** The guest began its rhythm anew so long ago. */
const moment = { pages: 0, workedMs: 300 };

function stageFor({ does, memoryMib, linkMbitPerSecond }: PeerScene): Stage {
  const guest = guestOf({ workload: does, memoryBytes: memoryMib * 2 ** 20 }, moment);
  return stageOf(values.suite, linkMbitPerSecond, guest);
}

async function byDrover(scene: PeerScene, pair: Pair): Promise<Figures> {
  const stage = stageFor(scene);
  const { outcome, switchedToPostCopy, sentBytes, telemetry } = await steer(stage, {
    ...pair,
    deadlineMs: undefined,
  });
  return {
    ...sufferedOn(stage),
    arrived: outcome === 'completed',
    totalMs: stage.clock.nowMs() + aroundMs,
    sentBytes,
    postCopy: switchedToPostCopy,
    throttlePercent: Math.max(0, ...telemetry.map(({ throttlePercent }) => throttlePercent)),
  };
}

async function byOther(scene: PeerScene, { begin }: Arm): Promise<Figures> {
  const stage = stageFor(scene);
  const { clock, source, destination, uuid } = stage;
  const { totalMs, samples } = await clock.run(
    drive(begin(), { source, destination }, uuid, limitMs(scene), clock),
  );
  return {
    ...sufferedOn(stage),
    arrived: (await clock.run(source.findDomain(uuid))) === undefined,
    totalMs,
    sentBytes: samples.at(-1)?.memorySentBytes ?? 0,
    postCopy: samples.some(({ phase }) => phase === 'post-copy'),
    throttlePercent: Math.max(0, ...samples.map(({ throttlePercent }) => throttlePercent)),
  };
}

function sufferedOn({
  source,
  destination,
  uuid,
}: Stage): Pick<Figures, 'blackoutMs' | 'lostWorkMs'> {
  const { pausedMs, slowedMs } = destination.toll(uuid) ??
    source.toll(uuid) ?? { pausedMs: 0, slowedMs: 0 };
  return { blackoutMs: pausedMs, lostWorkMs: pausedMs + slowedMs };
}

function rowOf(
  { name, does, memoryMib, guests, guest, linkMbitPerSecond }: PeerScene,
  who: Pick<Row, 'arm' | 'system' | 'pair'>,
  figures: Figures,
): Row {
  return {
    ...who,
    scene: name,
    does,
    memoryMib,
    guests,
    guest,
    linkMbitPerSecond,
    at: '',
    machine: 'simulated',
    suite: values.suite,
    qemu: 'simulated',
    libvirt: 'simulated',
    timers: 'scaled',
    round: 0,
    seed: Number(values.seed),
    linkCheckedMbitPerSecond: linkMbitPerSecond,
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
    ? drawScenes(randomFrom(Number(values.seed)), count)
    : await scenesOf('full', values.cells);
const rows: Row[] = [];
for (const scene of scenes) rows.push(...(await rowsOf(scene)));
if (values.keep !== undefined)
  await writeFile(values.keep, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
const cells = peerCellsOf(rows);
console.log(kindTable(cells, scenes));
console.log(bounds(cells));
console.log(verdictOf(cells, rows).line);
