import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, emptyConfig } from '../../src/fleet/config.ts';
import { systemClock } from '../../src/hypervisor/clock.ts';
import { connectHost } from '../../src/hypervisor/libvirt/connect.ts';
import type { Host } from '../../src/hypervisor/port.ts';
import {
  addGuest,
  analyse,
  type GuestSpec,
  type HeartbeatWatcher,
  parseWorkload,
  removeGuest,
  setWorkload,
  type Workload,
  watchGuest,
} from '../../src/lab/guest/index.ts';
import { createLab, type Lab, type LabHost } from '../../src/lab/index.ts';
import { type LabFolder, labFolder } from '../lab-folder.ts';
import { guestMemoryBytes } from './cells.ts';
import { checkLink } from './link-check.ts';
import { lostWorkMs } from './lost-work.ts';

/** Undisturbed before a run: every run begins alike. */
const settleMs = 1_600;
/** What comes behind a switch-over belongs to it: a second of it, and what reads its beats is late. */
const afterMs = 1_200;
/** The memory is read once in ten seconds; on a machine under load, more slowly. */
const wholeCheckMs = 60_000;
const hostNames = ['h1', 'h2'] as const;
type HostName = (typeof hostNames)[number];

/** One way across: from the host where the guest is to the other. */
export interface Way {
  readonly vm: string;
  readonly uuid: string;
  readonly source: Host;
  readonly destination: Host;
  readonly config: Config;
  /** Runs a program on the source host. */
  readonly run: LabHost['exec'];
}

/** Who is moved to and fro. */
export interface StageGuest extends Pick<GuestSpec, 'kind' | 'memoryBytes'> {
  /** What its memory holds before anything is written; as little as can be by default. */
  readonly content?: Workload['content'];
}

/** It shrinks to nothing. */
const usualContent: Workload['content'] = 'compressible';

/** A guest that has not said anything after this has not started: Linux boots under emulation. */
const bootMs = { beat: 20_000, linux: 120_000 } as const;

/** What the guest does, as a workload's text, and how fast both hosts' links are. */
export interface Play {
  readonly does: string;
  readonly linkMbitPerSecond: number;
}

/** What the guest itself showed of a run. */
export interface Felt {
  readonly arrived: boolean;
  readonly blackoutMs: number;
  readonly lostWorkMs: number;
  /** What must never happen, in words; `undefined` where it did not. */
  readonly harm: Harm | undefined;
}

export interface Harm {
  readonly kind: 'corrupt' | 'lost';
  readonly message: string;
}

/** The hosts of one lab, and what they can. */
interface Ground {
  readonly suite: string;
  readonly lab: Lab;
  readonly folder: LabFolder;
  readonly hosts: Readonly<Record<HostName, Host>>;
  readonly config: Config;
  readonly postCopyRecoverable: boolean;
}

/** Two hosts and one guest, which is moved to and fro. */
export class Stage {
  readonly #ground: Ground;
  readonly #guest: StageGuest;
  /** What its guests are called, before their number. */
  readonly #named: string;
  #guests = 0;
  #name = '';
  #uuid = '';
  #at: HostName = 'h1';
  #watcher: HeartbeatWatcher | undefined;

  private constructor(ground: Ground, guest: StageGuest, named: string) {
    this.#ground = ground;
    this.#guest = guest;
    this.#named = named;
  }

  static async set(
    suite: string,
    guest: StageGuest = { kind: 'beat', memoryBytes: guestMemoryBytes },
  ): Promise<Stage> {
    const folder = await labFolder('steering');
    try {
      const lab = await createLab({ dir: folder.dir, hosts: 2, suite });
      const [h1, h2] = await Promise.all(hostNames.map((name) => connectTo(lab, name)));
      if (h1 === undefined || h2 === undefined) throw new Error('a host is missing');
      const { postCopyRecoverable } = await h1.facts();
      const ground = {
        suite,
        lab,
        folder,
        hosts: { h1, h2 },
        config: configOf(lab, guest),
        postCopyRecoverable: postCopyRecoverable.allowed,
      };
      return new Stage(ground, guest, 'guest');
    } catch (error) {
      await folder.clear();
      throw error;
    }
  }

  /** A stage for another guest of the same sort on the same hosts; they go down with this one. */
  beside(named: string): Stage {
    return new Stage(this.#ground, this.#guest, named);
  }

  get suite(): string {
    return this.#ground.suite;
  }

  /** Whether these hosts can mend a broken post-copy. */
  get postCopyRecoverable(): boolean {
    return this.#ground.postCopyRecoverable;
  }

  /** Where the guest is. */
  get at(): HostName {
    return this.#at;
  }

  /** Of both hosts. */
  get versions(): { readonly qemu: string; readonly libvirt: string } {
    const { qemuVersion, libvirtVersion } = this.#ground.lab.host('h1');
    return { qemu: qemuVersion, libvirt: libvirtVersion };
  }

  /** Nobody looks at its guest any more. */
  leave(): void {
    this.#watcher?.stop();
  }

  async down(): Promise<void> {
    this.leave();
    await Promise.all(hostNames.map((name) => this.#ground.hosts[name].close()));
    await this.#ground.folder.clear();
  }

  /** The link and what the guest does from now on. */
  async play({ does, linkMbitPerSecond }: Play): Promise<void> {
    await this.shapeLinks(linkMbitPerSecond);
    if (this.#watcher === undefined) await this.#newGuest();
    await setWorkload(this.#ground.lab.host(this.#at), this.#name, parseWorkload(does));
  }

  /** What both hosts' links carry from now on. */
  async shapeLinks(linkMbitPerSecond: number): Promise<void> {
    for (const name of hostNames) await this.#ground.lab.shape(name, linkMbitPerSecond * 1e6);
  }

  /** What the link that the guest will take carries, Mbit/s; rejects where that is not what it should be. */
  async checkLink(linkMbitPerSecond: number): Promise<number> {
    await this.shapeLinks(linkMbitPerSecond);
    return checkLink(this.#ground.lab, this.#ends(), linkMbitPerSecond);
  }

  /** Has the guest undisturbed, does the work, and tells what the guest felt meanwhile. */
  async watch<T>(
    work: (way: Way) => Promise<T>,
  ): Promise<{ readonly did: T; readonly felt: Felt }> {
    const undisturbedSinceMs = performance.now();
    await sleep(settleMs);
    const [from, to] = this.#ends();
    const startMs = performance.now();
    const did = await work(this.#way(from, to));
    const endMs = performance.now();
    await sleep(afterMs);
    const felt = this.#felt(to, { undisturbedSinceMs, startMs, endMs, untilMs: performance.now() });
    if (felt.harm === undefined) this.#at = felt.arrived ? to : from;
    else await this.#endGuest();
    return { did, felt };
  }

  /** A look at the guest where it is, before it moves. */
  async look<T>(work: (way: Way) => Promise<T>): Promise<T> {
    return work(this.#way(...this.#ends()));
  }

  #ends(): readonly [from: HostName, to: HostName] {
    return this.#at === 'h1' ? ['h1', 'h2'] : ['h2', 'h1'];
  }

  #way(from: HostName, to: HostName): Way {
    return {
      vm: this.#name,
      uuid: this.#uuid,
      source: this.#ground.hosts[from],
      destination: this.#ground.hosts[to],
      config: this.#ground.config,
      run: (argv, options) => this.#ground.lab.host(from).exec(argv, options),
    };
  }

  /** Waits until the guest has read all of its memory once more. */
  async checkWhole(): Promise<Harm | undefined> {
    if (this.#watcher === undefined) return undefined;
    const { errors } = await this.#watcher.wholeMemoryChecked(wholeCheckMs);
    return errors === 0 ? undefined : corrupt(`${errors} pages are damaged`);
  }

  #felt(
    to: HostName,
    window: { undisturbedSinceMs: number; startMs: number; endMs: number; untilMs: number },
  ): Felt {
    const { undisturbedSinceMs, startMs, untilMs } = window;
    const log = this.#logSince(undisturbedSinceMs);
    const report = analyse(log, window);
    const [host, ...others] = report.runsOn;
    return {
      arrived: host === to && others.length === 0,
      blackoutMs: report.blackout?.ms ?? untilMs - startMs,
      lostWorkMs: lostWorkMs(log.beats, { undisturbedSinceMs, fromMs: startMs, untilMs }),
      harm: harmIn(report),
    };
  }

  #logSince(sinceMs: number): HeartbeatWatcher['log'] {
    if (this.#watcher === undefined) throw new Error('there is no guest');
    const { beats, damages, torn } = this.#watcher.log;
    const recent = ({ atMs }: { readonly atMs: number }): boolean => atMs >= sinceMs;
    return {
      beats: beats.filter(recent),
      damages: damages.filter(recent),
      torn: torn.filter(recent),
    };
  }

  async #newGuest(): Promise<void> {
    this.#guests += 1;
    this.#name = `${this.#named}${this.#guests}`;
    this.#at = 'h1';
    const watcher = watchGuest(this.#ground.lab.hosts, this.#name);
    this.#watcher = watcher;
    const { kind, memoryBytes, content = usualContent } = this.#guest;
    await addGuest(this.#ground.lab.host('h1'), {
      name: this.#name,
      class: 'pet',
      kind,
      memoryBytes,
      workload: parseWorkload(`idle:content=${content}`),
      heartbeatHz: 100,
    });
    await watcher.nextBeat(() => true, bootMs[this.#guest.kind]);
    const domain = await this.#ground.hosts.h1.findDomain(this.#name);
    if (domain === undefined) throw new Error(`${this.#name} did not start`);
    this.#uuid = domain.uuid;
  }

  /** A guest that came to harm is not measured again. */
  async #endGuest(): Promise<void> {
    this.#watcher?.stop();
    this.#watcher = undefined;
    const ends = this.#ground.lab.hosts.map((host) => removeGuest(host, this.#name));
    await Promise.allSettled(ends);
  }
}

/** Of a guest whose memory shrinks to nothing nothing is compressed: it would seem a hundred times faster than any other. */
function configOf(lab: Lab, { content = usualContent }: StageGuest): Config {
  const settings = {
    postCopy: 'allowed',
    migrationTls: 'never',
    compression: content === usualContent ? 'forbidden' : 'allowed',
  } as const;
  const known = lab.hosts.map(({ name, uri, peerUri }) => [name, { uri, peerUri, ...settings }]);
  return { ...emptyConfig, hosts: Object.fromEntries(known) };
}

async function connectTo(lab: Lab, name: HostName): Promise<Host> {
  const { uri, peerUri } = lab.host(name);
  return connectHost(uri, {
    name,
    ways: [{ uri: peerUri, address: undefined }],
    clock: systemClock,
  });
}

function harmIn({ integrity, onePlace, runsOn }: ReturnType<typeof analyse>): Harm | undefined {
  if (runsOn.length === 0) return { kind: 'lost', message: 'the guest is silent' };
  if (onePlace !== 'ok') return corrupt(onePlace);
  return integrity === 'ok' ? undefined : corrupt(integrity);
}

function corrupt(message: string): Harm {
  return { kind: 'corrupt', message };
}
