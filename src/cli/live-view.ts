import type { RunEvent } from '../migration/events.ts';
import type { Progress } from '../migration/progress.ts';
import type { Decision } from '../steering/decision.ts';
import { formatDuration } from '../units/format.ts';
import { type Io, type Style, styleFor } from './io.ts';
import { liveLine } from './live-line.ts';

/** Where no terminal repaints, one line of progress for this much of the migration's time. */
const plainIntervalMs = 5_000;
const defaultColumns = 80;
const eraseLine = '\r\u001b[2K';

/**
 * Shows one migration on stderr while it runs: on a terminal a line that is painted anew, above it
 * one line for everything that happened; elsewhere plain lines.
 */
export class LiveView {
  readonly #io: Io;
  readonly #style: Style;
  readonly #title: string;
  #painted = false;
  #latest: Progress | undefined;
  #plainAtMs = Number.NEGATIVE_INFINITY;

  constructor(io: Io, title: string) {
    this.#io = io;
    this.#style = styleFor(io.err, io.env);
    this.#title = title;
  }

  show(event: RunEvent): void {
    switch (event.kind) {
      case 'progress':
        this.#showProgress(event.progress);
        return;
      case 'decision':
        this.#showDecision(event.decision);
        return;
      case 'notice':
        this.line(event.atMs, event.message);
        return;
      case 'phase':
        this.line(event.atMs, phaseNames[event.phase]);
    }
  }

  /** A line that stays, about no moment. */
  note(text: string): void {
    this.clear();
    this.#io.err.write(`${this.#style('bold', this.#title)}  ${text}\n`);
    this.#paint();
  }

  /** A line that stays. */
  line(atMs: number, text: string): void {
    this.clear();
    const time = this.#style('dim', formatDuration(atMs).padStart(8));
    this.#io.err.write(`${this.#title}  ${time}  ${text}\n`);
    this.#paint();
  }

  /** Takes the repainted line away. */
  clear(): void {
    if (this.#painted) this.#io.err.write(eraseLine);
    this.#painted = false;
  }

  #showProgress(progress: Progress): void {
    this.#latest = progress;
    if (this.#io.err.isTTY) {
      this.clear();
      this.#paint();
      return;
    }
    if (progress.elapsedMs - this.#plainAtMs < plainIntervalMs) return;
    this.#plainAtMs = progress.elapsedMs;
    this.#io.err.write(`${liveLine(this.#title, progress, Number.POSITIVE_INFINITY)}\n`);
  }

  #showDecision(decision: Decision): void {
    if (decision.action.kind === 'wait') return;
    const action = this.#style('bold', actionNames[decision.action.kind]);
    this.line(decision.atMs, `${action}: ${decision.why}`);
  }

  #paint(): void {
    if (!this.#io.err.isTTY || this.#latest === undefined) return;
    const width = (this.#io.err.columns ?? defaultColumns) - 1;
    this.#io.err.write(this.#style('cyan', liveLine(this.#title, this.#latest, width)));
    this.#painted = true;
  }
}

const actionNames = {
  wait: 'wait',
  'set-max-downtime': 'a longer pause allowed',
  'set-max-speed': 'the stream held back',
  'start-post-copy': 'post-copy',
  freeze: 'freeze',
  stay: 'stay',
} as const satisfies Record<Decision['action']['kind'], string>;

const phaseNames = {
  preflight: 'looking at both hosts',
  copying: 'copying memory while the guest runs',
  switching: 'switching over',
  'post-copy': 'the guest runs at its destination; the rest of its memory follows',
  recovering: 'the link broke in post-copy: taking it up again',
  ended: 'ended',
} as const;
