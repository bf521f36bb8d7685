import { type Importance, importances } from '../policy/vocabulary.ts';
import type { MigrationRow } from '../store/rows.ts';
import type { Waiting } from '../store/store.ts';

/** How many migrations may run at once, by host and by link. */
export interface Limits {
  outgoing(host: string): number;
  incoming(host: string): number;
  /** The link that a host shares with others; `undefined`: none that is known. */
  linkOf(host: string): string | undefined;
  onLink(link: string): number;
}

/** A single request that has waited this long counts as one step more important, ms. */
const agingMs = 120_000;

/**
 * Which of those that wait may begin now, in their order: by importance, then deadline, then age,
 * as far as hosts and links have room. Pure; every slot is given by what holds at that moment. A
 * drain leaves the last slot of a host to single requests that wait for it, and those grow more
 * important with time, so that no drain starves them.
 */
export function admissible(
  { queued, running }: Waiting,
  limits: Limits,
  now: number,
): readonly string[] {
  const slots = new Slots(limits, running.filter(takesRoom));
  const order = queued.toSorted((a, b) => compare(a, b, now));
  const singles = order.filter((row) => row.operationId === undefined && takesRoom(row));
  const moving = new Set(running.flatMap(keysOf));
  const admitted: string[] = [];
  for (const row of order) {
    const outOfTurn = row.cancelRequested || !takesRoom(row);
    const keys = keysOf(row);
    // One VM moves once at a time.
    if (!row.cancelRequested && keys.some((key) => moving.has(key))) continue;
    if (!outOfTurn && (!slots.fits(row) || takesTheLast(row, singles, slots))) continue;
    if (!outOfTurn) slots.take(row);
    if (!row.cancelRequested) for (const key of keys) moving.add(key);
    admitted.push(row.id);
  }
  return admitted;
}

/** What is adopted runs already. */
function takesRoom({ origin }: MigrationRow): boolean {
  return origin === 'request';
}

/** The names under which a VM can be asked for, on the host where it is. */
function keysOf({ vm, vmName, vmUuid, from }: MigrationRow): readonly string[] {
  return [...new Set([vm, vmName, vmUuid])].flatMap((name) =>
    name === undefined ? [] : [`${name} on ${from}`],
  );
}

function compare(a: MigrationRow, b: MigrationRow, now: number): number {
  return (
    weightOf(b, now) - weightOf(a, now) ||
    (a.deadlineAt ?? Infinity) - (b.deadlineAt ?? Infinity) ||
    a.requestedAt - b.requestedAt ||
    (a.id < b.id ? -1 : 1)
  );
}

function weightOf({ importance, operationId, requestedAt }: MigrationRow, now: number): number {
  const aged = operationId === undefined ? Math.floor((now - requestedAt) / agingMs) : 0;
  return rankOf(importance) + Math.max(0, aged);
}

function rankOf(importance: Importance): number {
  return importances.indexOf(importance);
}

/** Whether a part of an operation would take the last room of several that a single waits for. */
function takesTheLast(row: MigrationRow, singles: readonly MigrationRow[], slots: Slots): boolean {
  if (row.operationId === undefined) return false;
  return singles.some(
    (single) => !slots.taken(single) && slots.wouldClose(row, single) && slots.fits(single),
  );
}

/** The room that is left, while it is given away. */
class Slots {
  readonly #limits: Limits;
  readonly #used = new Map<string, number>();
  readonly #taken = new Set<string>();

  constructor(limits: Limits, running: readonly MigrationRow[]) {
    this.#limits = limits;
    for (const row of running) this.take(row);
  }

  take(row: MigrationRow): void {
    this.#taken.add(row.id);
    for (const { key } of this.#claims(row)) this.#used.set(key, (this.#used.get(key) ?? 0) + 1);
  }

  taken({ id }: MigrationRow): boolean {
    return this.#taken.has(id);
  }

  fits(row: MigrationRow): boolean {
    return this.#claims(row).every(({ key, limit }) => this.#free(key, limit) > 0);
  }

  /** Whether `row` would take the last room, of several, that `other` needs. */
  wouldClose(row: MigrationRow, other: MigrationRow): boolean {
    const needed = new Set(this.#claims(other).map(({ key }) => key));
    return this.#claims(row).some(
      ({ key, limit }) => needed.has(key) && limit > 1 && this.#free(key, limit) === 1,
    );
  }

  #free(key: string, limit: number): number {
    return limit - (this.#used.get(key) ?? 0);
  }

  #claims({ from, to }: MigrationRow): readonly { readonly key: string; readonly limit: number }[] {
    const links = [this.#limits.linkOf(from), this.#limits.linkOf(to)];
    const shared = [...new Set(links.filter((link) => link !== undefined))];
    return [
      { key: `from ${from}`, limit: this.#limits.outgoing(from) },
      { key: `to ${to}`, limit: this.#limits.incoming(to) },
      ...shared.map((link) => ({ key: `link ${link}`, limit: this.#limits.onLink(link) })),
    ];
  }
}
