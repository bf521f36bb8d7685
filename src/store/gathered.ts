import { CompiledQuery, type Kysely, type Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** No more is added to a transaction that has lasted so long: while it is written nothing else is done, ms. */
const longestMs = 10;

const savepoint = CompiledQuery.raw('savepoint work');
const release = CompiledQuery.raw('release work');
const rollBack = CompiledQuery.raw('rollback to work');

/** What one caller writes, whole or not at all. */
interface Work {
  /** Returns what is to be done once it is durable. */
  readonly run: (trx: Transaction<Tables>) => Promise<() => void>;
  readonly reject: (error: unknown) => void;
}

/**
 * Transactions that wait for each other are ended together: to make an end durable costs more than
 * most of what is written. Each is whole or not at all, sees what came before it, and has ended for
 * its caller only when all of it is durable.
 */
export class Gathered {
  readonly #db: Kysely<Tables>;
  readonly #turn: () => Promise<void>;
  readonly #waiting: Work[] = [];
  #writing = false;

  /** `turn` ends when those who come in the same moment have come. */
  constructor(db: Kysely<Tables>, turn: () => Promise<void>) {
    this.#db = db;
    this.#turn = turn;
  }

  write<T>(work: (trx: Transaction<Tables>) => Promise<T>, urgent: boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = async (trx: Transaction<Tables>): Promise<() => void> => {
        const value = await work(trx);
        return () => resolve(value);
      };
      if (urgent) this.#waiting.unshift({ run, reject });
      else this.#waiting.push({ run, reject });
      if (!this.#writing) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    await this.#turn();
    for (let first = this.#waiting.shift(); first !== undefined; first = this.#waiting.shift()) {
      await this.#together(first);
      if (this.#waiting.length > 0) await this.#turn();
    }
    this.#writing = false;
  }

  async #together(first: Work): Promise<void> {
    const group: Work[] = [first];
    const done: (() => void)[] = [];
    const untilMs = performance.now() + longestMs;
    try {
      await this.#db.transaction().execute(async (trx) => {
        let work: Work | undefined = first;
        while (work !== undefined) {
          const ended = await within(trx, work);
          if (ended !== undefined) done.push(ended);
          work = performance.now() < untilMs ? this.#waiting.shift() : undefined;
          if (work !== undefined) group.push(work);
        }
      });
    } catch (error) {
      // Who was refused by itself has heard of it already: this says nothing more to it.
      for (const { reject } of group) reject(error);
      return;
    }
    for (const end of done) end();
  }
}

/** `undefined`: it came to nothing, and the others go on as if it had not been. */
async function within(
  trx: Transaction<Tables>,
  { run, reject }: Work,
): Promise<(() => void) | undefined> {
  await trx.executeQuery(savepoint);
  try {
    const ended = await run(trx);
    await trx.executeQuery(release);
    return ended;
  } catch (error) {
    await undo(trx, error);
    reject(error);
    return undefined;
  }
}

/** Rejects with the first error where the engine has undone more than this one: then all is undone. */
async function undo(trx: Transaction<Tables>, because: unknown): Promise<void> {
  try {
    await trx.executeQuery(rollBack);
    await trx.executeQuery(release);
  } catch {
    throw because;
  }
}
