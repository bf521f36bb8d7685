import type { HostFacts } from './port.ts';
import type { SimulatedJob } from './simulated-job.ts';
import type { HypervisorTraits } from './simulated-qemu.ts';
import type { Random } from './simulated-random.ts';
import type { Register } from './simulated-register.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What the simulated machines and the links between them are like. */
export interface WorldSettings {
  /** Of each host's card, in each direction. */
  readonly linkBytesPerSecond: number;
  /**
   * Time between two bitmap syncs, but for that in which the sender waits for its socket: Infinity
   * makes whole passes, as QEMU 10.0 does, and so does any QEMU in a migration that cannot switch to
   * post-copy.
   */
  readonly syncMs: number;
  /** Time from a migration's call to its first byte: until then post-copy cannot be started. */
  readonly setupMs: number;
  /** Time that every call to a host takes. */
  readonly callMs: number;
  /** What is not as QEMU of that kind was measured to be. */
  readonly traits?: Partial<HypervisorTraits>;
  /** What is not always the same; nothing where it is not given. */
  readonly noise?: Noise;
}

export interface Noise {
  /** The same seed gives the same course. */
  readonly seed: number;
  /** By which share of its rate the link goes up and down, 0 to 1. */
  readonly linkShare: number;
  /** Up to how much longer than `callMs` a call takes. */
  readonly callMs: number;
}

/** A host as the migrations that go from or to it see it. */
export interface Site {
  readonly name: string;
  readonly register: Register;
  facts(): Promise<HostFacts>;
}

/** What a host needs of the world around it. */
export interface World {
  readonly clock: VirtualClock;
  readonly settings: WorldSettings;
  readonly traits: HypervisorTraits;
  /** Draws for the calls; those for a job are its own, so that who looks does not change its course. */
  readonly random: Random;
  nextJobSeed(): number;
  hostAt(uri: string): Site | undefined;
  /** What a stream between two hosts would have at this instant, bytes/s. */
  linkBetween(from: string, to: string): number;
  admit(transfer: Transfer): void;
  dismiss(transfer: Transfer): void;
  /** The QEMU that a site has for this guest ends, and what it held with it. */
  killQemu(site: Site, uuid: string): void;
  /** The links are shared anew. */
  share(): void;
}

/** A job and the hosts that it goes between. */
export interface Transfer {
  readonly job: SimulatedJob;
  readonly from: string;
  readonly to: string;
  readonly uuid: string;
  /**
   * The daemons lose each other: what has not come to post-copy fails, or, where nobody is left to
   * end it, stays as it is; post-copy goes on by itself, and whoever asks is told that it broke.
   */
  readonly daemonsPart: (left: LeftOver) => void;
  readonly sourceDies: () => void;
  readonly destinationDies: () => void;
}

/** What of a switch-over is left when nobody carries it out any more. */
export type LeftOver =
  /** The source's daemon has its guest go on. */
  | 'nothing'
  /** The guest stands still at its source; over there its copy still waits. */
  | 'both-wait'
  /** The guest stands still at its source; the copy is gone. */
  | 'source-waits';
