import type { Config } from '../fleet/config.ts';
import { hasCode, messageOf } from '../migration/look.ts';
import { livePhases, type MigrationRow } from '../store/rows.ts';
import type { Replica, Store, Waiting } from '../store/store.ts';
import { admissible } from './admission.ts';
import { Crew } from './crew.ts';
import { capped, capsOf, limitsOf } from './fleet.ts';
import type { JobPorts } from './job.ts';
import { Leases, type LeaseTimes } from './leases.ts';
import { sharesOf } from './shares.ts';
import type { World } from './world.ts';

/** How often leases are renewed, ms. */
const renewMs = 1_000;
/** How often what waits is looked at, and what was seen is kept, ms. */
const roundMs = 1_000;
/** So many are begun in one round, at most: each looks at two hosts first. */
const mostBegun = 200;
/** A replica may steer so many more than its part before it hands some over. */
const slack = 2;

/**
 * So many are read four times a second each; more share as many readings, and none is read less
 * than once in four seconds while it is far from its end. A core is then two thirds busy.
 */
const readAsUsual = 625;
const mostSpare = 16;

/** Which migrations this replica may take. */
export type Scope =
  /** All that wait and all that nobody steers. */
  | { readonly kind: 'all'; readonly capacity: number }
  /** Only those that it was asked for itself. */
  | { readonly kind: 'own'; readonly ids: ReadonlySet<string> };

export interface HelmPorts {
  readonly name: string;
  readonly store: Store;
  readonly world: World;
  readonly config: () => Config;
  readonly times: LeaseTimes;
  readonly scope: Scope;
  readonly measuredFor: JobPorts['measuredFor'];
  readonly log: (message: string, error: unknown) => void;
  /** At the beginning of each round. */
  readonly refresh: () => Promise<void>;
  /** One that was steered from here has ended, or is no longer steered from here. */
  readonly onEnd: () => void;
}

/** Takes migrations, steers them and hands them over, round by round. */
export class Helm {
  readonly #ports: HelmPorts;
  readonly #leases: Leases;
  readonly #crew: Crew;
  #shares: ReadonlyMap<string, number> = new Map();
  #replicas: readonly Replica[] = [];
  #trouble: string | undefined;
  #stopping = new AbortController();
  #wake = new AbortController();
  #running: Promise<unknown> | undefined;

  constructor(ports: HelmPorts) {
    this.#ports = ports;
    const { store, world, config, measuredFor, log, times } = ports;
    this.#leases = new Leases(store, world.clock, times);
    const shareOf = (id: string): number | undefined => this.#shares.get(id);
    const spare = (): number => Math.min(mostSpare, Math.max(1, this.#crew.size / readAsUsual));
    const onLanded = (): void => this.poke();
    const jobs = { store, world, config, shareOf, spare, measuredFor, onLanded, log };
    this.#crew = new Crew(jobs, this.#leases, () => {
      this.poke();
      ports.onEnd();
    });
  }

  get steering(): number {
    return this.#crew.size;
  }

  get lostLeases(): number {
    return this.#leases.lost;
  }

  get replicas(): readonly string[] {
    return this.#replicas.map(({ name }) => name);
  }

  /** Why the store does not answer; `undefined` where it does. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Whether this replica steers it now. */
  steers(id: string): boolean {
    return this.#leases.get(id) !== undefined;
  }

  start(): void {
    this.#running ??= Promise.all([this.#rounds(), this.#renewals()]);
  }

  /** Something may wait: the next round is now. */
  poke(): void {
    this.#wake.abort();
  }

  /** Hands everything over at once: it goes on meanwhile, and others steer it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.poke();
    await this.#running;
    await this.#handOver(this.#crew.size);
    await this.#quietly('leave', () => this.#ports.store.replicas.leave(this.#ports.name));
  }

  async #rounds(): Promise<void> {
    const { clock } = this.#ports.world;
    while (!this.#stopping.signal.aborted) {
      const startedMs = clock.nowMs();
      await this.#round();
      // Who is woken for each of a thousand requests would do nothing else: half the time is others'.
      await clock.sleep(clock.nowMs() - startedMs, this.#stopping.signal);
      await clock.sleep(roundMs, this.#wake.signal);
      this.#wake = new AbortController();
    }
  }

  /** However long a round takes, what is steered stays ours. */
  async #renewals(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#leases.renew();
      } catch (error) {
        this.#fail('leases could not be renewed', error);
      } finally {
        this.#leases.expire();
      }
      await this.#ports.world.clock.sleep(renewMs, signal);
    }
  }

  async #round(): Promise<void> {
    try {
      await this.#ports.refresh();
      await this.#beat();
      await this.#take();
      await this.#crew.report();
      this.#shares = await this.#shareOut();
      this.#trouble = undefined;
    } catch (error) {
      this.#fail('a round failed', error);
    }
  }

  #fail(what: string, error: unknown): void {
    this.#trouble = messageOf(error);
    const known = hasCode(error, 'store.unavailable');
    this.#ports.log(known ? 'the store does not answer' : what, error);
  }

  async #beat(): Promise<void> {
    const { store, name, times, scope } = this.#ports;
    if (scope.kind === 'own') return;
    this.#replicas = await store.replicas.beat(name, this.#crew.size, times.ttlMs);
    const excess = this.#crew.size - this.#part() - slack;
    if (excess > 0) await this.#handOver(excess);
  }

  /** What each replica has to steer of all that are steered. */
  #part(): number {
    if (this.#replicas.length <= 1) return Infinity;
    const all = this.#replicas.reduce((sum, { steering }) => sum + steering, 0);
    return Math.ceil(all / this.#replicas.length);
  }

  async #take(): Promise<void> {
    const { store, name, times, scope, world } = this.#ports;
    const room = this.#room();
    if (room <= 0) return;
    const only = scope.kind === 'own' ? this.#notYetOurs(scope.ids) : undefined;
    await this.#begin(() => store.leases.claim(name, times.ttlMs, room, only));
    const limits = limitsOf(this.#ports.config());
    await this.#begin(() =>
      store.leases.admit(name, times.ttlMs, (waiting) =>
        admissible(within(scope, waiting), limits, world.wallMs()).slice(0, this.#room()),
      ),
    );
  }

  #room(): number {
    const { scope } = this.#ports;
    if (scope.kind === 'own') return scope.ids.size;
    const part = this.#part();
    const fair = Number.isFinite(part) ? Math.max(part, 1) + slack : Infinity;
    return Math.min(mostBegun, Math.min(scope.capacity, fair) - this.#crew.size);
  }

  #notYetOurs(ids: ReadonlySet<string>): readonly string[] {
    return [...ids].filter((id) => !this.steers(id));
  }

  async #begin(give: () => Promise<readonly MigrationRow[]>): Promise<void> {
    const { world, name } = this.#ports;
    const askedAtMs = world.clock.nowMs();
    const rows = await give();
    this.#crew.begin(rows, this.#leases.take(rows, name, askedAtMs));
  }

  /** The shares of all that still use their ways, on all replicas, where any admin caps anything. */
  async #shareOut(): Promise<ReadonlyMap<string, number>> {
    const config = this.#ports.config();
    if (!capped(config) || this.#crew.size === 0) return new Map();
    const { items } = await this.#ports.store.migrations.list(
      { phases: livePhases.filter((phase) => phase !== 'queued') },
      { limit: mostShared },
    );
    const under = items.filter(({ id }) => !this.#crew.hasLanded(id));
    return sharesOf(under, capsOf(config));
  }

  async #handOver(count: number): Promise<void> {
    await this.#quietly('hand over', async () => {
      const held = await this.#crew.letGo(count);
      await this.#ports.store.leases.release(held.map(({ lease }) => lease));
    });
  }

  /** What cannot be given back runs out by itself. */
  async #quietly(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#ports.log(`could not ${what}`, error);
    }
  }
}

/** Who acts for himself alone does not keep a place for those whom others asked for. */
function within(scope: Scope, { queued, running }: Waiting): Waiting {
  if (scope.kind === 'all') return { queued, running };
  return { queued: queued.filter(({ id }) => scope.ids.has(id)), running };
}

/** More than this do not share one fleet's links at a time. */
const mostShared = 10_000;
