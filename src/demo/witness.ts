import { setTimeout as sleep } from 'node:timers/promises';
import { analyse } from '../lab/guest/analyse.ts';
import type { Beat, HeartbeatWatcher } from '../lab/guest/index.ts';
import type { GuestReport } from './report.ts';

/** How long a guest is watched before it moves: what it does then is its usual pace. */
const baselineMs = 3_000;
/** How long after its arrival it may still be slower because of the move. */
const aftermathMs = 2_000;
/** Longer than a guest needs on the slowest machine, so that a dead one does not hold the demo up. */
const longestWaitMs = 60_000;
const pollMs = 100;

/** What a guest itself says about its move. */
export type Testimony = Pick<
  GuestReport,
  'blackoutMs' | 'lostWorkMs' | 'integrity' | 'onePlace' | 'heartbeat'
>;

/** Listens to one guest on all hosts at once, and tells what it went through. */
export class Witness {
  readonly #watcher: HeartbeatWatcher;

  constructor(watcher: HeartbeatWatcher) {
    this.#watcher = watcher;
  }

  /** Resolves when the guest has shown its usual pace. */
  async settled(signal: AbortSignal): Promise<void> {
    const { beats } = this.#watcher.log;
    const shown = (): boolean => (beats.at(-1)?.atMs ?? 0) - (beats[0]?.atMs ?? 0) >= baselineMs;
    if (!(await comesTrue(shown, signal))) throw new Error('a guest does not show a heartbeat');
  }

  /** Resolves when the guest has read all of its memory after `sinceMs`, or does not seem to. */
  async checkedSince(sinceMs: number, signal: AbortSignal): Promise<void> {
    const { beats } = this.#watcher.log;
    let first: Beat | undefined;
    const checked = (): boolean => {
      first ??= beats.find(({ atMs }) => atMs >= sinceMs);
      const last = beats.at(-1);
      if (first === undefined || last === undefined) return false;
      return last.scrubbedPages - first.scrubbedPages >= last.ramPages;
    };
    await comesTrue(checked, signal);
  }

  /**
   * The guest's own account, until `nowMs`, of a move between the two moments before it; all of
   * them on the watcher's clock.
   */
  testimony(startMs: number, endMs: number, nowMs: number): Testimony {
    const { log } = this.#watcher;
    const move = analyse(log, { startMs, endMs, untilMs: endMs + aftermathMs });
    const whole = analyse(log, { startMs, endMs, untilMs: nowMs });
    const { integrity, verifiedWhole, onePlace, heartbeat } = whole;
    return {
      blackoutMs: rounded(move.blackout?.ms),
      lostWorkMs: rounded(move.lostWork === undefined ? undefined : move.lostWork.seconds * 1_000),
      integrity: integrity === 'ok' && !verifiedWhole ? 'not all of it was read again' : integrity,
      onePlace,
      heartbeat,
    };
  }

  stop(): void {
    this.#watcher.stop();
  }
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}

/** Waits for what does not tell us by itself; false when it takes too long. Ends with the signal. */
async function comesTrue(condition: () => boolean, signal: AbortSignal): Promise<boolean> {
  const untilMs = performance.now() + longestWaitMs;
  while (!condition()) {
    if (performance.now() > untilMs) return false;
    await sleep(pollMs, undefined, { signal });
  }
  return true;
}
