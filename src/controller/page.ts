import type { RunEvent } from '../migration/events.ts';
import type { Progress } from '../migration/progress.ts';
import type { Decision } from '../steering/decision.ts';
import type { Chapter, Lease, NewEvent, StoredProgress } from '../store/rows.ts';
import type { Report } from '../store/store.ts';
import { SampleList } from './sample-list.ts';
import type { World } from './world.ts';

/** More than this is not held back while the store does not answer: the newest count. */
const mostSamplesHeld = 2_000;

const none: readonly never[] = [];

/** What one migration has shown and nobody has kept yet. */
export class Page {
  #samples = new SampleList(mostSamplesHeld);
  // Most of the time nothing but samples waits: there is one empty list for all.
  #decisions: readonly Decision[] = none;
  #why: readonly string[] = none;
  #events: readonly NewEvent[] = none;
  #shown: Progress | undefined;
  /** What was shown before, where it could not be kept. */
  #unkept: StoredProgress | undefined;
  /** Whether its guest runs at its destination with all of its memory: it needs its way no more. */
  landed = false;
  /** How long the first decision expected it to take, ms. */
  firstForecastMs: number | undefined;
  readonly #id: string;
  readonly #world: Pick<World, 'wallMs'>;

  constructor(id: string, world: Pick<World, 'wallMs'>) {
    this.#id = id;
    this.#world = world;
  }

  heed(event: RunEvent): void {
    switch (event.kind) {
      case 'progress':
        this.#samples.push(event.sample);
        this.#shown = event.progress;
        return;
      case 'decision':
        this.#decide(event.decision);
        return;
      case 'notice':
        this.#tell(event.message);
        this.note('migration.notice', { message: event.message });
        return;
      case 'why':
        this.#tell(event.message);
        return;
      case 'landed':
        this.landed = true;
        return;
      case 'phase':
        return;
    }
  }

  note(type: string, data: unknown): void {
    const event = { at: this.#world.wallMs(), type, subject: this.#id, data };
    this.#events = [...this.#events, event];
  }

  /** All that is not kept yet; it is given away with this. `undefined`: nothing. */
  tear(
    lease: Lease,
  ): { readonly report: Report; readonly events: readonly NewEvent[] } | undefined {
    const chapter = this.tearChapter();
    const events = this.tearEvents();
    const progress = this.#shown === undefined ? this.#unkept : progressOf(this.#shown);
    this.#shown = undefined;
    this.#unkept = undefined;
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
    this.putBackEvents(events);
    this.#unkept = report.progress;
  }

  putBackEvents(events: readonly NewEvent[]): void {
    this.#events = [...events, ...this.#events];
  }

  tearChapter(): Chapter {
    const samples = this.#samples.take();
    const chapter = { samples, decisions: this.#decisions, why: this.#why };
    this.#decisions = none;
    this.#why = none;
    return chapter;
  }

  /** The first decision says how long it will take; one without an end says nothing of that. */
  foresee({ atMs, forecast }: Pick<Decision, 'atMs' | 'forecast'>): void {
    const wholeMs = atMs + forecast.timeMs.p50;
    if (Number.isFinite(wholeMs)) this.firstForecastMs ??= wholeMs;
  }

  tearEvents(): readonly NewEvent[] {
    const events = this.#events;
    this.#events = none;
    return events;
  }

  #tell(message: string): void {
    this.#why = [...this.#why, message];
  }

  #decide(decision: Decision): void {
    this.#decisions = [...this.#decisions, decision];
    this.foresee(decision);
    if (decision.action.kind === 'wait') return;
    this.#tell(decision.why);
    this.note('migration.decision', { action: decision.action.kind, why: decision.why });
  }
}

function progressOf(progress: Progress): StoredProgress {
  const { elapsedMs, phase: _, ...rest } = progress;
  return { atMs: elapsedMs, ...rest };
}
