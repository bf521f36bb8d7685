import type { Beginning } from '../../src/migration/beginning.ts';
import { keepsNothing } from '../../src/migration/keeping.ts';
import type { Orders } from '../../src/migration/orders.ts';
import { endOf } from '../../src/migration/recording.ts';
import { migrateVm } from '../../src/migration/service.ts';
import { realSurroundings } from '../../src/migration/surroundings.ts';
import { setTags } from '../../src/migration/tags.ts';
import type { Recording } from '../../src/recording/recording.ts';
import { guestMemoryBytes, type Pair, pairName, type Scene, workloads } from './cells.ts';
import type { Figures } from './cost.ts';
import { figuresOf } from './figures.ts';
import type { Harm, Stage, Way } from './stage.ts';
import { defaultDowntimeMs, runStatic, type StaticArmName } from './static-arms.ts';
import { beginStaticRecording, endStaticRecording } from './static-recording.ts';

export type Arm =
  | { readonly kind: 'static'; readonly name: StaticArmName }
  | { readonly kind: 'drover'; readonly pair: Pair };

/** One migration, by one arm. */
export interface Run {
  readonly figures: Figures;
  readonly recording: Recording;
  readonly harm: Harm | undefined;
}

/** A static arm that has not ended after so many passes over the memory and so long is cancelled. */
const limitPasses = 3;
const limitBesidesMs = 4_000;
/** Drover decides for itself when to give up; this is for when it does not. */
const droverLimitMs = 180_000;

export async function runArm(stage: Stage, scene: Scene, arm: Arm): Promise<Run> {
  const { linkMbitPerSecond } = scene;
  await stage.play({ does: workloads[scene.workload], linkMbitPerSecond });
  const { did, felt } = await stage.watch((way) =>
    arm.kind === 'static' ? byStatic(way, scene, arm.name) : byDrover(way, arm.pair),
  );
  const { recording } = did;
  const figures = figuresOf({ ...did, samples: recording.samples }, felt);
  const whole = arm.kind === 'static' ? endStaticRecording(recording, figures) : recording;
  return { figures, recording: whole, harm: felt.harm };
}

export function armName(arm: Arm): string {
  return arm.kind === 'static' ? arm.name : `drover-${pairName(arm.pair)}`;
}

export interface Did {
  readonly recording: Recording;
  readonly totalMs: number;
  readonly sentBytes: number | undefined;
}

async function byStatic(way: Way, scene: Scene, name: StaticArmName): Promise<Did> {
  const passMs = (guestMemoryBytes * 8 * 1000) / (scene.linkMbitPerSecond * 1e6);
  const limitMs = limitPasses * passMs + limitBesidesMs;
  const begun = await beginStaticRecording(way, name);
  const { totalMs, samples } = await runStatic(name, way, way.uuid, limitMs);
  const completed = await way.destination.readCompletedJob(way.uuid);
  return {
    recording: { ...begun, samples: [...samples] },
    totalMs,
    sentBytes: completed?.sentBytes,
  };
}

/** From the request to the answer, pre-flight and the last look at both hosts included. */
export async function byDrover(way: Way, { slaClass, importance }: Pair): Promise<Did> {
  const { vm, source, destination, config } = way;
  const [from, to] = [source.name, destination.name];
  await setTags({ vm, host: from }, { slaClass }, config);
  await source.setMaxDowntime(way.uuid, defaultDowntimeMs);
  const begun: Beginning[] = [];
  const begin = async (beginning: Beginning): Promise<void> => void begun.push(beginning);
  const startMs = performance.now();
  const orders = (): Orders => ({ cancelled: performance.now() - startMs > droverLimitMs });
  const letGo = new AbortController().signal;
  const watching = { onEvent: () => undefined, letGo, orders };
  const startedAt = new Date().toISOString();
  const result = await migrateVm({ vm, from, to, importance }, config, watching, {
    ...realSurroundings,
    keeping: { ...keepsNothing, begin },
  });
  const totalMs = performance.now() - startMs;
  const head = begun.at(-1)?.head;
  if (head === undefined) throw new Error('a migration was not recorded');
  const { telemetry: samples, decisions, why, sentBytes } = result;
  const recording = { ...head, id: vm, startedAt, samples, decisions, why, end: endOf(result) };
  return { recording: { ...recording, samples: [...samples] }, totalMs, sentBytes };
}
