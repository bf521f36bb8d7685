import type {
  GuestModel,
  WritePattern,
  WriteRhythm,
} from '../../src/hypervisor/simulated-guest.ts';
import { parseWorkload } from '../../src/lab/guest/index.ts';
import { type Stage, setStage } from '../../src/migration/testing/steered.ts';
import { drive, type Figures } from './drive.ts';
import type { Moment } from './lab-side.ts';
import type { Recorded } from './recorded.ts';
import {
  guestMemoryBytes,
  heartbeatHz,
  payloadBytesPerSecond,
  type Scene,
  scenes,
} from './scenes.ts';

const mib = 2 ** 20;
const pageBytes = 4096;
/** Between what a PC has below its first MiB and its firmware; QEMU's own ROMs are not counted. */
const untouchedBytes = 0.6 * mib;
/** See fresh_pages_of in guest/core. */
const mostFreshBytes = 6000 * pageBytes;
/** Of a guest that writes as fast as it can: an estimate for an emulated one. */
const fullBytesPerSecond = 800 * mib;

/** How a suite's QEMU looks for dirty pages, and how long it takes to begin; ms. */
const suites: Readonly<Record<string, { readonly syncMs: number; readonly setupMs: number }>> = {
  forky: { syncMs: 50, setupMs: 155 },
  trixie: { syncMs: Infinity, setupMs: 660 },
};

/** What was played on the lab, played again. */
export function simulateRecorded(run: Recorded): Promise<Figures> {
  const scene = scenes.find(({ name }) => name === run.scene);
  if (scene === undefined) throw new Error(`there is no scene ${run.scene}`);
  return simulate(run.suite, scene, run.linkMbitPerSecond, run.moment);
}

/** The same scene in the simulator. The guest is at what the real one was at when it was called. */
async function simulate(
  suite: string,
  scene: Scene,
  linkMbitPerSecond: number,
  moment: Moment,
): Promise<Figures> {
  const guest = guestOf({ ...scene, memoryBytes: guestMemoryBytes }, moment);
  const { clock, source, destination, uuid } = stageOf(suite, linkMbitPerSecond, guest);
  const driven = await clock.run(
    drive({ source, destination }, uuid, scene, linkMbitPerSecond, clock),
  );
  return { ...driven, blackoutMs: destination.toll(uuid)?.pausedMs ?? 0 };
}

/** Two hosts of a suite as the lab has them, with a guest on the first. */
export function stageOf(suite: string, linkMbitPerSecond: number, guest: GuestModel): Stage {
  const kind = suites[suite];
  if (kind === undefined) throw new Error(`the simulator knows no ${suite}`);
  const linkBytesPerSecond = payloadBytesPerSecond(linkMbitPerSecond);
  return setStage({ linkBytesPerSecond, ...kind, callMs: 1 }, guest);
}

/** What the lab's own guest is told. */
interface Told {
  readonly workload: string;
  readonly memoryBytes: number;
}

/**
 * The lab's own guest: its fresh pages lie lowest, of which it writes one at each tick; behind them lies the rest, and
 * in it its working set.
 */
export function guestOf({ workload: text, memoryBytes }: Told, moment: Moment): GuestModel {
  const workload = parseWorkload(text);
  const freshBytes = Math.min(memoryBytes / 8, mostFreshBytes);
  const common = {
    name: 'guest',
    memoryBytes,
    touchedBytes: memoryBytes - untouchedBytes,
    throttleEffect: 0,
    setOffsetBytes: freshBytes + mib + ('atBytes' in workload ? workload.atBytes : 0),
    background: { bytes: freshBytes, writeBytesPerSecond: heartbeatHz * pageBytes },
  };
  if (workload.pattern === 'idle') return { ...common, workingSetBytes: 0, writeBytesPerSecond: 0 };
  const setBytes = 'setBytes' in workload ? workload.setBytes : 'all';
  const rhythm = 'burstMs' in workload ? rhythmOf(workload, moment) : undefined;
  const isUnlimited = !('ratePagesPerSecond' in workload);
  return {
    ...common,
    workingSetBytes: setBytes === 'all' ? memoryBytes - freshBytes - 2 * mib : setBytes,
    writeBytesPerSecond: isUnlimited ? fullBytesPerSecond : workload.ratePagesPerSecond * pageBytes,
    throttleEffect: isUnlimited ? 1 : 0,
    pattern: patternOf(workload, moment),
    ...(rhythm === undefined ? {} : { rhythm }),
  };
}

function rhythmOf(
  { burstMs, quietMs }: { readonly burstMs: number; readonly quietMs: number },
  { workedMs }: Moment,
): WriteRhythm {
  return { burstMs, quietMs, offsetMs: workedMs };
}

function patternOf(workload: ReturnType<typeof parseWorkload>, { pages }: Moment): WritePattern {
  if (workload.pattern === 'hot')
    return { kind: 'hot', hotShare: workload.hotShare, hotWrites: workload.hotWrites };
  if (workload.pattern !== 'random') return { kind: 'sequential', atBytes: pages * pageBytes };
  return { kind: 'random' };
}
