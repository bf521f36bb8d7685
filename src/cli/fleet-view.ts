import type { Migration } from '../client/client.ts';
import { isUnderWay } from './accompany.ts';
import { type Heard, happeningOf } from './happening.ts';
import type { Io } from './io.ts';
import { LiveView } from './live-view.ts';

/** All migrations that run, in the terminal. */
export class FleetView {
  readonly #view: LiveView;
  readonly #known = new Map<string, { readonly title: string; startedAt: number }>();

  constructor(io: Io) {
    this.#view = new LiveView(io);
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** How one stands now. */
  knows(migration: Migration): void {
    const { id, vmName, vm, from, to, startedAt, requestedAt, phase, progress } = migration;
    const title = `${vmName ?? vm} ${from}>${to}`;
    this.#known.set(id, { title, startedAt: Date.parse(startedAt ?? requestedAt) });
    if (!isUnderWay(migration)) return;
    if (progress === null) this.#view.show(title, { kind: 'phase', phase, atMs: 0 });
    else {
      const etaMs = progress.etaMs ?? undefined;
      this.#view.show(title, { kind: 'progress', phase, progress: { ...progress, etaMs } });
    }
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
