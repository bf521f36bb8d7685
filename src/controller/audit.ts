import { DroverError } from '../errors/catalogue.ts';
import type { Store } from '../store/store.ts';
import type { Asker } from './asker.ts';

/** What is written into the audit log of one request. */
export interface Deed {
  /** `migration.create`, `host.set`, ... */
  readonly what: string;
  readonly subject: string;
  readonly details: unknown;
}

/**
 * Does it, and writes down who asked for it and how it ended, also where it was refused. What is
 * done but cannot be written down is told to the log: to undo it would be worse.
 */
export async function audited<T>(
  {
    store,
    at,
    log,
  }: {
    readonly store: Store;
    readonly at: number;
    readonly log: (message: string, error: unknown) => void;
  },
  by: Asker,
  deed: Deed,
  work: () => Promise<T>,
): Promise<T> {
  const write = async (outcome: string): Promise<void> => {
    try {
      await store.audit.append({ at, who: by.who, from: by.from, ...deed, outcome });
    } catch (error) {
      log(`${deed.what} of ${deed.subject} by ${by.who} (${outcome}) could not be audited`, error);
    }
  };
  try {
    const done = await work();
    await write('ok');
    return done;
  } catch (error) {
    await write(error instanceof DroverError ? error.code : 'internal');
    throw error;
  }
}
