import { DroverError } from '../../errors/catalogue.ts';
import type { Clock } from '../../hypervisor/clock.ts';
import type { DomainChange, Host } from '../../hypervisor/port.ts';
import type { Random } from '../../hypervisor/simulated-random.ts';

/** Whoever gets no answer gives up after this, ms. */
const timeOutMs = 5_000;
/** What is late is so by up to this, ms. */
const latestMs = 3_000;

/** What happens to a call, each with its share of all calls, 0 to 1. */
const mischief = {
  'request lost': 0.04,
  'request late': 0.05,
  'reply lost': 0.04,
  'reply late': 0.08,
} as const;

/** The same of events; late ones are overtaken by those that follow. */
const eventMischief = { lost: 0.15, late: 0.2, twice: 0.1 } as const;

/** Whether the ways between the controller and its hosts are unruly at this moment. */
export interface Unruly {
  replies: boolean;
  events: boolean;
}

/** A host whose requests, replies and events are lost, late, doubled and overtaken at times. */
export function unrulyHost(host: Host, unruly: Unruly, clock: Clock, random: Random): Host {
  return new Proxy(host, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      const call = (given: readonly unknown[]): unknown => Reflect.apply(member, target, given);
      if (key === 'close') return () => call([]);
      return (...given: unknown[]): unknown => {
        const heard = key === 'watchDomain' ? withEvents(given, unruly, clock, random) : given;
        if (!unruly.replies) return call(heard);
        return befallen(target.name, () => call(heard), clock, random);
      };
    },
  });
}

async function befallen(
  name: string,
  call: () => unknown,
  clock: Clock,
  random: Random,
): Promise<unknown> {
  const what = drawn(mischief, random);
  if (what === 'request lost') return noAnswer(name, clock);
  if (what === 'request late') await clock.sleep(random() * latestMs);
  const answer = Promise.resolve(call());
  if (what === 'reply lost') {
    answer.catch(() => undefined);
    return noAnswer(name, clock);
  }
  if (what !== 'reply late') return answer;
  const lateMs = random() * latestMs;
  await Promise.allSettled([answer]);
  await clock.sleep(lateMs);
  return answer;
}

async function noAnswer(name: string, clock: Clock): Promise<never> {
  await clock.sleep(timeOutMs);
  throw new DroverError('host.unreachable', `${name} does not answer`);
}

function withEvents(
  [uuid, onChange]: readonly unknown[],
  unruly: Unruly,
  clock: Clock,
  random: Random,
): readonly unknown[] {
  const tell = (change: DomainChange): void => {
    if (typeof onChange === 'function') onChange({ ...change, atMs: clock.nowMs() });
  };
  const heard = (change: DomainChange): void => {
    // A connection's end cannot get lost: it is what loses the rest.
    const what =
      unruly.events && change.kind !== 'connection-lost' ? drawn(eventMischief, random) : undefined;
    if (what === 'lost') return;
    if (what === 'late') void clock.sleep(random() * latestMs).then(() => tell(change));
    else tell(change);
    if (what === 'twice') tell(change);
  };
  return [uuid, heard];
}

function drawn<K extends string>(
  shares: Readonly<Record<K, number>>,
  random: Random,
): K | undefined {
  let rest = random();
  for (const what in shares) {
    rest -= shares[what];
    if (rest < 0) return what;
  }
  return undefined;
}
