import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EventQuery } from '../api/events.ts';
import { readEvents, type StreamedEvent } from '../client/event-stream.ts';
import type { LiveEvent } from '../controller/controller.ts';
import type { EventRow, MigrationRow } from '../store/rows.ts';
import { type StreamOptions, streamEvents } from './stream.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** Events that are kept and told, and whoever listens to them. */
class Feeder {
  readonly kept: EventRow[] = [];
  readonly log: string[] = [];
  readonly ending = new AbortController();
  /** Called when the store is read: what happens meanwhile. */
  meanwhile: () => void = () => undefined;
  listening = 0;
  mayStill = true;
  first = 1;
  readonly #listeners = new Set<(event: LiveEvent) => void>();

  /** What the store keeps, and all who listen are told. */
  happen(subject = 'm1', type = 'migration.phase'): void {
    const event = { seq: this.kept.length + 1, at: 0, type, subject, data: { limit: Infinity } };
    this.kept.push(event);
    for (const listener of this.#listeners) listener({ kind: 'event', ...event });
  }

  progress(id: string): void {
    const migration = { ...progressing, id };
    for (const listener of this.#listeners) listener({ kind: 'progress', migration });
  }

  get subscribers(): number {
    return this.#listeners.size;
  }

  open(wanted: EventQuery = {}): Reader {
    return new Reader(streamEvents(wanted, this.#options()));
  }

  #options(): StreamOptions {
    const events: StreamOptions['events'] = {
      range: async () => ({ first: this.first, last: this.kept.length }),
      after: async (seq, limit) => {
        const page = this.kept.slice(seq, seq + limit);
        this.meanwhile();
        return page;
      },
    };
    return {
      events,
      subscribe: async (listener) => {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
      },
      ending: this.ending.signal,
      mayStill: async () => this.mayStill,
      listening: (change) => void (this.listening += change),
      log: (message) => void this.log.push(message),
    };
  }
}

/** Reads a stream an event at a time. */
class Reader {
  readonly #events: AsyncGenerator<StreamedEvent>;

  constructor({ body }: Response) {
    if (body === null) throw new Error('the stream has no body');
    this.#events = readEvents(body);
  }

  /** `undefined`: it has ended. */
  async next(): Promise<StreamedEvent | undefined> {
    const { value, done } = await this.#events.next();
    return done === true ? undefined : value;
  }

  async take(count: number): Promise<readonly (StreamedEvent | undefined)[]> {
    const taken: (StreamedEvent | undefined)[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  async numbers(count: number): Promise<readonly number[]> {
    return (await this.take(count)).map((event) => Number(event?.id));
  }

  /** All that comes until it ends. */
  async rest(): Promise<readonly StreamedEvent[]> {
    const all: StreamedEvent[] = [];
    for await (const event of this.#events) all.push(event);
    return all;
  }

  leave(): Promise<unknown> {
    return this.#events.return(undefined);
  }
}

const progressing: Omit<MigrationRow, 'id'> = {
  origin: 'request',
  vm: 'vm',
  vmName: 'vm',
  vmUuid: undefined,
  from: 'h1',
  to: 'h2',
  slaClass: 'pet',
  reason: undefined,
  importance: 'low',
  deadlineAt: undefined,
  operationId: undefined,
  requestedBy: 'me',
  requestedAt: 0,
  startedAt: 0,
  endedAt: undefined,
  phase: 'copying',
  cancelRequested: false,
  pointOfNoReturnAt: undefined,
  owner: 'here',
  epoch: 1,
  revision: 1,
  progress: undefined,
  error: undefined,
  end: undefined,
};

let feeder: Feeder;
beforeEach(() => {
  feeder = new Feeder();
});

function happen(count: number, subject?: string, type?: string): void {
  for (let at = 0; at < count; at += 1) feeder.happen(subject, type);
}

function upTo(last: number, first = 1): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

/** Lets everything that waits for nothing come to its end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}

describe('who listens', () => {
  test('hears what happens from now on', async () => {
    happen(3);
    const reader = feeder.open();
    const heard = reader.next();
    await settle();
    happen(1, 'm2', 'migration.ended');
    expect(await heard).toMatchObject({ id: '4', event: 'migration.ended' });
    await reader.leave();
  });

  test('goes on after a number: what is kept, then what comes, each once', async () => {
    happen(1_234);
    const reader = feeder.open({ after: 100 });
    const old = await reader.numbers(1_134);
    happen(5);
    expect([...old, ...(await reader.numbers(5))]).toEqual(upTo(1_239, 101));
    await reader.leave();
  });

  test('is told once of what happens while he is told of what was', async () => {
    happen(700);
    feeder.meanwhile = () => {
      if (feeder.kept.length < 1_500) happen(10);
    };
    const reader = feeder.open({ after: 0 });
    const heard = await reader.numbers(720);
    happen(1);
    expect([...heard, ...(await reader.numbers(1))]).toEqual(upTo(721));
    await reader.leave();
  });

  test('loses nothing where more happens meanwhile than can be remembered', async () => {
    happen(10);
    let once = true;
    feeder.meanwhile = () => {
      if (once) happen(6_000);
      once = false;
    };
    const reader = feeder.open({ after: 0 });
    expect(await reader.numbers(6_010)).toEqual(upTo(6_010));
    await reader.leave();
  });

  test('hears of one migration, or of one type, where that is all he wants', async () => {
    happen(2, 'm1');
    happen(2, 'm2');
    happen(2, 'm2', 'migration.ended');
    const one = feeder.open({ after: 0, migration: 'm2' });
    expect(await one.numbers(4)).toEqual([3, 4, 5, 6]);
    const ended = feeder.open({ after: 0, type: 'migration.ended' });
    expect(await ended.numbers(2)).toEqual([5, 6]);
    feeder.progress('m1');
    feeder.progress('m2');
    expect(await one.next()).toMatchObject({ id: undefined, event: 'progress' });
    happen(1, 'm2', 'migration.ended');
    expect(await ended.numbers(1)).toEqual([7]);
    await Promise.all([one.leave(), ended.leave()]);
  });

  test('is told what never comes in a way that JSON has', async () => {
    happen(1);
    const reader = feeder.open({ after: 0 });
    const told = JSON.parse((await reader.next())?.data ?? '');
    expect(told).toMatchObject({ seq: 1, subject: 'm1', data: { limit: 'never' } });
    await reader.leave();
  });

  test.for([
    ['is older than what is kept', 100, 7],
    ['never was', 1, 5_000],
  ] as const)('is told to begin anew where the number %s', async ([, first, after]) => {
    happen(200);
    feeder.first = first;
    const reader = feeder.open({ after });
    expect(await reader.next()).toMatchObject({ id: '200', event: 'reset' });
    happen(1);
    expect(await reader.numbers(1)).toEqual([201]);
    await reader.leave();
  });
});

/** Reads it to its end; who listens then, and is told. */
async function afterEndOf(reader: Reader): Promise<readonly number[]> {
  await reader.rest();
  return [feeder.listening, feeder.subscribers];
}

describe('a stream ends', () => {
  test('where the listener reads too slowly, and he can go on from where he was', async () => {
    const slow = feeder.open({ after: 0 });
    happen(1);
    expect(await slow.numbers(1)).toEqual([1]);
    happen(7_000);
    expect(feeder.subscribers).toBe(0);
    const heard = await slow.rest();
    expect(heard.length).toBeLessThan(7_000);
    expect(heard.map(({ id }) => Number(id))).toEqual(upTo(1 + heard.length, 2));
    const again = feeder.open({ after: 1 + heard.length });
    expect((await again.numbers(7_000 - heard.length)).at(-1)).toBe(7_001);
    await again.leave();
    expect(feeder.listening).toBe(0);
  });

  test('when the listener leaves', async () => {
    const reader = feeder.open();
    const heard = reader.next();
    await settle();
    expect([feeder.listening, feeder.subscribers]).toEqual([1, 1]);
    happen(1);
    await heard;
    await reader.leave();
    await settle();
    expect([feeder.listening, feeder.subscribers]).toEqual([0, 0]);
  });

  test('when the server does', async () => {
    const reader = feeder.open();
    const ended = afterEndOf(reader);
    await settle();
    expect(feeder.listening).toBe(1);
    feeder.ending.abort();
    expect(await ended).toEqual([0, 0]);
  });

  test('at once, where the server is ending already', async () => {
    feeder.ending.abort();
    expect(await afterEndOf(feeder.open())).toEqual([0, 0]);
  });

  test('when the listener may no longer hear', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const reader = feeder.open();
    const ended = afterEndOf(reader);
    await settle();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(feeder.listening).toBe(1);
    feeder.mayStill = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await ended).toEqual([0, 0]);
  });

  test('when the store cannot be read, which is told to the log and not to the listener', async () => {
    happen(1);
    feeder.meanwhile = () => {
      throw new Error('the disk is gone');
    };
    expect(await afterEndOf(feeder.open({ after: 0 }))).toEqual([0, 0]);
    expect(feeder.log).toEqual(['an event stream broke']);
  });
});

test('whatever breaks, and whenever: nothing is lost, nothing comes twice', async () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('happen' as const), count: fc.nat(1_200) }),
      fc.record({ kind: fc.constant('read' as const), count: fc.nat(40) }),
      fc.record({ kind: fc.constant('break' as const), count: fc.constant(0) }),
    ),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      feeder = new Feeder();
      const heard: number[] = [];
      let reader = feeder.open({ after: 0 });
      const again = async (): Promise<void> => {
        await reader.leave();
        reader = feeder.open({ after: heard.at(-1) ?? 0 });
      };
      for (const { kind, count } of all) {
        if (kind === 'happen') happen(count);
        if (kind === 'break') await again();
        for (let left = kind === 'read' ? count : 0; left > 0; left -= 1) {
          if ((heard.at(-1) ?? 0) === feeder.kept.length) break;
          const event = await reader.next();
          if (event === undefined) await again();
          else heard.push(Number(event.id));
        }
      }
      await reader.leave();
      expect(heard).toEqual(upTo(heard.length));
    }),
    { numRuns: 60 },
  );
});
