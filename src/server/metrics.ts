import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Controller, LiveEvent } from '../controller/controller.ts';
import { DroverError } from '../errors/catalogue.ts';
import type { OperationRow } from '../store/rows.ts';

const dayMs = 86_400_000;
const timeBuckets = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 3_600, 7_200];
const blackoutBuckets = [0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30];
const errorBuckets = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5];

/** What is measured of one server, in the form that Prometheus reads. */
export class Metrics {
  readonly registry = new Registry();
  readonly #migrations = this.#gauge(
    'drover_migrations',
    'Migrations under way, and those that ended within a day',
    ['phase', 'class', 'importance'],
  );
  readonly #operations = this.#gauge(
    'drover_operation_share',
    'How much of the memory of an operation under way has arrived, 0 to 1',
    ['kind', 'host', 'state'],
  );
  readonly #late = this.#gauge(
    'drover_operation_late_vms',
    'VMs of an operation under way that would come after its deadline',
    ['kind', 'host'],
  );
  readonly #staying = this.#gauge(
    'drover_operation_staying_vms',
    'VMs of an operation under way that stay where they are',
    ['kind', 'host'],
  );
  readonly #replica = this.#gauge('drover_replica_info', 'The name of this replica', ['name']);
  readonly #steering = this.#gauge('drover_steering', 'Migrations that this replica steers', []);
  readonly #replicas = this.#gauge('drover_replicas', 'Replicas that live', []);
  readonly #leasesLost = new Counter({
    name: 'drover_leases_lost_total',
    help: 'Leases lost to others, or to the silence of the store',
    registers: [this.registry],
  });
  readonly #lagOfHalf = this.#gauge(
    'drover_decision_lag_p50_seconds',
    'How late half of the decisions of the last minute are at most',
    [],
  );
  readonly #lagOfMost = this.#gauge(
    'drover_decision_lag_p99_seconds',
    'How late 99 of 100 decisions of the last minute are at most',
    [],
  );
  readonly #storeUp = this.#gauge('drover_store_up', 'Whether the store answers', []);
  readonly #listeners = this.#gauge('drover_event_streams', 'Those who listen to events', []);
  readonly #ended = new Counter({
    name: 'drover_migrations_ended_total',
    help: 'Migrations that ended, steered by this replica',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly #bytes = new Counter({
    name: 'drover_sent_bytes_total',
    help: 'Memory sent by migrations that ended here',
    registers: [this.registry],
  });
  readonly #time = this.#histogram('drover_migration_seconds', 'How long they took', timeBuckets);
  readonly #blackout = this.#histogram(
    'drover_blackout_seconds',
    'How long the guest stood still at switch-over',
    blackoutBuckets,
  );
  readonly #forecastError = this.#histogram(
    'drover_forecast_error_ratio',
    'How far the first forecast of the time was off',
    errorBuckets,
  );
  readonly #calls = new Counter({
    name: 'drover_hypervisor_calls_total',
    help: 'Calls to hosts, and those that failed',
    labelNames: ['call', 'result'],
    registers: [this.registry],
  });
  readonly #requests = new Counter({
    name: 'drover_http_requests_total',
    help: 'Requests to the API',
    labelNames: ['method', 'status'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'drover_' });
  }

  called(call: string, ok: boolean): void {
    this.#calls.inc({ call, result: ok ? 'ok' : 'error' });
  }

  answered(method: string, status: number): void {
    this.#requests.inc({ method, status });
  }

  listening(change: 1 | -1): void {
    this.#listeners.inc(change);
  }

  /** Counts what ended here. */
  heed(event: LiveEvent, replica: string): void {
    if (event.kind !== 'event' || event.type !== 'migration.ended') return;
    const ended = endedOf(event.data);
    if (ended.by !== replica) return;
    this.#ended.inc({ outcome: ended.phase });
    if (ended.sentBytes !== undefined) this.#bytes.inc(ended.sentBytes);
    if (ended.totalMs === undefined) return;
    this.#time.observe(ended.totalMs / 1000);
    if (ended.blackoutMs !== undefined) this.#blackout.observe(ended.blackoutMs / 1000);
    if (ended.forecastMs !== undefined && ended.totalMs > 0)
      this.#forecastError.observe(Math.abs(ended.forecastMs - ended.totalMs) / ended.totalMs);
  }

  /** Everything as it is now, as text. */
  async text(controller: Controller, nowMs: number): Promise<string> {
    const { replica, steering, replicas, lostLeases, storeTrouble, lagMs } = controller.status();
    this.#replica.set({ name: replica }, 1);
    this.#steering.set(steering);
    this.#replicas.set(replicas.length);
    this.#leasesLost.reset();
    this.#leasesLost.inc(lostLeases);
    this.#lagOfHalf.set(lagMs.p50 / 1000);
    this.#lagOfMost.set(lagMs.p99 / 1000);
    const counted = storeTrouble === undefined && (await this.#count(controller, nowMs));
    this.#storeUp.set(counted ? 1 : 0);
    return this.registry.metrics();
  }

  /** `false`: the store does not answer. What else is known is told all the same. */
  async #count({ store }: Controller, nowMs: number): Promise<boolean> {
    try {
      const counts = await store.migrations.counts(nowMs - dayMs);
      this.#migrations.reset();
      for (const { phase, slaClass, importance, count } of counts)
        this.#migrations.set({ phase, class: slaClass ?? 'unknown', importance }, count);
      this.#tellOperations(await store.operations.live());
      return true;
    } catch (error) {
      if (error instanceof DroverError && error.code === 'store.unavailable') return false;
      throw error;
    }
  }

  #tellOperations(live: readonly OperationRow[]): void {
    for (const gauge of [this.#operations, this.#late, this.#staying]) gauge.reset();
    for (const { kind, host = 'fleet', state, report } of live) {
      const stays = (report?.parts ?? []).filter((part) => part.state === 'stays');
      this.#operations.set({ kind, host, state }, report?.share ?? 0);
      this.#late.set({ kind, host }, report?.late.length ?? 0);
      this.#staying.set({ kind, host }, stays.length);
    }
  }

  #gauge(name: string, help: string, labelNames: string[]): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name, help, buckets, registers: [this.registry] });
  }
}

interface EndedData {
  readonly phase: string;
  readonly by: string | undefined;
  readonly totalMs: number | undefined;
  readonly blackoutMs: number | undefined;
  readonly forecastMs: number | undefined;
  readonly sentBytes: number | undefined;
}

function endedOf(data: unknown): EndedData {
  const fields: Readonly<Record<string, unknown>> =
    typeof data === 'object' && data !== null ? { ...data } : {};
  const number = (name: string): number | undefined => {
    const value = fields[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  };
  return {
    phase: String(fields['phase']),
    by: typeof fields['by'] === 'string' ? fields['by'] : undefined,
    totalMs: number('totalMs'),
    blackoutMs: number('blackoutMs'),
    forecastMs: number('forecastMs'),
    sentBytes: number('sentBytes'),
  };
}
