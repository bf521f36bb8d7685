import type { Look, Verdict } from './whereabouts.ts';

/**
 * How long a verdict that ends a migration must stand before it is believed, ms. The passing
 * moments that it must outlast: libvirt needs some 2 s to clean up after an abort, and 1.2 s after
 * a success to let go of the source; a restarted daemon is back within seconds; a management
 * connection that does not answer may be a switch that reboots.
 */
const mustStandMs: Readonly<Record<Verdict, number>> = {
  arrived: 0,
  copying: Infinity,
  switching: Infinity,
  'post-copy': Infinity,
  'post-copy-failed': Infinity,
  'at-source': 8_000,
  stranded: 20_000,
  'at-both': 10_000,
  nowhere: 5_000,
  unseen: 60_000,
};

/**
 * Whoever takes a migration up does not know whether the call that began it is just on its way, or
 * has just ended: what he sees must stand for so long, ms.
 */
const takenUpMs = 5_000;

/** Keeps how long the present verdict has stood. */
export class Settling {
  readonly #begunHere: boolean;
  #verdict: Verdict | undefined;
  #sinceMs = 0;

  /** `begunHere`: the call that carries the migration is our own. */
  constructor(begunHere: boolean) {
    this.#begunHere = begunHere;
  }

  /** Whether this verdict, seen now, may be believed as final. */
  judge(verdict: Verdict, look: Look, atMs: number, callPending: boolean): boolean {
    if (verdict !== this.#verdict) {
      this.#verdict = verdict;
      this.#sinceMs = atMs;
    }
    const stoodMs = atMs - this.#sinceMs;
    // While the call that carries the migration is under way, only silence can outlast it.
    if (callPending && verdict !== 'unseen') return false;
    // Nothing waits at the destination: nothing can come of this attempt any more.
    if (verdict === 'at-source' && look.destination.seen === 'absent')
      return this.#begunHere || stoodMs >= takenUpMs;
    return stoodMs >= mustStandMs[verdict];
  }
}
