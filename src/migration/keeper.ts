import type { Clock } from '../hypervisor/clock.ts';
import type { Journal } from '../journal/journal.ts';
import type { Recording } from '../recording/recording.ts';
import type { RunEvent } from './events.ts';
import { messageOf } from './look.ts';
import { endRecording, recordingSoFar } from './recording.ts';
import type { MigrationResult } from './result.ts';

/** A migration that runs is kept this often: should its process die, no more than that is lost. */
const everyMs = 5_000;

/** Keeps one migration in the journal. A journal that cannot be written is told once, and stops nothing. */
export class Keeper {
  readonly #begun: Recording;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #tell: (message: string) => void;
  #lastMs = -Infinity;
  #writing: Promise<void> | undefined;
  #told = false;

  constructor(begun: Recording, journal: Journal, clock: Clock, tell: (message: string) => void) {
    this.#begun = begun;
    this.#journal = journal;
    this.#clock = clock;
    this.#tell = tell;
  }

  begin(): Promise<void> {
    return this.#keep(this.#begun);
  }

  /** Keeps what is known so far, where that is due and nothing is being written. */
  heed(event: RunEvent): void {
    if (event.kind !== 'progress' || this.#writing !== undefined) return;
    if (this.#clock.nowMs() - this.#lastMs < everyMs) return;
    this.#writing = this.#keep(recordingSoFar(this.#begun, event.soFar)).finally(() => {
      this.#writing = undefined;
    });
  }

  async end(result: MigrationResult): Promise<void> {
    await this.#writing;
    await this.#keep(endRecording(this.#begun, result));
  }

  async #keep(recording: Recording): Promise<void> {
    this.#lastMs = this.#clock.nowMs();
    try {
      await this.#journal.keep(recording);
    } catch (error) {
      if (!this.#told) this.#tell(`This migration cannot be recorded: ${messageOf(error)}`);
      this.#told = true;
    }
  }
}
