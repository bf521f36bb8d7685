import { DroverError } from '../../errors/catalogue.ts';
import type { Random } from '../../hypervisor/simulated-random.ts';
import type { Store } from '../../store/store.ts';

/** How a store fails now, and what was asked of it. */
export interface StoreWatch {
  failing: boolean;
  /** Called when something is asked of it, whatever comes of that. */
  readonly onAsked: (part: string, name: string, given: readonly unknown[]) => void;
  /** Called when something was really done, whether or not its caller hears of it. */
  readonly onDone: (part: string, name: string, given: readonly unknown[], answer: unknown) => void;
}

/** A store that fails while it is told to: before it has done what was asked, or after. */
export function failingStore(store: Store, watch: StoreWatch, random: Random): Store {
  const failing = <T extends object>(part: T, name: string): T =>
    new Proxy(part, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member === 'object' && member !== null) return failing(member, String(key));
        if (typeof member !== 'function') return member;
        return async (...given: unknown[]): Promise<unknown> => {
          watch.onAsked(name, String(key), given);
          const doneAllTheSame = watch.failing && random() < 0.3;
          if (watch.failing && !doneAllTheSame) throw unavailable();
          const answer: unknown = await Reflect.apply(member, target, given);
          watch.onDone(name, String(key), given, answer);
          if (doneAllTheSame) throw unavailable();
          return answer;
        };
      },
    });
  return failing(store, 'store');
}

function unavailable(): DroverError {
  return new DroverError('store.unavailable', 'The store does not answer');
}
