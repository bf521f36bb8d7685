import { setTimeout as sleep } from 'node:timers/promises';
import { admissible, type Limits } from '../../src/controller/admission.ts';
import { fromJson } from '../../src/store/json.ts';
import type { Lease, MigrationRow, NewEvent } from '../../src/store/rows.ts';
import type { Ended, Report, Store } from '../../src/store/store.ts';
import { longestStallMs, rate, type Timing, timed } from './measure.ts';
import type { Template } from './templates.ts';
import { dayMs, hostName, hosts, idAt, yearEnds } from './year.ts';

/** What steering many migrations costs the store. */
export interface Written {
  readonly timings: readonly Timing[];
  readonly rates: readonly Rate[];
  /** The longest that nothing else could run while 10,000 were renewed and reported, ms. */
  readonly longestStallMs: number;
}

export interface Rate {
  readonly name: string;
  readonly inFlight: number;
  readonly perSecond: number;
}

const lastingMs = 3_600_000;
/** So short that whoever holds it is dead by the next statement but one. */
const shortMs = 1;
const batches = { calls: 30, longestMs: 8_000 };
const singles = { calls: 300, longestMs: 8_000 };

/** What runs fills the hosts: nobody who waits has room. */
const twoEach: Limits = {
  outgoing: () => 2,
  incoming: () => 2,
  singlesOutgoing: () => 2,
  singlesIncoming: () => 2,
  linkOf: () => undefined,
  onLink: () => Infinity,
};

/** Asks for migrations and steers them as a controller does, beside the year that is there. */
export class Writer {
  readonly #store: Store;
  readonly #templates: readonly Template[];
  readonly #rateMs: number;
  readonly #settle: () => Promise<unknown>;
  readonly #timings: Timing[] = [];
  readonly #rates: Rate[] = [];
  #asked = 0;

  /** `settle`: what the engine does by itself within a minute of many changes. */
  constructor(
    store: Store,
    templates: readonly Template[],
    { rateMs, settle }: { readonly rateMs: number; readonly settle: () => Promise<unknown> },
  ) {
    this.#store = store;
    this.#templates = templates;
    this.#rateMs = rateMs;
    this.#settle = settle;
  }

  async measure(): Promise<Written> {
    const few = await this.#steer(2_000);
    await this.#advances(few);
    await this.#rounds(few);
    await this.#admissions();
    await this.#takeOver(few);
    const many = await this.#steer(10_000);
    const stallMs = await longestStallMs(() => this.#rounds(many));
    await this.#courses(many);
    return {
      timings: this.#timings,
      rates: this.#rates,
      longestStallMs: stallMs,
    };
  }

  /** Leases on so many. */
  async #steer(count: number): Promise<readonly Lease[]> {
    await this.#askUpTo(count);
    const { leases } = this.#store;
    await leases.admit('nobody', shortMs, ({ queued }) => queued.map(({ id }) => id));
    await sleep(2 * shortMs);
    const rows = await leases.claim('one', lastingMs, count);
    if (rows.length !== count) throw new Error(`${rows.length} leases instead of ${count}`);
    await this.#store.migrations.report(
      rows.map((row, index) => this.#reportOf(leaseOf(row), index)),
      [],
    );
    await this.#settle();
    return rows.map(leaseOf);
  }

  async #askUpTo(count: number): Promise<void> {
    const inFlight = 10;
    while (this.#asked < count)
      await Promise.all(Array.from({ length: inFlight }, () => this.#ask()));
  }

  #ask(): Promise<unknown> {
    const index = this.#asked++;
    const id = idAt(yearEnds + dayMs + index, index);
    return this.#store.migrations.create(
      {
        id,
        origin: 'request',
        vm: `asked-${index}`,
        from: hostName(index % hosts),
        to: hostName((index + 1) % hosts),
        reason: 'maintenance',
        importance: 'medium',
        deadlineAt: undefined,
        operationId: undefined,
        requestedBy: 'operator1',
        requestedAt: yearEnds + dayMs + index,
        requestKey: undefined,
      },
      told(id, 'queued'),
    );
  }

  async #advances(leases: readonly Lease[]): Promise<void> {
    const advance = (index: number): Promise<unknown> => {
      const lease = oneOf(leases, index);
      const phase = index % 2 === 0 ? 'switching' : 'copying';
      return must(this.#store.migrations.advance(lease, { phase }, [told(lease.id, phase)]));
    };
    await this.#time('advance', singles, advance);
    for (const inFlight of [1, 10]) {
      const perSecond = await rate(inFlight, this.#rateMs, advance);
      this.#rates.push({ name: 'advance', inFlight, perSecond });
      const asked = await rate(inFlight, this.#rateMs / 4, () => this.#check());
      this.#rates.push({ name: 'the least that is durable', inFlight, perSecond: asked });
    }
  }

  /** A row of one table: what the engine and the disk allow. */
  #check(): Promise<void> {
    return this.#store.check();
  }

  /** What a controller does each second. */
  async #rounds(leases: readonly Lease[]): Promise<void> {
    const { length } = leases;
    await this.#time(`renew ${length}`, batches, async () => {
      const renewed = await this.#store.leases.renew(leases, lastingMs);
      if (renewed.size !== length) throw new Error(`${renewed.size} of ${length} were renewed`);
    });
    await this.#time(`report ${length}`, batches, (index) =>
      this.#store.migrations.report(
        leases.map((lease, at) => this.#reportOf(lease, index + at)),
        leases.filter((_, at) => at % 20 === index % 20).map(({ id }) => told(id, 'copying')),
      ),
    );
    await this.#time(`progress of ${length}`, batches, () =>
      this.#store.migrations.progressSince(0),
    );
  }

  #reportOf(lease: Lease, index: number): Report {
    const { recording } = oneOf(this.#templates, index);
    const second = index % 5;
    const within = ({ atMs }: { readonly atMs: number }): boolean =>
      Math.floor(atMs / 1000) === second;
    return {
      lease,
      samples: recording.samples.filter(within),
      decisions: recording.decisions.filter(within),
      progress: {
        atMs: 1000 * second,
        percent: 10 * second,
        sentBytes: 100_000_000 * second,
        remainingBytes: 4_000_000_000,
        dirtyRateBytesPerSecond: 20_000_000,
        bandwidthBytesPerSecond: 117_000_000,
        throttlePercent: 0,
        etaMs: 30_000,
      },
    };
  }

  /** 1,000 wait while 2,000 run. */
  async #admissions(): Promise<void> {
    await this.#askUpTo(this.#asked + 1_000);
    const { leases } = this.#store;
    await this.#time('admit: 1,000 wait, no room', batches, () =>
      leases.admit('one', lastingMs, (waiting) => admissible(waiting, twoEach, yearEnds + dayMs)),
    );
    await this.#time('admit 50 of 1,000', { ...batches, calls: 10 }, async () => {
      const rows = await leases.admit('nobody', shortMs, ({ queued }) =>
        queued.slice(0, 50).map(({ id }) => id),
      );
      if (rows.length !== 50) throw new Error(`${rows.length} were admitted instead of 50`);
    });
  }

  /** Each owner is dead when the next one comes. */
  async #takeOver(leases: readonly Lease[]): Promise<void> {
    await this.#store.leases.renew(leases, shortMs);
    await this.#time(`claim ${leases.length} of a dead owner`, batches, async (index) => {
      await sleep(2 * shortMs);
      const rows = await this.#store.leases.claim(`owner${index}`, shortMs, leases.length);
      if (rows.length !== leases.length) throw new Error(`${rows.length} were taken over`);
    });
  }

  /** The durable writes of one migration's course, one after another. */
  async #courses(leases: readonly Lease[]): Promise<void> {
    const [template] = this.#templates;
    if (template === undefined) throw new Error('no migration was recorded');
    const { recording } = template;
    const at = yearEnds + dayMs;
    const { migrations } = this.#store;
    await this.#time('begin', singles, (index) => {
      const lease = oneOf(leases, index);
      const events = [told(lease.id, 'copying')];
      return must(migrations.begin(lease, fromJson(template.beginning), at, events));
    });
    const ended: Ended = {
      phase: 'completed',
      endedAt: at,
      end: recording.end,
      error: undefined,
      lesson: fromJson(template.lesson),
    };
    const last = { samples: recording.samples.slice(0, 10), decisions: [], why: ['It arrived.'] };
    await this.#time('finish', singles, (index) => {
      const lease = oneOf(leases, index);
      return must(migrations.finish(lease, ended, last, [told(lease.id, 'completed')]));
    });
  }

  async #time(
    name: string,
    effort: Parameters<typeof timed>[1],
    call: Parameters<typeof timed>[2],
  ): Promise<void> {
    this.#timings.push(await timed(name, effort, call));
  }
}

/** What is refused costs less, and must not be counted. */
async function must(written: Promise<boolean>): Promise<void> {
  if (!(await written)) throw new Error('a lease was lost');
}

function leaseOf({ id, owner, epoch }: MigrationRow): Lease {
  return { id, owner: owner ?? '', epoch };
}

function told(id: string, phase: string): NewEvent {
  return { at: yearEnds + dayMs, type: 'migration.phase', subject: id, data: { phase } };
}

function oneOf<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}
