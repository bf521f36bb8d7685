import type { HostFacts, HostSurvey } from './port.ts';
import { SimulatedHost } from './simulated-host.ts';
import { fairShares } from './simulated-links.ts';
import { type HypervisorTraits, qemu10, qemu11 } from './simulated-qemu.ts';
import { type Random, randomFrom } from './simulated-random.ts';
import type { LeftOver, Site, Transfer, World, WorldSettings } from './simulated-setting.ts';
import type { VirtualClock } from './virtual-clock.ts';

export { SimulatedHost } from './simulated-host.ts';
export type { LeftOver, WorldSettings } from './simulated-setting.ts';

/** Hosts, guests and the links between them, in virtual time: the same inputs give the same course, always. */
export class SimulatedWorld implements World {
  readonly clock: VirtualClock;
  readonly settings: WorldSettings;
  readonly traits: HypervisorTraits;
  readonly random: Random;
  readonly #hosts = new Map<string, SimulatedHost>();
  readonly #transfers = new Set<Transfer>();
  readonly #cards = new Map<string, number>();
  readonly #jobSeeds: Random;
  #linkBytesPerSecond: number;

  constructor(clock: VirtualClock, settings: WorldSettings) {
    this.clock = clock;
    this.settings = settings;
    const usual = settings.syncMs === Infinity ? qemu10 : qemu11;
    this.traits = { ...usual, ...settings.traits };
    const seed = settings.noise?.seed ?? 0;
    this.random = randomFrom(seed);
    this.#jobSeeds = randomFrom(~seed);
    this.#linkBytesPerSecond = settings.linkBytesPerSecond;
  }

  addHost(
    name: string,
    facts: Partial<HostFacts> = {},
    survey: Partial<HostSurvey> = {},
  ): SimulatedHost {
    const host = new SimulatedHost(this, name, facts, survey);
    this.#hosts.set(host.ways[0].uri, host);
    return host;
  }

  hostAt(uri: string): SimulatedHost | undefined {
    return this.#hosts.get(uri);
  }

  /** Changes the cards of all hosts, or of one, for every job under way; 0 cuts them off. */
  shapeLink(bytesPerSecond: number, host?: string): void {
    if (host === undefined) {
      this.#cards.clear();
      this.#linkBytesPerSecond = bytesPerSecond;
    } else this.#cards.set(host, bytesPerSecond);
    this.share();
  }

  /** A power cut: everything on the host is gone, and its peers hear nothing of it. */
  killHost(host: SimulatedHost): void {
    for (const { job } of this.#transfersOf(host)) job.fallDark();
    host.fallDark();
    this.shapeLink(0, host.name);
  }

  /** The power is back, and nothing runs: what still waits for an answer hears that nobody is there. */
  bootHost(host: SimulatedHost, bytesPerSecond: number): void {
    for (const { job } of this.#transfersOf(host)) if (job.isDark) job.fail('connection reset');
    this.shapeLink(bytesPerSecond, host.name);
    host.setReachable(true);
  }

  /** kill -9 of the daemon: guests, and post-copy, run on. `left`: of a switch-over that it began. */
  killDaemon(host: SimulatedHost, left: LeftOver = 'nothing'): void {
    this.partDaemons(host, left);
    host.setReachable(false);
  }

  /** The connections between this host's daemon and its peers break; everybody else is heard. */
  partDaemons(host: SimulatedHost, left: LeftOver = 'nothing'): void {
    for (const transfer of this.#transfersOf(host))
      transfer.daemonsPart(transfer.from === host.name ? left : 'nothing');
  }

  /** kill -9 of the QEMU that a host has for this guest: it runs there, waits there or leaves it. */
  killQemu(host: Site, uuid: string): void {
    const transfer = this.#transfersOf(host).find((one) => one.uuid === uuid);
    if (transfer?.from === host.name) transfer.sourceDies();
    else if (transfer !== undefined) transfer.destinationDies();
    else host.register.vanish(uuid);
  }

  /** The connections by which memory goes from or to this host are reset. */
  resetStreams(host: SimulatedHost): void {
    for (const { job } of this.#transfersOf(host)) job.fail('connection reset by peer');
  }

  nextJobSeed(): number {
    return Math.floor(this.#jobSeeds() * 2 ** 31);
  }

  linkBetween(from: string, to: string): number {
    return Math.min(this.#cardOf(from), this.#cardOf(to));
  }

  admit(transfer: Transfer): void {
    this.#transfers.add(transfer);
    this.share();
  }

  dismiss(transfer: Transfer): void {
    this.#transfers.delete(transfer);
    this.share();
  }

  share(): void {
    const transfers = [...this.#transfers];
    const [only] = transfers;
    if (only !== undefined && transfers.length === 1) {
      only.job.setLink(this.linkBetween(only.from, only.to));
      return;
    }
    const flowing = transfers.filter(({ job }) => job.wantedBytesPerSecond > 0);
    const flows = flowing.map(({ job, from, to }) => ({
      from,
      to,
      wantedBytesPerSecond: job.wantedBytesPerSecond,
    }));
    const shares = fairShares(flows, (host) => this.#cardOf(host));
    flowing.forEach(({ job }, index) => job.setLink(shares[index] ?? 0));
    // Whoever sends nothing now finds the link as it is, alive or dead.
    for (const { job, from, to } of transfers)
      if (job.wantedBytesPerSecond === 0) job.setLink(this.linkBetween(from, to));
  }

  #transfersOf(host: Pick<Site, 'name'>): readonly Transfer[] {
    return [...this.#transfers].filter(({ from, to }) => from === host.name || to === host.name);
  }

  #cardOf(host: string): number {
    return this.#cards.get(host) ?? this.#linkBytesPerSecond;
  }
}
