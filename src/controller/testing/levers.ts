import type { SimulatedHost, SimulatedWorld } from '../../hypervisor/simulated.ts';
import type { VirtualClock } from '../../hypervisor/virtual-clock.ts';
import type { StoreWatch } from './failing-store.ts';
import type { Fault, FaultName } from './schedule.ts';
import type { Truth } from './truth.ts';
import type { Unruly } from './unruly.ts';

/** What a link at 5 % still carries. */
const slowShare = 0.05;

/** All that a fault can pull. */
export interface Levers {
  readonly clock: VirtualClock;
  readonly sim: SimulatedWorld;
  readonly hosts: readonly SimulatedHost[];
  readonly linkBytesPerSecond: number;
  readonly uuids: readonly string[];
  readonly unruly: Unruly;
  readonly watch: StoreWatch;
  readonly time: { offMs: number };
  readonly truth: Truth;
  readonly killController: () => void;
  /** Another begins beside it. The answer lets the first go on. */
  readonly haltController: () => () => void;
}

interface Struck extends Levers {
  readonly fault: Fault;
  readonly host: SimulatedHost;
  readonly uuid: string;
}

interface Effect {
  readonly begin: (struck: Struck) => void;
  /** What is over by itself needs none. */
  readonly end?: (struck: Struck) => void;
}

const effects: Readonly<Record<FaultName, Effect>> = {
  'migration connection reset': { begin: ({ sim, host }) => sim.resetStreams(host) },
  'daemons part': { begin: ({ sim, host, fault }) => sim.partDaemons(host, fault.left) },
  'daemon down': {
    begin: ({ sim, host, fault }) => sim.killDaemon(host, fault.left),
    end: ({ truth, host }) => {
      if (!truth.isDark(host)) host.setReachable(true);
    },
  },
  'host unheard': {
    begin: ({ host }) => host.setReachable(false),
    end: ({ truth, host }) => {
      if (!truth.isDark(host)) host.setReachable(true);
    },
  },
  'QEMU killed': {
    begin: ({ sim, host, uuid, truth }) => {
      truth.dies(host, uuid);
      sim.killQemu(host, uuid);
    },
  },
  'power cut': {
    begin: ({ sim, host, uuids, truth }) => {
      for (const one of uuids) truth.dies(host, one);
      truth.darken(host, true);
      sim.killHost(host);
    },
    end: boot,
  },
  'link cut': {
    begin: ({ sim, host }) => sim.shapeLink(0, host.name),
    end: relink,
  },
  'link at 5 %': {
    begin: ({ sim, host, linkBytesPerSecond, truth }) => {
      if (!truth.isDark(host)) sim.shapeLink(linkBytesPerSecond * slowShare, host.name);
    },
    end: relink,
  },
  'unruly replies': {
    begin: ({ unruly }) => set(unruly, 'replies', true),
    end: ({ unruly }) => set(unruly, 'replies', false),
  },
  'unruly events': {
    begin: ({ unruly }) => set(unruly, 'events', true),
    end: ({ unruly }) => set(unruly, 'events', false),
  },
  'store fails': {
    begin: ({ watch }) => set(watch, 'failing', true),
    end: ({ watch }) => set(watch, 'failing', false),
  },
  'clock stepped': {
    begin: ({ time, fault }) => {
      time.offMs += fault.stepMs;
    },
  },
  'controller killed': { begin: ({ killController }) => killController() },
  'controller halted': {
    begin: ({ haltController, clock, fault }) => {
      clock.schedule(clock.nowMs() + fault.lastsMs, haltController());
    },
  },
};

/** It breaks now, and is mended when its time is over. */
export function befall(fault: Fault, levers: Levers): void {
  const host = levers.hosts[fault.host];
  const uuid = levers.uuids[fault.guest];
  if (host === undefined || uuid === undefined) return;
  const { begin, end } = effects[fault.what];
  const struck: Struck = { ...levers, fault, host, uuid };
  begin(struck);
  if (end === undefined || fault.lastsMs === Infinity) return;
  levers.clock.schedule(levers.clock.nowMs() + fault.lastsMs, () => end(struck));
}

/** Everything that is still broken is mended; what was on a host without power is gone. */
export function mendAll(levers: Levers): void {
  const { hosts, sim, linkBytesPerSecond, unruly, watch } = levers;
  for (const host of hosts) {
    boot({ ...levers, host });
    sim.shapeLink(linkBytesPerSecond, host.name);
    host.setReachable(true);
  }
  set(unruly, 'replies', false);
  set(unruly, 'events', false);
  set(watch, 'failing', false);
}

function boot({
  sim,
  host,
  truth,
  linkBytesPerSecond,
}: Pick<Struck, 'sim' | 'host' | 'truth' | 'linkBytesPerSecond'>): void {
  if (!truth.isDark(host)) return;
  truth.darken(host, false);
  sim.bootHost(host, linkBytesPerSecond);
}

function relink({ sim, host, truth, linkBytesPerSecond }: Struck): void {
  if (!truth.isDark(host)) sim.shapeLink(linkBytesPerSecond, host.name);
}

function set<K extends string>(of: { [key in K]: boolean }, key: K, to: boolean): void {
  of[key] = to;
}
