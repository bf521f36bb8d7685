import { livePhases, type MigrationPhase } from '../store/rows.ts';
import { formatDuration } from '../units/format.ts';
import type { Happening } from './happening.ts';
import { type Io, type Style, styleFor } from './io.ts';
import { lastSeen, liveLine, type Standing } from './live-line.ts';

/** Where no terminal repaints, one line of progress for this much of a migration's time. */
const plainIntervalMs = 5_000;
const defaultColumns = 80;
const defaultRows = 24;
const eraseLine = '\r\u001b[2K';
const eraseLineAbove = '\u001b[1A\u001b[2K';

interface Watched extends Standing {
  /** When its progress was last written where nothing repaints. */
  readonly plainAtMs: number;
}

/**
 * Shows migrations on stderr while they run, each under a title: on a terminal a line for each that
 * is painted anew, above them one line for everything that happened; elsewhere plain lines.
 */
export class LiveView {
  readonly #io: Io;
  readonly #style: Style;
  readonly #watched = new Map<string, Watched>();
  #paintedLines = 0;

  constructor(io: Io) {
    this.#io = io;
    this.#style = styleFor(io.err, io.env);
  }

  show(title: string, happening: Happening): void {
    switch (happening.kind) {
      case 'progress':
        this.#showProgress(title, happening);
        return;
      case 'decision':
        this.#showDecision(title, happening);
        return;
      case 'notice':
        this.line(title, happening.atMs, happening.message);
        return;
      case 'unsteered':
        this.#showUnsteered(title, happening);
        return;
      case 'phase':
        this.#showPhase(title, happening);
    }
  }

  /** A line that stays. */
  line(title: string, atMs: number, text: string): void {
    this.clear();
    const time = this.#style('dim', formatDuration(atMs).padStart(8));
    this.#io.err.write(`${title}  ${time}  ${text}\n`);
    this.#paint();
  }

  /** A line that stays, about no moment and no migration. */
  note(text: string): void {
    this.clear();
    this.#io.err.write(`${text}\n`);
    this.#paint();
  }

  /** Takes the repainted lines away. */
  clear(): void {
    if (this.#paintedLines > 0)
      this.#io.err.write(eraseLine + eraseLineAbove.repeat(this.#paintedLines - 1));
    this.#paintedLines = 0;
  }

  #showProgress(title: string, { phase, progress }: Happening & { kind: 'progress' }): void {
    const { plainAtMs = Number.NEGATIVE_INFINITY } = this.#watched.get(title) ?? {};
    const isDue = !this.#io.err.isTTY && progress.atMs - plainAtMs >= plainIntervalMs;
    const standing = { phase, progress, unsteered: false };
    this.#watched.set(title, { ...standing, plainAtMs: isDue ? progress.atMs : plainAtMs });
    if (isDue) this.#io.err.write(`${liveLine(title, standing, Number.POSITIVE_INFINITY)}\n`);
    this.clear();
    this.#paint();
  }

  /** Told once; its line says so until somebody steers it again. */
  #showUnsteered(
    title: string,
    { phase, progress, advice }: Happening & { kind: 'unsteered' },
  ): void {
    const before = this.#watched.get(title);
    const plainAtMs = before?.plainAtMs ?? Number.NEGATIVE_INFINITY;
    this.#watched.set(title, { phase, progress, unsteered: true, plainAtMs });
    if (before?.unsteered === true) return;
    const seen = lastSeen(phase, progress);
    this.line(title, progress?.atMs ?? 0, `nobody steers it any more (${seen}): ${advice}`);
  }

  #showPhase(title: string, { phase, refused, atMs }: Happening & { kind: 'phase' }): void {
    const before = this.#watched.get(title);
    if (before?.phase === phase && !before.unsteered) return;
    if (isLive(phase)) {
      const { progress, plainAtMs = Number.NEGATIVE_INFINITY } = before ?? {};
      this.#watched.set(title, { phase, progress, unsteered: false, plainAtMs });
    } else {
      this.#watched.delete(title);
    }
    const refusal = refused === true && phase !== 'aborted';
    this.line(title, atMs, refusal ? 'refused: nothing was touched' : phaseNames[phase]);
  }

  #showDecision(title: string, { action, why, atMs }: Happening & { kind: 'decision' }): void {
    if (action === 'wait') return;
    this.line(title, atMs, `${this.#style('bold', actionNames[action] ?? action)}: ${why}`);
  }

  #paint(): void {
    if (!this.#io.err.isTTY || this.#watched.size === 0) return;
    // A terminal that does not know its size says 0.
    const width = (this.#io.err.columns || defaultColumns) - 1;
    const height = Math.max(2, (this.#io.err.rows || defaultRows) - 1);
    const all = [...this.#watched].map(([title, standing]) => liveLine(title, standing, width));
    const lines =
      all.length <= height
        ? all
        : [...all.slice(0, height - 1), `and ${all.length - height + 1} more`];
    this.#io.err.write(lines.map((line) => this.#style('cyan', line)).join('\n'));
    this.#paintedLines = lines.length;
  }
}

function isLive(phase: MigrationPhase): boolean {
  return livePhases.some((live) => live === phase);
}

const actionNames: Readonly<Record<string, string>> = {
  'set-max-downtime': 'a longer pause allowed',
  'set-max-speed': 'the stream held back',
  'start-post-copy': 'post-copy',
  'set-post-copy-speed': 'the speed of post-copy',
  'begin-again': 'once more from its beginning, uncompressed',
};

const phaseNames = {
  queued: 'waiting for its turn',
  preflight: 'looking at both hosts',
  copying: 'copying memory while the guest runs',
  switching: 'switching over',
  'post-copy': 'the guest runs at its destination; the rest of its memory follows',
  recovering: 'the link broke in post-copy: taking it up again',
  completed: 'completed',
  stayed: 'stayed',
  aborted: 'cancelled',
  'failed-safe': 'failed; it runs on at its source',
  lost: 'lost',
  unknown: 'ended, nobody knows how',
} as const satisfies Record<MigrationPhase, string>;
