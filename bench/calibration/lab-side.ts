import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/hypervisor/clock.ts';
import { connectHost } from '../../src/hypervisor/libvirt/connect.ts';
import type { Host } from '../../src/hypervisor/port.ts';
import {
  addGuest,
  analyse,
  type Beat,
  parseWorkload,
  removeGuest,
  watchGuest,
} from '../../src/lab/guest/index.ts';
import { createLab, type Lab } from '../../src/lab/index.ts';
import { type LabFolder, labFolder } from '../lab-folder.ts';
import { drive, type Figures } from './drive.ts';
import { guestMemoryBytes, heartbeatHz, type Scene } from './scenes.ts';

/** What the guest was at when its migration was called for: the simulated one goes on from there. */
export interface Moment {
  /** Pages that it had written since it began. */
  readonly pages: number;
  /** How long it had been at its work, ms. */
  readonly workedMs: number;
}

export interface LabRun {
  readonly figures: Figures;
  readonly moment: Moment;
}

const undisturbedMs = 1_500;
const settledMs = 1_200;

/** A lab, and where it lies. */
interface Ground {
  readonly lab: Lab;
  readonly folder: LabFolder;
}

/** Two hosts of a suite, on which scenes are played one after the other. */
export class LabSide {
  readonly #lab: Lab;
  readonly #source: Host;
  readonly #folder: LabFolder;
  readonly #destination: Host;
  #guests = 0;

  private constructor(ground: Ground, source: Host, destination: Host) {
    this.#lab = ground.lab;
    this.#folder = ground.folder;
    this.#source = source;
    this.#destination = destination;
  }

  static async up(suite: string): Promise<LabSide> {
    const folder = await labFolder('calibration');
    try {
      const lab = await createLab({ dir: folder.dir, hosts: 2, suite });
      return new LabSide({ lab, folder }, await connectTo(lab, 'h1'), await connectTo(lab, 'h2'));
    } catch (error) {
      await folder.clear();
      throw error;
    }
  }

  async down(): Promise<void> {
    await Promise.all([this.#source.close(), this.#destination.close()]);
    await this.#folder.clear();
  }

  async shape(linkMbitPerSecond: number): Promise<void> {
    for (const { name } of this.#lab.hosts) await this.#lab.shape(name, linkMbitPerSecond * 1e6);
  }

  async play(scene: Scene, linkMbitPerSecond: number): Promise<LabRun> {
    this.#guests += 1;
    const name = `guest${this.#guests}`;
    const watcher = watchGuest(this.#lab.hosts, name);
    try {
      await addGuest(this.#lab.host('h1'), {
        name,
        class: 'pet',
        kind: 'beat',
        memoryBytes: guestMemoryBytes,
        workload: parseWorkload(scene.workload),
        heartbeatHz,
      });
      await watcher.nextBeat(() => true, 20_000);
      await sleep(undisturbedMs);
      const domain = await this.#source.findDomain(name);
      if (domain === undefined) throw new Error(`${name} did not start`);
      const hosts = { source: this.#source, destination: this.#destination };
      const startMs = performance.now();
      const driven = await drive(hosts, domain.uuid, scene, linkMbitPerSecond, systemClock);
      const endMs = performance.now();
      await sleep(settledMs);
      const { beats } = watcher.log;
      const { blackout } = analyse(watcher.log, { startMs, endMs, untilMs: performance.now() });
      if (blackout === undefined) throw new Error(`${name} showed no switch-over`);
      const blackoutMs = blackout.ms - 1000 / heartbeatHz;
      return { figures: { ...driven, blackoutMs }, moment: momentAt(beats, startMs) };
    } finally {
      watcher.stop();
      await Promise.allSettled(this.#lab.hosts.map((host) => removeGuest(host, name)));
    }
  }
}

/** By the beats before and after. */
function momentAt(beats: readonly Beat[], atMs: number): Moment {
  const [first] = beats;
  const before = beats.findLast((beat) => beat.atMs <= atMs);
  if (first === undefined || before === undefined) throw new Error('the guest had not begun');
  const { ratePagesPerSecond: rate, pages, guestMs } = before;
  const sinceMs = atMs - before.atMs;
  return {
    pages: pages + (rate === 'full' ? 0 : (rate * sinceMs) / 1000),
    workedMs: guestMs - first.guestMs + sinceMs,
  };
}

async function connectTo(lab: Lab, name: string): Promise<Host> {
  const { uri, peerUri } = lab.host(name);
  return connectHost(uri, {
    name,
    ways: [{ uri: peerUri, address: undefined }],
    clock: systemClock,
  });
}
