import { examineFleet } from '../doctor/doctor.ts';
import { DroverError } from '../errors/catalogue.ts';
import type { Config } from '../fleet/config.ts';
import { resolveHost } from '../fleet/hosts.ts';
import { abortMigration } from '../migration/abort.ts';
import { surveyJob } from '../migration/adoption.ts';
import { importanceOf } from '../migration/approach.ts';
import { forecastVm } from '../migration/foresight.ts';
import { keepsNothing } from '../migration/keeping.ts';
import type { Surroundings } from '../migration/surroundings.ts';
import { getTags, setTags } from '../migration/tags.ts';
import {
  type Closure,
  type HostRow,
  type MigrationRow,
  type NewEvent,
  unended,
} from '../store/rows.ts';
import type { NewWishes, Store } from '../store/store.ts';
import type { Asker } from './asker.ts';
import { audited, type Deed } from './audit.ts';
import { BusyWatch } from './busy.ts';
import type {
  AdoptRequest,
  Controller,
  ForecastRequest,
  MigrationRequest,
  MoveRequest,
  Requested,
} from './controller.ts';
import { findMigration, recordingOf } from './find.ts';
import { fleetHosts, wholeConfig } from './fleet.ts';
import { Helm, type Scope } from './helm.ts';
import { Hub } from './hub.ts';
import { takeInventory } from './inventory.ts';
import { LagClock } from './lag.ts';
import { type LeaseTimes, usualLeaseTimes } from './leases.ts';
import { inOnePlace } from './one-place.ts';
import { OperationDesk } from './operations/desk.ts';
import { type FoundMove, findMove } from './operations/guide.ts';
import type { PartRequest } from './operations/run.ts';
import { Steward } from './operations/steward.ts';
import { hostBusy, hostExists, movesAlready, noHost, pastReturn, stale } from './refusals.ts';
import { Rota } from './rota.ts';
import { realWorld, type World } from './world.ts';

export interface ControllerOptions {
  readonly store: Store;
  readonly config: Config;
  /** Of this replica, among all on the same store. */
  readonly name: string;
  /** `own`: steers only what it is asked for itself, as a command does that embeds it. */
  readonly scope: 'all' | 'own';
  /** Migrations at once, at most. */
  readonly capacity?: number;
  readonly times?: LeaseTimes;
  readonly world?: World;
  /** What an operator should know: the store's silence, faults of ours. */
  readonly log: (message: string, error: unknown) => void;
}

/** How often hosts are looked at, and old things let go, ms. */
const inventoryMs = 30_000;
const pruneMs = 3_600_000;

/** As many as one core steers. */
const usualCapacity = 10_000;

/** See Controller. */
export function makeController(options: ControllerOptions): Controller {
  return new FleetController(options);
}

class FleetController implements Controller {
  readonly store: Store;
  readonly #world: World;
  readonly #clock: LagClock;
  readonly #helm: Helm;
  readonly #hub: Hub;
  readonly #rota: Rota;
  readonly operations: OperationDesk;
  readonly #steward: Steward;
  readonly #own = new Set<string>();
  readonly #busy = new BusyWatch();
  readonly #log: ControllerOptions['log'];
  readonly #name: string;
  readonly #scope: ControllerOptions['scope'];
  #file: Config;
  #added: readonly HostRow[] = [];
  #closures: readonly Closure[] = [];
  #whole: Config;

  constructor(options: ControllerOptions) {
    const { store, config, name, scope, log, world = realWorld } = options;
    this.store = store;
    this.#file = config;
    this.#whole = config;
    this.#log = log;
    this.#name = name;
    this.#scope = scope;
    this.#clock = world.clock instanceof LagClock ? world.clock : new LagClock(world.clock);
    this.#world = { ...world, clock: this.#clock };
    const within: Scope =
      scope === 'own'
        ? { kind: 'own', ids: this.#own }
        : { kind: 'all', capacity: options.capacity ?? usualCapacity };
    this.#helm = new Helm({
      name,
      store,
      world: this.#world,
      config: () => this.#whole,
      times: options.times ?? usualLeaseTimes,
      scope: within,
      log,
      measuredFor: (row) => this.#steward.measuredFor(row),
      refresh: () => this.#refresh(),
      onEnd: () => this.#steward.poke(),
    });
    this.#hub = new Hub(store, world.clock, log);
    this.#rota = new Rota(name, store, this.#world, log);
    const ports = { store, world: this.#world, config: () => this.#whole, log };
    this.operations = new OperationDesk({
      ...ports,
      refresh: () => this.#refresh(),
      onChange: (id) => this.#attend(id),
    });
    this.#steward = new Steward({
      ...ports,
      name,
      only: scope === 'own' ? this.#own : undefined,
      begin: (part) => this.#beginPart(part),
    });
  }

  async start(): Promise<void> {
    await this.#refresh();
    this.#helm.start();
    this.#steward.start();
    if (this.#scope === 'all')
      this.#rota.start([
        { name: 'inventory', everyMs: inventoryMs, work: () => this.#takeInventory() },
        { name: 'prune', everyMs: pruneMs, work: () => this.#prune() },
      ]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#rota.stop(), this.#steward.stop()]);
    this.#hub.close();
    await this.#helm.stop();
  }

  reload(config: Config): void {
    this.#file = config;
    this.#whole = wholeConfig(config, this.#added, this.#closures);
  }

  config(): Config {
    return this.#whole;
  }

  migrate(request: MoveRequest, by: Asker): Promise<Requested> {
    const deed = { what: 'migration.create', subject: request.vm, details: request };
    return this.#audited(by, deed, async () => {
      await this.#refresh();
      for (const host of [request.from, request.to])
        if (host !== undefined) resolveHost(this.#whole, host);
      return this.#create(await this.#found(request), 'request', by);
    });
  }

  adopt(request: AdoptRequest, by: Asker): Promise<Requested> {
    const deed = { what: 'migration.adopt', subject: request.vm, details: request };
    return this.#audited(by, deed, async () => {
      await this.#refresh();
      const { vm, importance, reason } = request;
      const from = resolveHost(this.#whole, request.from);
      const candidates =
        request.to === undefined
          ? Object.keys(this.#whole.hosts).map((name) => resolveHost(this.#whole, name))
          : [resolveHost(this.#whole, request.to)];
      const asked = { vm, importance, reason, from, candidates };
      const { to } = await surveyJob(asked, this.#whole, this.#surroundings());
      return this.#create({ ...request, to: to.name }, 'adopted', by);
    });
  }

  find(wanted: string): Promise<MigrationRow> {
    return findMigration(this.store, wanted);
  }

  change(
    id: string,
    change: Parameters<Controller['change']>[1],
    by: Asker,
    ifRevision?: number,
  ): Promise<MigrationRow> {
    const deed = { what: 'migration.change', subject: id, details: change };
    return this.#audited(by, deed, () => this.#wish(id, change, by, ifRevision));
  }

  abort(id: string, by: Asker, ifRevision?: number): Promise<MigrationRow> {
    const deed = { what: 'migration.abort', subject: id, details: {} };
    return this.#audited(by, deed, async () => {
      const row = await this.store.migrations.get(id);
      if (row?.phase === 'post-copy' || row?.phase === 'recovering') throw pastReturn(row);
      return this.#wish(id, { cancelRequested: true }, by, ifRevision);
    });
  }

  abortVm(
    where: { readonly vm: string; readonly from: string },
    by: Asker,
  ): ReturnType<Controller['abortVm']> {
    const deed = { what: 'vm.abort', subject: where.vm, details: where };
    return this.#audited(by, deed, async () => {
      await this.#refresh();
      const host = this.#world.hostAt(resolveHost(this.#whole, where.from), mayAlways);
      try {
        return await abortMigration(host, where.vm, this.#clock);
      } finally {
        await host.close();
      }
    });
  }

  takeUp(id: string): void {
    this.#claim(id);
    this.#helm.poke();
    this.#steward.poke();
  }

  recording(id: string): ReturnType<Controller['recording']> {
    return recordingOf(this.store, id);
  }

  async forecast(
    request: Parameters<Controller['forecast']>[0],
  ): ReturnType<Controller['forecast']> {
    await this.#refresh();
    return forecastVm(await this.#found(request), this.#whole, this.#surroundings());
  }

  async hosts(): ReturnType<Controller['hosts']> {
    await this.#refresh();
    return fleetHosts(this.#file, this.#added, this.#closures);
  }

  putHost(host: Omit<HostRow, 'revision'>, by: Asker, ifRevision?: number): Promise<HostRow> {
    const deed = { what: 'host.set', subject: host.name, details: host };
    return this.#audited(by, deed, async () => {
      this.#refuseProvisioned(host.name);
      const event = this.#event('host.changed', host.name, { by: by.who });
      const row = await this.store.hosts.put(host, event, ifRevision);
      if (row === 'stale') throw ifRevision === 0 ? hostExists(host.name) : stale(host.name);
      await this.#refresh();
      return row;
    });
  }

  removeHost(name: string, by: Asker, ifRevision?: number): Promise<void> {
    const deed = { what: 'host.remove', subject: name, details: {} };
    return this.#audited(by, deed, async () => {
      this.#refuseProvisioned(name);
      const { items } = await this.store.migrations.list(
        { host: name, phases: unended },
        { limit: 1 },
      );
      const [busy] = items;
      if (busy !== undefined) throw hostBusy(name, busy);
      const event = this.#event('host.removed', name, { by: by.who });
      const removed = await this.store.hosts.remove(name, event, ifRevision);
      if (removed === 'missing') throw noHost(name);
      if (removed === 'stale') throw stale(name);
      await this.#refresh();
    });
  }

  async examine(): ReturnType<Controller['examine']> {
    const hosts = await this.hosts();
    return examineFleet(hosts, (host) => this.#world.hostAt(host, mayAlways));
  }

  async vms(
    filter: { readonly host?: string; readonly name?: string },
    look: boolean,
  ): ReturnType<Controller['vms']> {
    const silent = look ? await this.#takeInventory(filter.host) : [];
    const { host, ...named } = filter;
    const placed = inOnePlace(await this.store.vms.list(named));
    return { vms: placed.filter((vm) => host === undefined || vm.host === host), silent };
  }

  async tags(where: Parameters<Controller['tags']>[0]): ReturnType<Controller['tags']> {
    await this.#refresh();
    return getTags(where, this.#whole, this.#surroundings());
  }

  setTags(
    where: Parameters<Controller['setTags']>[0],
    changes: Parameters<Controller['setTags']>[1],
    by: Asker,
  ): ReturnType<Controller['setTags']> {
    const deed = { what: 'vm.tag', subject: where.vm, details: { ...where, changes } };
    return this.#audited(by, deed, async () => {
      await this.#refresh();
      return setTags(where, changes, this.#whole, this.#surroundings());
    });
  }

  subscribe(...listening: Parameters<Controller['subscribe']>): Promise<() => void> {
    return this.#hub.subscribe(...listening);
  }

  status(): ReturnType<Controller['status']> {
    const [p50 = 0, p99 = 0] = this.#clock.quantiles([0.5, 0.99]);
    return {
      replica: this.#name,
      replicas: this.#helm.replicas,
      steering: this.#helm.steering,
      lostLeases: this.#helm.lostLeases,
      storeTrouble: this.#helm.trouble,
      lagMs: { p50, p99 },
    };
  }

  /** With what of its way was left open. */
  async #found<T extends ForecastRequest>(
    request: T,
  ): Promise<Omit<T, keyof FoundMove> & FoundMove> {
    const ports = {
      store: this.store,
      world: this.#world,
      config: () => this.#whole,
      log: this.#log,
    };
    return { ...request, ...(await findMove(request, importanceOf(request), ports)) };
  }

  async #create(
    request: MigrationRequest,
    origin: MigrationRow['origin'],
    by: Asker,
  ): Promise<Requested> {
    const { vm, from, to, reason, deadlineAt, operationId, requestKey } = request;
    const importance = importanceOf(request);
    const id = this.#world.newId();
    const asked = { vm, from, to, importance, reason, deadlineAt, operationId };
    const whole = { id, origin, ...asked, requestedBy: by.who, requestedAt: this.#world.wallMs() };
    const event = this.#event('migration.queued', id, { ...asked, origin, by: by.who });
    const { how, row } = await this.store.migrations.create({ ...whole, requestKey }, event);
    if (how === 'busy') throw movesAlready(request, row);
    this.#claim(row.id);
    this.#helm.poke();
    return { row, created: how === 'created' };
  }

  #attend(id: string): void {
    this.#claim(id);
    this.#steward.poke();
  }

  /** Who steers all does not keep in mind what he was asked for himself. */
  #claim(id: string): void {
    if (this.#scope === 'own') this.#own.add(id);
  }

  async #beginPart({ operation, ...part }: PartRequest): Promise<void> {
    const { id, reason, requestedBy } = operation;
    const by = { who: requestedBy, from: `operation ${id}` };
    await this.#create({ ...part, reason, operationId: id }, 'request', by);
  }

  async #wish(
    id: string,
    wishes: NewWishes,
    by: Asker,
    ifRevision: number | undefined,
  ): Promise<MigrationRow> {
    const event = this.#event('migration.changed', id, { ...wishes, by: by.who });
    const row = await this.store.migrations.wish(id, wishes, event, ifRevision);
    if (row === 'missing')
      throw new DroverError('migration.not-found', `No migration ${id} is kept`);
    if (row === 'ended') throw new DroverError('migration.ended', `The migration ${id} has ended`);
    if (row === 'stale') throw stale(id);
    this.#helm.poke();
    return row;
  }

  /** The hosts that were added, also over other replicas. */
  async #refresh(): Promise<void> {
    [this.#added, this.#closures] = await Promise.all([
      this.store.hosts.list(),
      this.store.closures.list(),
    ]);
    this.#whole = wholeConfig(this.#file, this.#added, this.#closures);
  }

  /** Returns the hosts that did not answer. */
  async #takeInventory(only?: string): Promise<readonly string[]> {
    await this.#refresh();
    const names = only === undefined ? Object.keys(this.#whole.hosts) : [only];
    for (const name of names) resolveHost(this.#whole, name);
    const { store } = this;
    const looking = { config: this.#whole, world: this.#world, busy: this.#busy };
    return takeInventory(names, store, looking);
  }

  async #prune(): Promise<void> {
    const { migrations, telemetry, events, audit } = this.#whole.retention;
    const keep = {
      migrationsMs: migrations,
      telemetryMs: telemetry,
      eventsMs: events,
      auditMs: audit,
    };
    await this.store.prune(keep, this.#world.wallMs());
  }

  #surroundings(): Surroundings {
    return {
      clock: this.#clock,
      hostAt: (host) => this.#world.hostAt(host, mayAlways),
      keeping: {
        ...keepsNothing,
        lessons: (of, limit) => this.store.migrations.lessons(of, limit),
      },
    };
  }

  #refuseProvisioned(name: string): void {
    if (this.#file.hosts[name] === undefined) return;
    throw new DroverError('host.provisioned', `${name} is set in the config file`, {
      hint: 'Change it there: it is read anew as soon as it changes.',
    });
  }

  #audited<T>(by: Asker, deed: Deed, work: () => Promise<T>): Promise<T> {
    const { store } = this;
    const log = this.#log;
    return audited({ store, at: this.#world.wallMs(), log }, by, deed, work);
  }

  #event(type: string, subject: string, data: unknown): NewEvent {
    return { at: this.#world.wallMs(), type, subject, data };
  }
}

/** Nobody else has a say in what a person asks of a host itself. */
function mayAlways(): void {}
