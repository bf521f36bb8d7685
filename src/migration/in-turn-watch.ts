import { type Change, changeBetween, orderBy } from '../forecast/in-turn.ts';
import type { Bell } from '../hypervisor/bell.ts';
import type { Clock, Waker } from '../hypervisor/clock.ts';
import type { Host } from '../hypervisor/port.ts';
import type { Steersman } from '../steering/steersman.ts';
import { messageOf } from './look.ts';

/**
 * The guest's memory is looked at again so long after the first reading, ms, and then each time after so many times as
 * long: what is written in turn over 100 Mbit/s takes seconds from one piece to the next, and over 1 Gbit/s the first pass
 * is soon over.
 */
const firstLookMs = 250;
const laterTimes = 1.5;

interface Watched {
  readonly source: Pick<Host, 'findDomain' | 'markMemory'>;
  readonly uuid: string;
  readonly steersman: Pick<Steersman, 'wantsWritingOrder' | 'learnInTurn'>;
  readonly clock: Clock;
  /** Rung when the steersman has learnt it: he need not wait for his next turn. */
  readonly bell: Pick<Bell, 'ring'>;
  readonly tell: (problem: string) => void;
}

/**
 * Finds out beside the migration whether its guest writes in turn, for as long as its steersman wants to know. Nothing
 * waits for it, and what fails is told, once, and is no more than not known. The returned function ends it.
 */
export function watchWritingOrder(watched: Watched): () => void {
  const over = new AbortController();
  lookOn(watched, over.signal).catch((error: unknown) => {
    if (!over.signal.aborted)
      watched.tell(`Whether it writes in turn cannot be told: ${messageOf(error)}`);
  });
  return () => over.abort();
}

async function lookOn(
  { source, uuid, steersman, clock, bell }: Watched,
  over: Waker,
): Promise<void> {
  const isOver = (): boolean => over.aborted || !steersman.wantsWritingOrder();
  if (isOver()) return;
  const domain = await source.findDomain(uuid);
  if (domain === undefined || isOver()) return;
  const beganMs = clock.nowMs();
  const first = await source.markMemory(domain);
  if (first === undefined) return;
  const changes: Change[] = [];
  for (let dueMs = firstLookMs; ; dueMs *= laterTimes) {
    await clock.sleep(beganMs + dueMs - clock.nowMs(), over);
    if (isOver()) return;
    const ms = clock.nowMs() - beganMs;
    const now = await source.markMemory(domain);
    if (now === undefined || isOver()) return;
    changes.push(changeBetween(first, now, ms));
    const order = orderBy(changes, domain.memoryBytes);
    if (order.kind === 'anywhere') return;
    if (order.kind === 'unknown') continue;
    // Where it may still be faster than the steersman could use, a longer look says more.
    steersman.learnInTurn(order);
    bell.ring();
  }
}
