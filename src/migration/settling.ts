import { hasCode } from './look.ts';
import type { Look, Verdict } from './whereabouts.ts';

/**
 * How long a verdict that ends a migration must stand before it is believed, ms. The passing
 * moments that it must outlast: libvirt needs some 2 s to clean up after an abort, and 1.2 s after
 * a success to let go of the source; a restarted daemon is back within seconds; a management
 * connection that does not answer may be a switch that reboots.
 */
const mustStandMs: Readonly<Record<Verdict, number>> = {
  arrived: 0,
  'arrived-halted': 5_000,
  copying: Infinity,
  switching: Infinity,
  'post-copy': Infinity,
  'post-copy-failed': Infinity,
  'at-source': 8_000,
  'left-behind': 5_000,
  'stranded-at-source': 20_000,
  'stranded-at-destination': 20_000,
  'at-both': 10_000,
  nowhere: 5_000,
  unseen: 60_000,
};

/**
 * What may be believed while the call that carries the migration is under way. A source that waits
 * for a destination's answer that never comes has its guest go on in the end, although it runs
 * over there: libvirt's daemons give each other up after some 30 s.
 */
const outlasting: ReadonlySet<Verdict> = new Set(['unseen', 'left-behind']);

/** How the call that carries the migration stands. `unanswered`: whether it arrived is not known. */
export type Call = 'pending' | 'answered' | 'unanswered';

/** `error`: what the last call that ended has ended with; `undefined`: well. */
export function callNow(pending: number, error: unknown): Call {
  if (pending > 0) return 'pending';
  return hasCode(error, 'host.unreachable') ? 'unanswered' : 'answered';
}

/**
 * Whoever takes a migration up, or has got no answer, does not know whether the call that began it is just on
 * its way, or has just ended: what he sees must stand for so long, ms.
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
  judge(verdict: Verdict, look: Look, atMs: number, call: Call): boolean {
    if (verdict !== this.#verdict) {
      this.#verdict = verdict;
      this.#sinceMs = atMs;
    }
    const stoodMs = atMs - this.#sinceMs;
    if (call === 'pending' && !outlasting.has(verdict)) return false;
    // Nothing waits at the destination: nothing can come of this attempt any more.
    if (verdict === 'at-source' && look.destination.seen === 'absent')
      return (this.#begunHere && call === 'answered') || stoodMs >= takenUpMs;
    return stoodMs >= mustStandMs[verdict];
  }
}
