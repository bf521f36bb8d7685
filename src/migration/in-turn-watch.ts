import { type Change, changeBetween, type InTurn, orderBy } from '../forecast/in-turn.ts';
import type { Sample } from '../forecast/telemetry.ts';
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
  readonly steersman: Pick<Steersman, 'wantsWritingOrder'>;
  readonly clock: Clock;
  /** Rung when it is known to: the steersman need not wait for his next turn. */
  readonly bell: Pick<Bell, 'ring'>;
  readonly tell: (problem: string) => void;
}

/**
 * Finds out beside the migration whether its guest writes in turn, for as long as its steersman wants to know. Nothing
 * waits for it, and what fails is told, once, and is no more than not known.
 */
export class InTurnWatch {
  #learnt: Pick<Sample, 'inTurnBytesPerSecond'> | undefined;
  readonly #over = new AbortController();

  /** What each reading of the job has beside it from then on. */
  get learnt(): Pick<Sample, 'inTurnBytesPerSecond'> | undefined {
    return this.#learnt;
  }

  begin(watched: Watched): void {
    const over = this.#over.signal;
    const learn = ({ rateBytesPerSecond }: InTurn): void => {
      this.#learnt = { inTurnBytesPerSecond: rateBytesPerSecond };
      watched.bell.ring();
    };
    lookOn(watched, learn, over).catch((error: unknown) => {
      if (!over.aborted)
        watched.tell(`Whether it writes in turn cannot be told: ${messageOf(error)}`);
    });
  }

  end(): void {
    this.#over.abort();
  }
}

async function lookOn(
  { source, uuid, steersman, clock }: Watched,
  learn: (inTurn: InTurn) => void,
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
    learn(order);
  }
}
