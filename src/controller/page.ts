import type { RunEvent } from '../migration/events.ts';
import type { Progress } from '../migration/progress.ts';
import type { Decision } from '../steering/decision.ts';
import type { Chapter, Lease, NewEvent, StoredProgress } from '../store/rows.ts';
import type { Report } from '../store/store.ts';
import { SampleList } from './sample-list.ts';

/** More than this is not held back while the store does not answer: the newest count. */
const mostSamplesHeld = 2_000;

/** What one migration has shown and nobody has kept yet. */
export class Page {
  #samples = new SampleList(mostSamplesHeld);
  #decisions: Decision[] = [];
  #why: string[] = [];
  #events: NewEvent[] = [];
  #progress: StoredProgress | undefined;
  /** How long the first decision expected it to take, ms. */
  firstForecastMs: number | undefined;
  readonly #id: string;
  readonly #wallMs: () => number;

  /** `wallMs`: the time of day, ms since 1970. */
  constructor(id: string, wallMs: () => number) {
    this.#id = id;
    this.#wallMs = wallMs;
  }

  heed(event: RunEvent): void {
    switch (event.kind) {
      case 'progress':
        this.#samples.push(event.sample);
        this.#progress = progressOf(event.progress);
        return;
      case 'decision':
        this.#decide(event.decision);
        return;
      case 'notice':
        this.#why.push(event.message);
        this.note('migration.notice', { message: event.message });
        return;
      case 'why':
        this.#why.push(event.message);
        return;
      case 'phase':
        return;
    }
  }

  note(type: string, data: unknown): void {
    this.#events.push({ at: this.#wallMs(), type, subject: this.#id, data });
  }

  /** All that is not kept yet; it is given away with this. `undefined`: nothing. */
  tear(
    lease: Lease,
  ): { readonly report: Report; readonly events: readonly NewEvent[] } | undefined {
    const chapter = this.tearChapter();
    const events = this.#events;
    const progress = this.#progress;
    this.#events = [];
    this.#progress = undefined;
    const empty = chapter.samples.length + chapter.decisions.length + chapter.why.length === 0;
    if (empty && events.length === 0) return undefined;
    return {
      report: { lease, ...chapter, ...(progress === undefined ? {} : { progress }) },
      events,
    };
  }

  /** Takes back what could not be kept, before what has come since. */
  putBack(report: Report, events: readonly NewEvent[]): void {
    const later = this.#samples.take();
    for (const sample of [...(report.samples ?? []), ...later]) this.#samples.push(sample);
    this.#decisions = [...(report.decisions ?? []), ...this.#decisions];
    this.#why = [...(report.why ?? []), ...this.#why];
    this.#events = [...events, ...this.#events];
    this.#progress ??= report.progress;
  }

  tearChapter(): Chapter {
    const samples = this.#samples.take();
    const chapter = { samples, decisions: this.#decisions, why: this.#why };
    this.#decisions = [];
    this.#why = [];
    return chapter;
  }

  /** The first decision says how long it will take; one without an end says nothing of that. */
  foresee({ atMs, forecast }: Pick<Decision, 'atMs' | 'forecast'>): void {
    const wholeMs = atMs + forecast.timeMs.p50;
    if (Number.isFinite(wholeMs)) this.firstForecastMs ??= wholeMs;
  }

  tearEvents(): readonly NewEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #decide(decision: Decision): void {
    this.#decisions.push(decision);
    this.foresee(decision);
    if (decision.action.kind === 'wait') return;
    this.#why.push(decision.why);
    this.note('migration.decision', { action: decision.action.kind, why: decision.why });
  }
}

function progressOf(progress: Progress): StoredProgress {
  const { elapsedMs, phase: _, ...rest } = progress;
  return { atMs: elapsedMs, ...rest };
}
