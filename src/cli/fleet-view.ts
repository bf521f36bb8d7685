import type { Migration } from '../client/client.ts';
import type { StoredProgress } from '../store/rows.ts';
import { isUnderWay, isUnsteered } from './accompany.ts';
import { type Happening, type Heard, happeningOf } from './happening.ts';
import type { Io } from './io.ts';
import { LiveView } from './live-view.ts';

/** All migrations that run, in the terminal. */
export class FleetView {
  readonly #view: LiveView;
  readonly #advice: (id: string) => string;
  readonly #known = new Map<string, { readonly title: string; startedAt: number }>();

  /** `advice`: what to do about a migration that nobody steers. */
  constructor(io: Io, advice: (id: string) => string) {
    this.#view = new LiveView(io);
    this.#advice = advice;
  }

  /** Only who it is: what becomes of it is heard, in its order. */
  meets({ id, vmName, vm, from, to, startedAt, requestedAt }: Migration): string {
    const title = `${vmName ?? vm} ${from}>${to}`;
    this.#known.set(id, { title, startedAt: Date.parse(startedAt ?? requestedAt) });
    return title;
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** How one stands now. */
  knows(migration: Migration): void {
    const title = this.meets(migration);
    if (isUnderWay(migration)) this.#view.show(title, this.#standing(migration));
  }

  #standing(migration: Migration): Happening {
    const { id, phase } = migration;
    const progress = progressOf(migration);
    if (isUnsteered(migration))
      return { kind: 'unsteered', phase, progress, advice: this.#advice(id) };
    if (progress === undefined) return { kind: 'phase', phase, atMs: 0 };
    return { kind: 'progress', phase, progress };
  }

  hears(event: (Heard & { kind: 'event' })['event']): void {
    const known = this.#known.get(event.subject);
    if (known === undefined) return;
    if (event.type === 'migration.began') known.startedAt = Date.parse(event.at);
    const happening = happeningOf(event, known.startedAt);
    if (happening !== undefined) this.#view.show(known.title, happening);
    if (event.type === 'migration.ended') this.#known.delete(event.subject);
  }

  note(text: string): void {
    this.#view.note(text);
  }

  clear(): void {
    this.#view.clear();
  }
}

function progressOf({ progress }: Migration): StoredProgress | undefined {
  return progress === null ? undefined : { ...progress, etaMs: progress.etaMs ?? undefined };
}
