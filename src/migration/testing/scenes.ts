import * as fc from 'fast-check';
import type { GuestModel, WritePattern } from '../../hypervisor/simulated-guest.ts';
import type { SimulatedHost } from '../../hypervisor/simulated-host.ts';
import { importances, slaClasses } from '../../policy/vocabulary.ts';
import type { MigrationCapabilities } from '../../steering/decision.ts';
import type { Intent } from '../../steering/steersman.ts';
import type { RunEvent } from '../events.ts';
import type { MigrationResult } from '../result.ts';
import { type Stage, setStage, steer } from './steered.ts';

const mib = 2 ** 20;

/** A guest, a link and what is asked, on two simulated hosts. */
export interface Scene extends Omit<Intent, 'postCopy'> {
  readonly guest: GuestModel;
  readonly linkBytesPerSecond: number;
  /** Infinity: whole passes, as QEMU 10 makes them; 60: the syncs of QEMU 11.1. */
  readonly syncMs: number;
  readonly postCopy: boolean;
  readonly recoverable: boolean;
  readonly autoConverge: boolean;
  /** Whether memory may be compressed; not where nothing is said. */
  readonly compression?: boolean;
  /** Whether memory may be read; it may where nothing is said. */
  readonly memoryReading?: boolean;
  /** The link's rate from a moment on. */
  readonly change?: { readonly atMs: number; readonly bytesPerSecond: number };
  readonly mishap?: Mishap;
}

/** What breaks, when, and for how long; a host that dies stays dead. */
export interface Mishap {
  readonly what: (typeof mishaps)[number];
  readonly atMs: number;
  readonly lastsMs: number;
}

export const mishaps = [
  'the source is not heard',
  'the destination is not heard',
  "the source's daemon dies",
  "the destination's daemon dies",
  'the source dies',
  'the destination dies',
  'the link is cut',
  'post-copy breaks',
] as const;

/**
 * What was said of a migration, and where the guest really ran: when it was seen to have ended, and
 * after that was told, in which time a host can still die.
 */
export type Told = MigrationResult & {
  readonly found: readonly string[];
  readonly foundLater: readonly string[];
};

/** A whole migration, steered for real, on simulated hosts. */
export async function migrate(scene: Scene): Promise<Told> {
  const { linkBytesPerSecond, syncMs, change, slaClass, importance, deadlineMs } = scene;
  const settings = { linkBytesPerSecond, syncMs, setupMs: 50, callMs: 1 };
  const stage = setStage(settings, scene.guest, slaClass);
  const { clock, world, source, destination, uuid } = stage;
  if (change !== undefined)
    clock.schedule(change.atMs, () => world.shapeLink(change.bytesPerSecond));
  if (scene.mishap !== undefined) befall(scene.mishap, stage);
  // The truth is looked at, not what can be heard of it.
  const residence = (): readonly string[] =>
    [source, destination]
      .filter(({ register }) => register.get(uuid)?.state.state === 'running')
      .map(({ name }) => name);
  let found: readonly string[] | undefined;
  const onEvent = (event: RunEvent): void => {
    if (event.kind === 'phase' && event.phase === 'ended') found = residence();
  };
  const intent = { slaClass, importance, deadlineMs };
  const result = await steer(stage, intent, {
    capabilities: capabilitiesOf(scene),
    postCopyRecovery: scene.recoverable
      ? { allowed: true }
      : { allowed: false, because: 'a daemon would crash' },
    onEvent,
  });
  const foundLater = residence();
  return { ...result, found: found ?? foundLater, foundLater };
}

function befall({ what, atMs, lastsMs }: Mishap, stage: Stage): void {
  const { clock, world, source, destination, uuid } = stage;
  const linkBytesPerSecond = world.settings.linkBytesPerSecond;
  const daemonDies = (host: SimulatedHost): Fault => ({
    begin: () => world.killDaemon(host),
    end: () => host.setReachable(true),
  });
  const dies = (host: SimulatedHost): Fault => ({
    begin: () => world.killHost(host),
    end: () => undefined,
  });
  const faults: Readonly<Record<Mishap['what'], Fault>> = {
    'the source is not heard': unheard(source),
    'the destination is not heard': unheard(destination),
    "the source's daemon dies": daemonDies(source),
    "the destination's daemon dies": daemonDies(destination),
    'the source dies': dies(source),
    'the destination dies': dies(destination),
    'the link is cut': {
      begin: () => world.shapeLink(0),
      end: () => world.shapeLink(linkBytesPerSecond),
    },
    'post-copy breaks': { begin: () => source.breakPostCopy(uuid), end: () => undefined },
  };
  clock.schedule(atMs, faults[what].begin);
  clock.schedule(atMs + lastsMs, faults[what].end);
}

function unheard(host: SimulatedHost): Fault {
  return { begin: () => host.setReachable(false), end: () => host.setReachable(true) };
}

interface Fault {
  readonly begin: () => void;
  readonly end: () => void;
}

function capabilitiesOf(scene: Scene): MigrationCapabilities {
  const forbidden = { allowed: false, because: 'the admin forbids it' } as const;
  return {
    postCopy: scene.postCopy ? { allowed: true } : forbidden,
    postCopyRecoverable: scene.recoverable,
    autoConverge: scene.autoConverge ? { allowed: true } : forbidden,
    compression: scene.compression === true ? { allowed: true } : forbidden,
    memoryReading: scene.memoryReading === false ? forbidden : { allowed: true },
  };
}

const guests = fc
  .record({
    memoryMiB: fc.integer({ min: 64, max: 4_096 }),
    touched: fc.double({ min: 0.05, max: 1, noNaN: true }),
    workingSet: fc.double({ min: 0.01, max: 1, noNaN: true }),
    writeMiB: fc.double({ min: 0, max: 400, noNaN: true }),
    throttleEffect: fc.constantFrom(0, 0.5, 1),
    shrinksTo: fc.constantFrom(1, 0.9, 0.33, 0.01),
    pattern: fc.constantFrom<WritePattern>({ kind: 'random' }, { kind: 'sequential' }),
  })
  .map(({ memoryMiB, touched, workingSet, writeMiB, ...rest }): GuestModel => {
    const touchedBytes = Math.round(memoryMiB * touched) * mib + mib;
    return {
      name: 'guest',
      memoryBytes: memoryMiB * mib + mib,
      touchedBytes,
      workingSetBytes: Math.ceil(touchedBytes * workingSet),
      writeBytesPerSecond: writeMiB * mib,
      ...rest,
    };
  });

/** Any guest over any link, on any terms. */
export const scenes: fc.Arbitrary<Scene> = fc.record({
  guest: guests,
  linkBytesPerSecond: fc.integer({ min: 8, max: 1_000 }).map((rate) => rate * mib),
  syncMs: fc.constantFrom(60, Infinity),
  slaClass: fc.constantFrom(...slaClasses),
  importance: fc.constantFrom(...importances),
  deadlineMs: fc.constantFrom(undefined, 1_000, 60_000),
  postCopy: fc.boolean(),
  recoverable: fc.boolean(),
  autoConverge: fc.boolean(),
  compression: fc.boolean(),
});
