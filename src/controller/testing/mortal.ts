import type { Clock } from '../../hypervisor/clock.ts';
import type { Store } from '../../store/store.ts';
import type { World } from '../world.ts';

/** What a controller lives by, until it dies: from then on nothing of it goes on, as after kill -9. */
export interface Mortal {
  readonly store: Store;
  readonly world: World;
  /** From now on. */
  die(): void;
}

export function mortal(store: Store, world: World): Mortal {
  let dead = false;
  const never = new Promise<never>(() => undefined);
  /** What was asked goes its way; the answer reaches nobody any more. */
  const heard = (answer: unknown): unknown =>
    answer instanceof Promise
      ? answer.then(
          (value) => (dead ? never : value),
          (error: unknown) => (dead ? never : Promise.reject(error)),
        )
      : answer;
  const deaf = (given: unknown): unknown =>
    typeof given === 'function'
      ? (...told: unknown[]): unknown => (dead ? undefined : Reflect.apply(given, undefined, told))
      : given;
  const living = <T extends object>(part: T): T =>
    new Proxy(part, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== 'function')
          return typeof member === 'object' && member !== null ? living(member) : member;
        return (...given: unknown[]) =>
          dead ? never : heard(Reflect.apply(member, target, given.map(deaf)));
      },
    });
  const clock: Clock = {
    nowMs: () => world.clock.nowMs(),
    sleep: async (ms, signal) => {
      await world.clock.sleep(ms, signal);
      if (dead) await never;
    },
  };
  return {
    store: living(store),
    world: { ...world, clock, hostAt: (host, mayAct) => living(world.hostAt(host, mayAct)) },
    die: () => {
      dead = true;
    },
  };
}
