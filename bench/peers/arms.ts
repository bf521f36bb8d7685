import { setTimeout as sleep } from 'node:timers/promises';
import type { Recording } from '../../src/recording/recording.ts';
import { byDrover, figuresOf } from '../steering/arms.ts';
import { pairName } from '../steering/cells.ts';
import type { Figures } from '../steering/cost.ts';
import { type Driven, drive } from '../steering/drive.ts';
import type { Harm, Stage, Way } from '../steering/stage.ts';
import { runStatic, type StaticArmName } from '../steering/static-arms.ts';
import { limitMs, type PeerScene, passMs } from './cells.ts';
import { type Contender, driverOf } from './contender.ts';
import { type Foretold, foretoldOf, sayBefore } from './foretold.ts';
import { kubevirtContenders } from './kubevirt.ts';
import { novaArms } from './nova/arms.ts';
import type { NovaCode, NovaRun } from './nova/code.ts';
import { ovirtContenders } from './ovirt.ts';
import { proxmoxContenders } from './proxmox.ts';
import { byVirsh } from './virsh.ts';

/** Who moves the guest, and as whose. */
export interface PeerArm {
  readonly name: string;
  readonly system: string;
  /** What the guest is worth, where the arm asks. */
  readonly pair: PeerScene['pairs'][number] | undefined;
  readonly move: (way: Way, scene: PeerScene) => Promise<Moved>;
}

interface Moved extends Driven {
  readonly sentBytes: number | undefined;
  /** Whether it was switched to post-copy, where no reading shows it. */
  readonly postCopy?: boolean;
  /** Drover's own, where it moved the guest. */
  readonly recording?: Recording;
}

/** Guests for which the systems' timers were made; smaller ones get them faster by the same factor. */
const usualGib = 8;

export function armsOf(
  scene: PeerScene,
  timers: 'scaled' | 'unscaled',
  nova: NovaCode,
): readonly PeerArm[] {
  const gib = scene.memoryMib / 1024;
  const [factor, memoryGib] = timers === 'scaled' ? [usualGib / gib, usualGib] : [1, gib];
  const contenders = [
    ...ovirtContenders(factor),
    ...kubevirtContenders(factor),
    ...proxmoxContenders(factor),
  ];
  return [
    ...scene.pairs.map(droverArm),
    { name: 'virsh', system: 'virsh', pair: undefined, move: virsh },
    ...contenders.map((contender) => contenderArm(contender, memoryGib)),
    ...novaArms(memoryGib, factor, limitMs(scene)).map(({ name, options }) =>
      novaArm(name, nova, { options, memoryGib, factor, limitMs: limitMs(scene) }),
    ),
    ...staticNames.map(staticArm),
  ];
}

/** Stages keep one guest, which is moved to and fro. */
export async function runPeerArm(stage: Stage, scene: PeerScene, arm: PeerArm): Promise<PeerRun> {
  await stage.play(scene);
  const { pair } = arm;
  const before = pair === undefined ? undefined : await sayBefore(stage, scene, pair);
  const { did, felt } = await stage.watch((way) =>
    onLinkOf(stage, scene, () => arm.move(way, scene)),
  );
  const read = figuresOf(did, felt);
  const figures = { ...read, postCopy: read.postCopy || did.postCopy === true };
  const { recording, totalMs } = did;
  const foretold =
    pair === undefined || before === undefined || recording === undefined
      ? undefined
      : foretoldOf(stage, scene, pair, { before, recording, totalMs });
  return { figures, harm: felt.harm, moved: did, foretold };
}

export interface PeerRun {
  readonly figures: Figures;
  readonly harm: Harm | undefined;
  readonly moved: Moved;
  readonly foretold: Foretold | undefined;
}

/** The link falls, where it does, while half of the memory would be across. */
async function onLinkOf(
  stage: Stage,
  scene: PeerScene,
  move: () => Promise<Moved>,
): Promise<Moved> {
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
  const move: PeerArm['move'] = async (way) => {
    const { totalMs, sentBytes, recording } = await byDrover(way, pair);
    return { totalMs, sentBytes, samples: recording.samples, recording };
  };
  return { name: `drover-${pairName(pair)}`, system: 'Drover', pair, move };
}

function contenderArm(contender: Contender, memoryGib: number): PeerArm {
  const { name, system } = contender;
  const move: PeerArm['move'] = async (way, scene) =>
    sent(way, await drive(driverOf(contender, memoryGib), way, way.uuid, limitMs(scene)));
  return { name, system, pair: undefined, move };
}

function novaArm(name: string, nova: NovaCode, run: NovaRun): PeerArm {
  const move: PeerArm['move'] = async (way) => {
    const driven = await nova.move(way, run);
    return { ...driven, ...(await sent(way, driven)) };
  };
  return { name, system: 'Nova', pair: undefined, move };
}

/** `pre-copy` is what virsh does; `auto-converge` what oVirt and Proxmox begin with. */
const staticNames: readonly StaticArmName[] = ['short-pause', 'post-copy', 'stop-and-copy'];

function staticArm(name: StaticArmName): PeerArm {
  const move: PeerArm['move'] = async (way, scene) =>
    sent(way, await runStatic(name, way, way.uuid, limitMs(scene)));
  return { name, system: 'static', pair: undefined, move };
}

async function virsh(way: Way, scene: PeerScene): Promise<Moved> {
  return sent(way, await byVirsh(way, limitMs(scene)));
}

async function sent(way: Way, driven: Driven): Promise<Moved> {
  const completed = await way.destination.readCompletedJob(way.uuid);
  return { ...driven, sentBytes: completed?.sentBytes };
}
