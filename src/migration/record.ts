import type { Sample } from '../forecast/telemetry.ts';
import type { DomainChange } from '../hypervisor/port.ts';
import type { Decision } from '../steering/decision.ts';
import { isTurn } from '../steering/turns.ts';
import type { RunEvent } from './events.ts';
import { type Progress, progressAfter } from './progress.ts';
import type { Blackout } from './result.ts';

/** More samples than this are thinned to every other one: a curve needs no more. */
const mostSamples = 2_000;

/** What a run leaves behind, told to its watcher as it happens. Times are ms since its start. */
export class Record {
  readonly decisions: Decision[] = [];
  readonly why: string[] = [];
  telemetry: Sample[] = [];
  #progress: Progress | undefined;
  #suspendedAtMs: number | undefined;
  #resumedAtMs: number | undefined;
  readonly #tell: (event: RunEvent) => void;

  constructor(tell: (event: RunEvent) => void) {
    this.#tell = tell;
  }

  phase(phase: Extract<RunEvent, { kind: 'phase' }>['phase'], atMs: number): void {
    this.#tell({ kind: 'phase', phase, atMs });
  }

  notice(message: string, atMs: number): void {
    if (this.why.at(-1) === message) return;
    this.why.push(message);
    this.#tell({ kind: 'notice', message, atMs });
  }

  sample(sample: Sample, etaMs: number | undefined): void {
    this.telemetry.push(sample);
    if (this.telemetry.length > mostSamples) {
      this.telemetry = this.telemetry.filter((_, index) => index % 2 === 0);
    }
    this.#progress = progressAfter(this.#progress, sample, etaMs);
    this.#tell({ kind: 'progress', progress: this.#progress, soFar: this });
  }

  /** Keeps the turns. */
  decision(decision: Decision): void {
    if (!isTurn(this.decisions.at(-1), decision)) return;
    const { kind } = decision.action;
    this.decisions.push(decision);
    if (kind !== 'wait') this.why.push(decision.why);
    this.#tell({ kind: 'decision', decision });
  }

  /** Notes the two instants between which the guest stood still. */
  change({ kind, atMs }: DomainChange, at: 'source' | 'destination'): void {
    if (kind === 'suspended-for-switch-over' && at === 'source') this.#suspendedAtMs ??= atMs;
    if (kind !== 'resumed') return;
    // Started again at the source: that switch-over came to nothing.
    if (at === 'source') this.#suspendedAtMs = undefined;
    else this.#resumedAtMs ??= atMs;
  }

  /** The pause between the events of both hosts, as they reached us. */
  blackoutByEvents(): Blackout | undefined {
    if (this.#suspendedAtMs === undefined || this.#resumedAtMs === undefined) return undefined;
    return { ms: Math.max(0, this.#resumedAtMs - this.#suspendedAtMs), measuredBy: 'events' };
  }
}
