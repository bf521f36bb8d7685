import type { Kysely, Transaction } from 'kysely';
import { DroverError } from '../errors/catalogue.ts';
import type { Engine } from './engine.ts';
import { toJson } from './json.ts';
import type { NewEvent } from './rows.ts';
import type { Tables } from './tables.ts';

/** Everything that is asked of the database goes through here, and its errors with it. */
export class Session {
  readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  read<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    return this.translated(() => work(this.engine.db));
  }

  /** `write`, before all that waits: what ends by itself where it comes too late, and what people wait for. */
  writeNow<T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.#write(work, true);
  }

  /** One transaction; from its beginning again where it met another in a way that the engine undoes. */
  write<T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.#write(work, false);
  }

  #write<T>(work: (trx: Transaction<Tables>) => Promise<T>, urgent: boolean): Promise<T> {
    return this.translated(async () => {
      for (let meetings = 0; ; meetings += 1) {
        try {
          return await this.engine.transaction(work, urgent);
        } catch (error) {
          if (meetings === mostMeetings || !isMeeting(error)) throw error;
        }
      }
    });
  }

  async translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const explained = this.engine.explain(error);
      if (explained === undefined) throw error;
      const { message, hint } = explained;
      throw new DroverError('store.unavailable', message, { hint, cause: error });
    }
  }

  /** The last of a transaction: their numbers are given in the order in which they are committed. */
  async tell(trx: Transaction<Tables>, events: readonly NewEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.engine.gate(trx, 'events');
    const rows = events.map(({ data, ...rest }) => ({
      ...rest,
      data: toJson(data),
    }));
    for (let from = 0; from < rows.length; from += mostAtOnce)
      await trx
        .insertInto('events')
        .values(rows.slice(from, from + mostAtOnce))
        .execute();
  }
}

const mostMeetings = 3;

/** Serialisation failure and deadlock (PostgreSQL, appendix A): the transaction was undone. */
function isMeeting(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === '40001' || error.code === '40P01';
}

/** Rows of one statement: both engines take no more than some 30,000 parameters in it. */
export const mostAtOnce = 1_000;
