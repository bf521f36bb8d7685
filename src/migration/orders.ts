import type { Config } from '../fleet/config.ts';
import { permission } from '../fleet/hosts.ts';
import type { Waker } from '../hypervisor/clock.ts';
import type { Importance } from '../policy/vocabulary.ts';
import type { Permission } from '../steering/decision.ts';
import type { Intent } from '../steering/steersman.ts';
import type { Door } from './door.ts';
import type { RunEvent } from './events.ts';
import type { Wanted } from './intent.ts';

/** What may change while a migration runs; it is obeyed at the next decision. */
export interface Orders {
  /** In place of the request's. */
  readonly importance?: Importance | undefined;
  /** In place of the request's: since the start of the migration, ms; `null`: there is none. */
  readonly deadlineMs?: number | null | undefined;
  /** What the admins have set by now: their hosts' settings hold. */
  readonly config?: Config | undefined;
  /** It is to be cancelled, where that can still be done. */
  readonly cancelled?: boolean | undefined;
  /** Its share of what admins allow, bytes/s, where others run beside it. */
  readonly shareBytesPerSecond?: number | undefined;
  /** How many times rarer than usual it may be read, where very many run. */
  readonly spare?: number | undefined;
}

export interface Watching {
  readonly onEvent: (event: RunEvent) => void;
  /** Asked at every reading; nothing ever changes where it is not given. */
  readonly orders?: () => Orders;
  /** Leaves the migration to the hosts. */
  readonly letGo: Waker;
}

/** What is asked by now. Where the config no longer has a host, what it said before holds. */
export function intentNow(asked: Intent, orders: Orders, ends: readonly string[]): Intent {
  const intent = {
    slaClass: asked.slaClass,
    importance: orders.importance ?? asked.importance,
    deadlineMs:
      orders.deadlineMs === undefined ? asked.deadlineMs : (orders.deadlineMs ?? undefined),
  };
  const postCopy = closedBy(orders.config, ends) ?? asked.postCopy;
  return postCopy === undefined ? intent : { ...intent, postCopy };
}

/** With what the way so far speaks against post-copy. */
export function throughDoor(intent: Intent, door: Door, nowMs: number): Intent {
  const learnt = door.permission(nowMs);
  return learnt === undefined ? intent : { ...intent, postCopy: learnt };
}

export function wantedNow(orders: Orders, capBytesPerSecond: number | undefined): Wanted {
  return {
    cancelled: orders.cancelled ?? false,
    shareBytesPerSecond: orders.shareBytesPerSecond ?? capBytesPerSecond ?? Infinity,
    spare: orders.spare ?? 1,
  };
}

function closedBy(config: Config | undefined, ends: readonly string[]): Permission | undefined {
  if (config === undefined) return undefined;
  for (const name of ends) {
    const postCopy = permission(name, config.hosts[name]?.postCopy);
    if (!postCopy.allowed) return postCopy;
  }
  return undefined;
}
