import type { Clock } from '../../hypervisor/clock.ts';
import type { Store } from '../../store/store.ts';
import type { World } from '../world.ts';

/** What a controller lives by, until it dies: from then on nothing of it goes on, as after kill -9. */
export interface Mortal {
  readonly store: Store;
  readonly world: World;
  /** From now on. */
  die(): void;
  /** It stands still as after SIGSTOP, until it is told to go on: time passes, answers wait. */
  halt(): () => void;
}

export function mortal(store: Store, world: World): Mortal {
  const life = new Life();
  const clock: Clock = {
    nowMs: () => world.clock.nowMs(),
    sleep: async (ms, signal) => {
      await world.clock.sleep(ms, signal);
      await life.awake();
    },
  };
  // The store asks amid its work, and waits for the answer: that is over before a halt.
  const toldByStore = (tell: () => unknown): unknown => (life.dead ? undefined : tell());
  const toldByHost = (tell: () => unknown): unknown =>
    life.halted ? life.awake().then(tell) : toldByStore(tell);
  return {
    store: living(store, life, toldByStore),
    world: {
      ...world,
      clock,
      hostAt: (host, mayAct) => living(world.hostAt(host, mayAct), life, toldByHost),
    },
    die: () => {
      life.dead = true;
    },
    halt: () => life.halt(),
  };
}

const never = new Promise<never>(() => undefined);

class Life {
  dead = false;
  #goingOn: Promise<void> | undefined;

  get halted(): boolean {
    return this.#goingOn !== undefined;
  }

  /** What waits for it to go on may find it halted once more. */
  async awake(): Promise<void> {
    while (this.#goingOn !== undefined) await this.#goingOn;
    if (this.dead) await never;
  }

  halt(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#goingOn = promise;
    return () => {
      if (this.#goingOn === promise) this.#goingOn = undefined;
      resolve();
    };
  }
}

/** What was asked of it goes its way; the answer, and whatever it calls back, is for the living. */
function living<T extends object>(part: T, life: Life, told: (tell: () => unknown) => unknown): T {
  const heard = (answer: unknown): unknown =>
    answer instanceof Promise
      ? answer.then(
          (value: unknown) => life.awake().then(() => value),
          (error: unknown) => life.awake().then(() => Promise.reject(error)),
        )
      : answer;
  const deaf = (given: unknown): unknown =>
    typeof given === 'function'
      ? (...words: unknown[]): unknown => told(() => Reflect.apply(given, undefined, words))
      : given;
  return new Proxy(part, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function')
        return typeof member === 'object' && member !== null ? living(member, life, told) : member;
      return (...given: unknown[]) =>
        life.dead ? never : heard(Reflect.apply(member, target, given.map(deaf)));
    },
  });
}
