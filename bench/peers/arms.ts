import { setTimeout as sleep } from 'node:timers/promises';
import type { Sample } from '../../src/forecast/telemetry.ts';
import { byDrover } from '../steering/arms.ts';
import { pairName } from '../steering/cells.ts';
import type { Figures } from '../steering/cost.ts';
import { type Driven, drive } from '../steering/drive.ts';
import { figuresOf } from '../steering/figures.ts';
import type { Harm, Stage, Way } from '../steering/stage.ts';
import { runStatic, type staticArms } from '../steering/static-arms.ts';
import { contentOf, limitMs, type PeerScene, passMs } from './cells.ts';
import { type Contender, driverOf, usualGib } from './contender.ts';
import { type Foretold, foretoldOf, sayBefore } from './foretold.ts';
import { kubevirtContenders, kubevirtPacking } from './kubevirt.ts';
import type { Moved } from './moved.ts';
import { novaArms } from './nova/arms.ts';
import type { NovaCode, NovaRun } from './nova/code.ts';
import { ovirtContenders, ovirtPacking } from './ovirt.ts';
import { proxmoxContenders } from './proxmox.ts';
import {
  gather,
  type MoveOne,
  moveByController,
  pooled,
  together,
  watchAll,
  waysOf,
} from './several.ts';
import { byVirsh } from './virsh.ts';

/** Who moves the guest, and as whose. */
export interface PeerArm {
  readonly name: string;
  readonly system: string;
  /** What the guest is worth, where the arm asks. */
  readonly pair: PeerScene['pairs'][number] | undefined;
  /** Whatever has to start before it can move anything is started. */
  readonly ready: (ways: readonly Way[], scene: PeerScene) => Promise<Move>;
}

/** Each guest over its way; what came of them, in that order. */
type Move = () => Promise<readonly Moved[]>;

export function armsOf(
  scene: PeerScene,
  timers: 'scaled' | 'unscaled',
  nova: NovaCode,
): readonly PeerArm[] {
  const gib = scene.memoryMib / 1024;
  const [factor, memoryGib] = timers === 'scaled' ? [usualGib / gib, usualGib] : [1, gib];
  // The memory of a default guest shrinks to nothing, which says nothing of any other.
  const shrinks = contentOf(scene) !== 'compressible';
  const contenders = [
    ...(shrinks ? [...ovirtPacking(factor), ...kubevirtPacking(factor)] : []),
    ...ovirtContenders(factor),
    ...kubevirtContenders(factor),
    ...proxmoxContenders(factor),
  ];
  return [
    ...scene.pairs.map(droverArm),
    virshArm,
    ...contenders.map((contender) => contenderArm(contender, memoryGib)),
    ...novaArms(memoryGib, factor, limitMs(scene)).map(({ name, options }) =>
      novaArm(name, nova, { options, memoryGib, factor, limitMs: limitMs(scene) }),
    ),
    ...[...staticNames, ...(shrinks ? packingNames : [])].map(staticArm),
  ];
}

/** Stages keep one guest each, which is moved to and fro. */
export async function runPeerArm(
  stages: readonly [Stage, ...Stage[]],
  scene: PeerScene,
  arm: PeerArm,
): Promise<PeerRun> {
  await gather(stages);
  for (const stage of stages) await stage.play(scene);
  const [stage, ...others] = stages;
  const pair = others.length === 0 ? arm.pair : undefined;
  const before = pair === undefined ? undefined : await sayBefore(stage, scene, pair);
  const move = await arm.ready(await waysOf(stages), scene);
  // That took seconds with some: what writes in bursts is met at the same moment by all.
  for (const one of stages) await one.play(scene);
  const runs = await watchAll(stages, () => onLinkOf(stage, scene, move));
  const figures = together(
    runs.map(({ did, felt }) => {
      const read = figuresOf(did, felt);
      return { ...read, postCopy: read.postCopy || did.postCopy === true };
    }),
  );
  const [{ did }] = runs;
  const { recording, totalMs } = did;
  const foretold =
    pair === undefined || before === undefined || recording === undefined
      ? undefined
      : foretoldOf(stage, scene, pair, { before, recording, totalMs });
  const harm = runs.flatMap(({ felt }) => felt.harm ?? []).at(0);
  return { figures, harm, samples: others.length === 0 ? did.samples : [], foretold };
}

export interface PeerRun {
  readonly figures: Figures;
  readonly harm: Harm | undefined;
  /** Of one guest alone on its link. */
  readonly samples: readonly Sample[];
  readonly foretold: Foretold | undefined;
}

/** The link falls, where it does, while half of the memory would be across. */
async function onLinkOf<T>(stage: Stage, scene: PeerScene, move: () => Promise<T>): Promise<T> {
  const { linkFallsTo, linkMbitPerSecond } = scene;
  if (linkFallsTo === undefined) return move();
  const ended = new AbortController();
  const fallen = sleep(passMs(scene, linkMbitPerSecond) / 2, 'falls', { signal: ended.signal })
    .catch(() => 'over')
    .then((what) =>
      what === 'falls' ? stage.shapeLinks(linkMbitPerSecond * linkFallsTo) : undefined,
    );
  try {
    return await move();
  } finally {
    ended.abort();
    await fallen;
  }
}

function droverArm(pair: PeerScene['pairs'][number]): PeerArm {
  const ready: PeerArm['ready'] = async (ways, { linkMbitPerSecond }) => {
    const [way, ...others] = ways;
    if (way === undefined || others.length > 0)
      return () => moveByController(ways, pair, linkMbitPerSecond);
    return async () => {
      const { totalMs, sentBytes, recording } = await byDrover(way, pair);
      return [{ totalMs, sentBytes, samples: recording.samples, recording }];
    };
  };
  return { name: `drover-${pairName(pair)}`, system: 'Drover', pair, ready };
}

/** An arm that knows no classes, and has so many of its guests move at the same time. */
function otherArm(
  name: string,
  system: string,
  atOnce: number,
  readyFor: (way: Way, scene: PeerScene) => Promise<MoveOne>,
): PeerArm {
  const ready: PeerArm['ready'] = async (ways, scene) => {
    const moves = await Promise.all(ways.map((way) => readyFor(way, scene)));
    return () => pooled(moves, atOnce);
  };
  return { name, system, pair: undefined, ready };
}

function contenderArm(contender: Contender, memoryGib: number): PeerArm {
  const { name, system, atOnce } = contender;
  return otherArm(name, system, atOnce, async (way, scene) => async () => {
    const driver = driverOf(contender, memoryGib);
    return sent(way, await drive(driver, way, way.uuid, limitMs(scene)));
  });
}

/** Its compute hosts move one guest at a time, unless they are told otherwise. */
const novaAtOnce = 1;

function novaArm(name: string, nova: NovaCode, run: NovaRun): PeerArm {
  return otherArm(name, 'Nova', novaAtOnce, async (way) => {
    const move = await nova.ready(way, run);
    return async () => {
      const driven = await move();
      return { ...driven, ...(await sent(way, driven)) };
    };
  });
}

/** `pre-copy` is what virsh does; `auto-converge` what oVirt and Proxmox begin with. */
type Mechanism = keyof typeof staticArms;
const staticNames: readonly Mechanism[] = ['short-pause', 'post-copy', 'stop-and-copy'];
const packingNames: readonly Mechanism[] = ['multifd-zstd'];

function staticArm(name: Mechanism): PeerArm {
  return otherArm(
    name,
    'static',
    Infinity,
    async (way, scene) => async () =>
      sent(way, await runStatic(name, way, way.uuid, limitMs(scene))),
  );
}

const virshArm = otherArm(
  'virsh',
  'virsh',
  Infinity,
  async (way, scene) => async () => sent(way, await byVirsh(way, limitMs(scene))),
);

async function sent(way: Way, driven: Driven): Promise<Moved> {
  const completed = await way.destination.readCompletedJob(way.uuid);
  return { ...driven, sentBytes: completed?.sentBytes };
}
