import { memoryRateOf } from '../forecast/shrinking.ts';
import type { Sample } from '../forecast/telemetry.ts';
import type { DomainChange } from '../hypervisor/port.ts';
import type { ActionKind, Decision } from '../steering/decision.ts';
import { isTurn } from '../steering/turns.ts';
import type { RunEvent } from './events.ts';
import { type Progress, progressAfter } from './progress.ts';
import type { Blackout } from './result.ts';

/** What is asked of the newest reading after it was told. */
export type Latest = Pick<
  Sample,
  'throughputBytesPerSecond' | 'memoryRemainingBytes' | 'memorySentBytes'
>;

/** Tells a run's watcher what happens, each thing once. Times are ms since its start. */
export class Record {
  #latest: Latest | undefined;
  #progress: Progress | undefined;
  /** Of the last turn. */
  #action: ActionKind | undefined;
  #notice: string | undefined;
  #suspendedAtMs: number | undefined;
  #resumedAtMs: number | undefined;
  readonly #tell: (event: RunEvent) => void;

  constructor(tell: (event: RunEvent) => void, action: ActionKind | undefined) {
    this.#tell = tell;
    this.#action = action;
  }

  /** The newest reading. */
  get latest(): Latest | undefined {
    return this.#latest;
  }

  phase(phase: Extract<RunEvent, { kind: 'phase' }>['phase'], atMs: number): void {
    this.#tell({ kind: 'phase', phase, atMs });
  }

  notice(message: string, atMs: number): void {
    if (this.#notice === message) return;
    this.#notice = message;
    this.#tell({ kind: 'notice', message, atMs });
  }

  why(message: string): void {
    this.#tell({ kind: 'why', message });
  }

  sample(sample: Sample, etaMs: number | undefined): void {
    this.#latest = latestOf(sample);
    this.#progress = progressAfter(this.#progress, sample, etaMs);
    this.#tell({ kind: 'progress', progress: this.#progress, sample });
  }

  /** Tells the turns. */
  decision(decision: Decision): void {
    if (!isTurn(this.#action, decision)) return;
    this.#action = decision.action.kind;
    this.#tell({ kind: 'decision', decision });
  }

  /** Notes the two instants between which the guest stood still. */
  change({ kind, atMs }: DomainChange, at: 'source' | 'destination'): void {
    if (kind === 'suspended-for-switch-over' && at === 'source') this.#suspendedAtMs ??= atMs;
    if (kind !== 'resumed' && kind !== 'resumed-split') return;
    // Started again at the source: that switch-over came to nothing.
    if (at === 'source') this.#suspendedAtMs = undefined;
    else this.#resumedAtMs ??= atMs;
    if (kind === 'resumed' && at === 'destination') this.#tell({ kind: 'landed' });
  }

  /** The pause between the events of both hosts, as they reached us. */
  blackoutByEvents(): Blackout | undefined {
    if (this.#suspendedAtMs === undefined || this.#resumedAtMs === undefined) return undefined;
    return { ms: Math.max(0, this.#resumedAtMs - this.#suspendedAtMs), measuredBy: 'events' };
  }
}

/** The throughput is of memory, to be beside what remains of it. */
function latestOf(sample: Sample): Latest {
  const { memoryRemainingBytes, memorySentBytes } = sample;
  const throughputBytesPerSecond = memoryRateOf(sample);
  return { throughputBytesPerSecond, memoryRemainingBytes, memorySentBytes };
}
