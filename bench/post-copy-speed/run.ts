/** What a guest loses of its work in post-copy, by how fast the rest of its memory is sent. */
import { parseArgs } from 'node:util';
import { geometricMean } from '../averages.ts';
import { middleOf } from '../peers/verdict.ts';
import type { Figures } from '../steering/cost.ts';
import { drive } from '../steering/drive.ts';
import { figuresOf } from '../steering/figures.ts';
import { Stage } from '../steering/stage.ts';
import { type Scene, scenes, switched } from './scenes.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const rounds = values.quick ? 1 : 2;
/** What is sent unasked goes at this share of the link; 1: as fast as it carries. */
const shares = values.quick ? [1, 0.3] : [1, 0.75, 0.5, 0.4, 0.3];
const limitMs = 60_000;
const readEveryMs = 60;

async function playScene(scene: Scene): Promise<readonly Figures[]> {
  const memoryBytes = scene.memoryMib * 2 ** 20;
  const stage = await Stage.set('forky', { kind: 'beat', memoryBytes });
  const runs = shares.map((): Figures[] => []);
  try {
    // The speeds take turns, so that what else the machine does hits all alike.
    for (let round = 0; round < rounds; round += 1)
      for (const [index, share] of shares.entries())
        runs[index]?.push(await measure(stage, scene, share));
  } finally {
    await stage.down();
  }
  return runs.map(middleOf);
}

async function measure(stage: Stage, scene: Scene, share: number): Promise<Figures> {
  const { writes, linkMbitPerSecond } = scene;
  await stage.play({ does: writes, linkMbitPerSecond });
  const step = switched(scene, share);
  const driver = { maxDowntimeMs: 1, postCopy: true, autoConverge: undefined, readEveryMs, step };
  const { did, felt } = await stage.watch((way) => drive(driver, way, way.uuid, limitMs));
  return figuresOf({ ...did, sentBytes: undefined }, felt);
}

function text({ totalMs, lostWorkMs }: Figures): string {
  return `${Math.round(lostWorkMs)} ms, ${(totalMs / 1000).toFixed(1)} s`;
}

const names = shares.map((share) => (share < 1 ? `held to ${share}` : 'free'));
console.log(
  `| writes | of the link | ${names.join(' | ')} |\n|---|---|${'---|'.repeat(shares.length)}`,
);
const all: { readonly scene: Scene; readonly figures: readonly Figures[] }[] = [];
for (const scene of scenes) {
  const figures = await playScene(scene);
  all.push({ scene, figures });
  const { writes, memoryMib, linkMbitPerSecond, writesShare } = scene;
  const what = `\`${writes}\` of ${memoryMib} MiB, ${linkMbitPerSecond} Mbit/s`;
  console.log(`| ${what} | ${writesShare.toFixed(2)} | ${figures.map(text).join(' | ')} |`);
}

/** Held to 0.3 over free, in the geometric mean of the guests whose pattern is meant. */
function ratios(isMeant: (scene: Scene) => boolean, of: (figures: Figures) => number): string {
  const pairs = all
    .filter(({ scene }) => isMeant(scene))
    .flatMap(({ figures }) => {
      const [free, held] = [figures[0], figures[shares.indexOf(0.3)]];
      return free === undefined || held === undefined ? [] : of(held) / of(free);
    });
  return geometricMean(pairs).toFixed(2);
}

const inTurn = ({ writes }: Scene): boolean => writes.startsWith('sequential');
const anywhere = (scene: Scene): boolean => !inTurn(scene);
const lostWorkMs = (figures: Figures): number => figures.lostWorkMs;
const totalMs = (figures: Figures): number => figures.totalMs;
console.log(
  `lost_work ${ratios(anywhere, lostWorkMs)} time ${ratios(anywhere, totalMs)} in_turn_lost_work ${ratios(inTurn, lostWorkMs)} in_turn_time ${ratios(inTurn, totalMs)}`,
);
