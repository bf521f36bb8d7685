import { SimulatedWorld } from '../../src/hypervisor/simulated.ts';
import type {
  GuestModel,
  WritePattern,
  WriteRhythm,
} from '../../src/hypervisor/simulated-guest.ts';
import { VirtualClock } from '../../src/hypervisor/virtual-clock.ts';
import { parseWorkload } from '../../src/lab/guest/index.ts';
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
  const kind = suites[suite];
  if (kind === undefined) throw new Error(`the simulator knows no ${suite}`);
  const clock = new VirtualClock();
  const linkBytesPerSecond = payloadBytesPerSecond(linkMbitPerSecond);
  const world = new SimulatedWorld(clock, { linkBytesPerSecond, ...kind, callMs: 1 });
  const source = world.addHost('h1');
  const destination = world.addHost('h2');
  const uuid = source.addGuest(guestOf(scene, moment));
  const driven = await clock.run(
    drive({ source, destination }, uuid, scene, linkMbitPerSecond, clock),
  );
  return { ...driven, blackoutMs: destination.toll(uuid)?.pausedMs ?? 0 };
}

/**
 * The lab's own guest: an eighth of its memory are fresh pages, of which it writes one at each tick;
 * its working set lies right behind them.
 */
function guestOf(scene: Scene, moment: Moment): GuestModel {
  const workload = parseWorkload(scene.workload);
  const freshBytes = guestMemoryBytes / 8;
  const common = {
    name: scene.name,
    memoryBytes: guestMemoryBytes,
    touchedBytes: guestMemoryBytes - untouchedBytes,
    throttleEffect: 0,
    setOffsetBytes: freshBytes + mib,
    background: { bytes: freshBytes, writeBytesPerSecond: heartbeatHz * pageBytes },
  };
  if (!('ratePagesPerSecond' in workload) || workload.setBytes === 'all')
    return { ...common, workingSetBytes: 0, writeBytesPerSecond: 0 };
  const rhythm = 'burstMs' in workload ? rhythmOf(workload, moment) : undefined;
  return {
    ...common,
    workingSetBytes: workload.setBytes,
    writeBytesPerSecond: workload.ratePagesPerSecond * pageBytes,
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
  if (workload.pattern === 'sequential' || workload.pattern === 'phased')
    return { kind: 'sequential', atBytes: pages * pageBytes };
  return { kind: 'random' };
}
