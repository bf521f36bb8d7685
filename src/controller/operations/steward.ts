import type { SeenWrites } from '../../hypervisor/port.ts';
import type { MigrationRow, OperationRow } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import type { World } from '../world.ts';
import { OperationRun, type RunPorts } from './run.ts';

/** How often operations have their round, ms; at once where a migration ended or one is due, but not more often than this. */
const roundMs = 1_000;
const leastMs = 200;
/** Whoever carries one out and is silent for so long has gone, ms. */
const dutyMs = 10_000;

export interface StewardPorts extends Omit<RunPorts, 'mayAct' | 'wake'> {
  readonly name: string;
  readonly store: Store;
  readonly world: World;
  /** Only these, where this process acts for itself alone. */
  readonly only: ReadonlySet<string> | undefined;
}

interface Underway {
  readonly run: OperationRun;
  round: Promise<void> | undefined;
}

/** Carries out operations; each is carried out by one replica at a time. */
export class Steward {
  readonly #ports: StewardPorts;
  readonly #runs = new Map<string, Underway>();
  readonly #end = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | undefined;

  constructor(ports: StewardPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#running ??= this.#rounds();
  }

  /** There is something new: the next round is now. */
  poke(): void {
    this.#wake.abort();
  }

  /** What the guest of a migration was seen to write by its operation; nothing where another replica carries that out. */
  measuredFor({ operationId, vm, from }: MigrationRow): readonly SeenWrites[] {
    const underway = operationId === undefined ? undefined : this.#runs.get(operationId);
    return underway?.run.measured(vm, from) ?? [];
  }

  /** Hands everything over at once. */
  async stop(): Promise<void> {
    this.#end.abort();
    this.poke();
    await this.#running;
    await Promise.all([...this.#runs].map(([id, underway]) => this.#leave(id, underway)));
  }

  async #rounds(): Promise<void> {
    const { clock } = this.#ports.world;
    while (!this.#end.signal.aborted) {
      try {
        await this.#round();
      } catch (error) {
        this.#ports.log('operations could not be looked at', error);
      }
      await clock.sleep(leastMs, this.#end.signal);
      await clock.sleep(Math.min(roundMs - leastMs, this.#dueInMs()), this.#wake.signal);
      this.#wake = new AbortController();
    }
  }

  #dueInMs(): number {
    return Math.min(...[...this.#runs.values()].map(({ run }) => run.dueInMs()));
  }

  async #round(): Promise<void> {
    const { store, only } = this.#ports;
    const live = await store.operations.live();
    const ours = only === undefined ? live : live.filter(({ id }) => only.has(id));
    const ids = new Set(ours.map(({ id }) => id));
    for (const [id, underway] of this.#runs)
      if (!ids.has(id) && underway.round === undefined) await this.#leave(id, underway);
    await Promise.all(ours.map((row) => this.#attend(row)));
  }

  async #attend(row: OperationRow): Promise<void> {
    if (!(await this.#mayAct(row.id))) {
      const underway = this.#runs.get(row.id);
      if (underway !== undefined && underway.round === undefined)
        await this.#leave(row.id, underway);
      return;
    }
    const underway = this.#runs.get(row.id) ?? this.#begin(row.id);
    // A round may take longer than a turn, where hosts are silent: the duty is kept meanwhile.
    underway.round ??= this.#have(underway, row);
  }

  #begin(id: string): Underway {
    const run = new OperationRun({
      ...this.#ports,
      mayAct: () => this.#mayAct(id),
      wake: () => this.poke(),
    });
    const underway = { run, round: undefined };
    this.#runs.set(id, underway);
    return underway;
  }

  async #have(underway: Underway, row: OperationRow): Promise<void> {
    try {
      await underway.run.round(row);
    } catch (error) {
      this.#ports.log(`a round of the operation ${row.id} failed`, error);
    } finally {
      underway.round = undefined;
    }
  }

  async #leave(id: string, underway: Underway): Promise<void> {
    this.#runs.delete(id);
    await underway.round;
    await underway.run.close();
    try {
      await this.#ports.store.replicas.layDown(dutyOf(id), this.#ports.name);
    } catch (error) {
      // It runs out by itself.
      this.#ports.log(`the operation ${id} could not be handed over`, error);
    }
  }

  #mayAct(id: string): Promise<boolean> {
    return this.#ports.store.replicas.duty(dutyOf(id), this.#ports.name, dutyMs);
  }
}

function dutyOf(id: string): string {
  return `operation ${id}`;
}
