import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { Lease, MigrationRow } from '../../src/store/rows.ts';
import type { Store } from '../../src/store/store.ts';
import { endedAs, leaseOf, longMs, newMigration, noneMs, nothing, queue } from './rows.ts';

/** One migration as it has to be, said as simply as it can be. */
interface Modelled {
  phase: 'queued' | 'preflight' | 'unknown' | 'completed';
  owner: string | undefined;
  epoch: number;
  /** The lease holds; `false`: it is over, though its owner may not know. */
  lasts: boolean;
}

/** The whole store as a plain map, in the order in which they were asked for. */
export class LeaseModel {
  readonly migrations = new Map<string, Modelled>();
  /** Every lease that was ever given, also those that are lost: their holders go on asking. */
  readonly given: Lease[] = [];
  readonly #prefix: string;

  /** `prefix` sorts what this run asks for behind all that earlier runs did. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  nextId(): string {
    return `${this.#prefix}-${String(this.migrations.size).padStart(3, '0')}`;
  }

  waiting(): readonly string[] {
    return this.#ids(({ phase }) => phase === 'queued');
  }

  free(): readonly string[] {
    return this.#ids(
      ({ phase, lasts }) => !lasts && (phase === 'preflight' || phase === 'unknown'),
    );
  }

  /** An owner takes it: what is true of it from now on. */
  give(id: string, owner: string, lasts: boolean): void {
    const one = this.of(id);
    Object.assign(one, { owner, epoch: one.epoch + 1, lasts });
    this.given.push({ id, owner, epoch: one.epoch });
  }

  holds({ id, owner, epoch }: Lease): boolean {
    const one = this.of(id);
    return one.lasts && one.owner === owner && one.epoch === epoch;
  }

  of(id: string): Modelled {
    const one = this.migrations.get(id);
    if (one === undefined) throw new Error(`${id} was never asked for`);
    return one;
  }

  #ids(fits: (one: Modelled) => boolean): readonly string[] {
    return [...this.migrations].flatMap(([id, one]) => (fits(one) ? [id] : []));
  }
}

type Step = fc.AsyncCommand<LeaseModel, Real>;
/** Replicas on the same store; each step is done by one of them. */
interface Real {
  readonly stores: readonly Store[];
}

/** A step by one of the replicas; `words` are shown of a run that fails. */
function step(words: string, run: (model: LeaseModel, real: Real) => Promise<void>): Step {
  return { check: () => true, run, toString: () => words };
}

function storeOf({ stores }: Real, owner: string): Store {
  const store = stores[owner.charCodeAt(0) % stores.length];
  if (store === undefined) throw new Error('there are no stores');
  return store;
}

const ask = step('ask', async (model, real) => {
  const id = model.nextId();
  const one = { ...newMigration(0), id, vm: id };
  await queue(storeOf(real, 'a'), one);
  model.migrations.set(id, { phase: 'queued', owner: undefined, epoch: 0, lasts: false });
});

function admit(owner: string, count: number, lasts: boolean): Step {
  return step(`${owner} admits ${count}${lasts ? '' : ', late'}`, async (model, real) => {
    const chosen = model.waiting().slice(0, count);
    // What does not wait must not be given, whoever chooses it.
    const wanted = [...chosen, ...model.given.map(({ id }) => id)];
    const rows = await storeOf(real, owner).leases.admit(owner, ttl(lasts), () => wanted);
    expect(rows.map(({ id }) => id)).toEqual(chosen);
    for (const id of chosen) {
      model.of(id).phase = 'preflight';
      model.give(id, owner, lasts);
    }
    agreesOn(rows, model);
  });
}

function claim(owner: string, limit: number, lasts: boolean): Step {
  return step(`${owner} claims ${limit}${lasts ? '' : ', late'}`, async (model, real) => {
    const free = model.free().slice(0, limit);
    const rows = await storeOf(real, owner).leases.claim(owner, ttl(lasts), limit);
    expect(rows.map(({ id }) => id)).toEqual(free);
    for (const id of free) model.give(id, owner, lasts);
    agreesOn(rows, model);
  });
}

function renew(owner: string, lasts: boolean): Step {
  return step(`${owner} renews${lasts ? '' : ', late'}`, async (model, real) => {
    const asked = model.given.filter((lease) => lease.owner === owner);
    const held = asked.filter((lease) => model.holds(lease));
    const renewed = await storeOf(real, owner).leases.renew(asked, ttl(lasts));
    expect([...renewed.keys()].toSorted()).toEqual(held.map(({ id }) => id).toSorted());
    for (const { id } of held) model.of(id).lasts = lasts;
  });
}

function release(owner: string): Step {
  return step(`${owner} releases`, async (model, real) => {
    const asked = model.given.filter((lease) => lease.owner === owner);
    await storeOf(real, owner).leases.release(asked);
    for (const lease of asked)
      if (model.holds(lease)) Object.assign(model.of(lease.id), { owner: undefined, lasts: false });
  });
}

/** With each lease that was ever given it is tried; only one that holds may. */
function finish(which: number, phase: 'unknown' | 'completed'): Step {
  return step(`${which} ends as ${phase}`, async (model, real) => {
    const lease = model.given[which % Math.max(1, model.given.length)];
    if (lease === undefined) return;
    const { migrations } = storeOf(real, lease.owner);
    const held = model.holds(lease);
    expect(await migrations.finish(lease, endedAs(phase), nothing, [])).toBe(held);
    if (held) Object.assign(model.of(lease.id), { phase, owner: undefined, lasts: false });
    // What has ended has no lease, and so no epoch any more: nobody is given it again.
    if (held && phase === 'completed') model.of(lease.id).epoch = 0;
  });
}

function ttl(lasts: boolean): number {
  return lasts ? longMs : noneMs;
}

function agreesOn(rows: readonly MigrationRow[], model: LeaseModel): void {
  for (const row of rows) {
    const { phase, owner, epoch } = model.of(row.id);
    expect(row).toMatchObject({ phase, owner, epoch });
  }
}

/** Everything that can be read is as it has to be; and of all leases at most one holds. */
async function agrees(model: LeaseModel, { stores }: Real): Promise<void> {
  const [store] = stores;
  for (const [id, { phase, owner, epoch, lasts }] of model.migrations) {
    const holder = lasts ? owner : undefined;
    expect(await store?.migrations.get(id)).toMatchObject({ id, phase, owner: holder, epoch });
    const given = model.given.filter((lease) => lease.id === id);
    expect(given.map((lease) => lease.epoch)).toEqual(given.map((_, index) => index + 1));
    expect(given.filter((lease) => model.holds(lease)).length).toBeLessThanOrEqual(1);
  }
}

const owner = fc.constantFrom('a', 'b', 'c');
const few = fc.integer({ min: 1, max: 3 });
/** Mostly leases last. */
const lasting = fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false));
const compare: Step = { check: () => true, run: agrees, toString: () => 'compare' };

const steps = fc.commands(
  [
    fc.constant(ask),
    fc.tuple(owner, few, lasting).map((all) => admit(...all)),
    fc.tuple(owner, few, lasting).map((all) => claim(...all)),
    fc.tuple(owner, lasting).map((all) => renew(...all)),
    owner.map(release),
    fc
      .tuple(fc.nat(20), fc.constantFrom('unknown' as const, 'completed' as const))
      .map((all) => finish(...all)),
    fc.constant(compare),
  ],
  { maxCommands: 60, size: 'max' },
);

/** Ends whatever a run has left, so that the next begins with nothing to claim. */
async function sweep(store: Store): Promise<void> {
  const rows = await store.leases.admit('sweeper', longMs, ({ queued }) =>
    queued.map(({ id }) => id),
  );
  for (const row of [...rows, ...(await store.leases.claim('sweeper', longMs, 1_000))])
    await store.migrations.finish(leaseOf(row), endedAs('completed'), nothing, []);
}

/** Holds the store to the model for so many runs. */
export async function heldToModel(open: () => Promise<Store>, numRuns: number): Promise<void> {
  const real: Real = { stores: await Promise.all([open(), open(), open()]) };
  let run = 0;
  const property = fc.asyncProperty(steps, async (all) => {
    const model = new LeaseModel(`run${String((run += 1)).padStart(4, '0')}`);
    try {
      await fc.asyncModelRun(() => ({ model, real }), all);
      await agrees(model, real);
    } finally {
      await letGo(model, real);
    }
  });
  await fc.assert(property, { numRuns });
}

/** Held leases end, so that the sweeper finds them. */
async function letGo(model: LeaseModel, { stores }: Real): Promise<void> {
  const [store] = stores;
  if (store === undefined) return;
  await store.leases.release(model.given);
  await sweep(store);
}
