import { type Importance, importances } from '../policy/vocabulary.ts';
import type { Claimant, Waiting } from '../store/store.ts';

/** How many migrations may run at once, by host and by link. */
export interface Limits {
  outgoing(host: string): number;
  incoming(host: string): number;
  /** Of those that are asked for by themselves, beside others that matter as much or more. */
  singlesOutgoing(host: string): number;
  singlesIncoming(host: string): number;
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
 * important with time, so that no drain starves them. Singles that matter as much go one after another
 * over a way that one stream fills: side by side each has half of it, and sends twice what its guest writes.
 */
export function admissible(
  { queued, running }: Waiting,
  limits: Limits,
  now: number,
): readonly string[] {
  const slots = new Slots(limits, running.filter(takesRoom));
  const order = queued.toSorted((a, b) => compare(a, b, now));
  const singles = singlesByClaim(order, slots);
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
function takesRoom({ origin }: Claimant): boolean {
  return origin === 'request';
}

/** The names under which a VM can be asked for, on the host where it is. */
function keysOf({ vm, vmName, vmUuid, from }: Claimant): readonly string[] {
  return [...new Set([vm, vmName, vmUuid])].flatMap((name) =>
    name === undefined ? [] : [`${name} on ${from}`],
  );
}

function compare(a: Claimant, b: Claimant, now: number): number {
  return (
    weightOf(b, now) - weightOf(a, now) ||
    (a.deadlineAt ?? Infinity) - (b.deadlineAt ?? Infinity) ||
    a.requestedAt - b.requestedAt ||
    (a.id < b.id ? -1 : 1)
  );
}

function weightOf({ importance, operationId, requestedAt }: Claimant, now: number): number {
  const aged = operationId === undefined ? Math.floor((now - requestedAt) / agingMs) : 0;
  return rankOf(importance) + Math.max(0, aged);
}

function rankOf(importance: Importance): number {
  return importances.indexOf(importance);
}

/** Those who wait by themselves, by each place that they need: most have no place in common. */
function singlesByClaim(
  queued: readonly Claimant[],
  slots: Slots,
): ReadonlyMap<string, readonly Claimant[]> {
  const singles = new Map<string, Claimant[]>();
  for (const row of queued) {
    if (row.operationId !== undefined || !takesRoom(row)) continue;
    for (const key of slots.keysOf(row)) {
      const sharing = singles.get(key);
      if (sharing === undefined) singles.set(key, [row]);
      else sharing.push(row);
    }
  }
  return singles;
}

/** Whether a part of an operation would take the last room of several that a single waits for. */
function takesTheLast(
  row: Claimant,
  singles: ReadonlyMap<string, readonly Claimant[]>,
  slots: Slots,
): boolean {
  if (row.operationId === undefined) return false;
  return slots
    .closing(row)
    .some((key) =>
      (singles.get(key) ?? []).some((single) => !slots.taken(single) && slots.fits(single)),
    );
}

/** The room that is left, while it is given away. */
class Slots {
  readonly #limits: Limits;
  readonly #used = new Map<string, number>();
  readonly #taken = new Set<string>();

  constructor(limits: Limits, running: readonly Claimant[]) {
    this.#limits = limits;
    for (const row of running) this.take(row);
  }

  take(row: Claimant): void {
    this.#taken.add(row.id);
    const claims = [...this.#claims(row), ...this.#besideOf(row, ranksUpTo(row))];
    for (const { key } of claims) this.#used.set(key, (this.#used.get(key) ?? 0) + 1);
  }

  taken({ id }: Claimant): boolean {
    return this.#taken.has(id);
  }

  fits(row: Claimant): boolean {
    const claims = [...this.#claims(row), ...this.#besideOf(row, [row.importance])];
    return claims.every(({ key, limit }) => this.#free(key, limit) > 0);
  }

  /** What it needs room in. */
  keysOf(row: Claimant): readonly string[] {
    return this.#claims(row).map(({ key }) => key);
  }

  /** In what `row` would take the last room, of several. */
  closing(row: Claimant): readonly string[] {
    return this.#claims(row)
      .filter(({ key, limit }) => limit > 1 && this.#free(key, limit) === 1)
      .map(({ key }) => key);
  }

  #free(key: string, limit: number): number {
    return limit - (this.#used.get(key) ?? 0);
  }

  /** Beside whom a single goes: those that matter as much as it, or more, stand under its own importance, too. */
  #besideOf(row: Claimant, ranks: readonly Importance[]): readonly Claim[] {
    const { from, to, operationId } = row;
    if (operationId !== undefined) return [];
    return ranks.flatMap((importance) => [
      { key: `single, ${importance}, from ${from}`, limit: this.#limits.singlesOutgoing(from) },
      { key: `single, ${importance}, to ${to}`, limit: this.#limits.singlesIncoming(to) },
    ]);
  }

  #claims({ from, to }: Claimant): readonly Claim[] {
    const links = [this.#limits.linkOf(from), this.#limits.linkOf(to)];
    const shared = [...new Set(links.filter((link) => link !== undefined))];
    return [
      { key: `from ${from}`, limit: this.#limits.outgoing(from) },
      { key: `to ${to}`, limit: this.#limits.incoming(to) },
      ...shared.map((link) => ({ key: `link ${link}`, limit: this.#limits.onLink(link) })),
    ];
  }
}

interface Claim {
  readonly key: string;
  readonly limit: number;
}

function ranksUpTo({ importance }: Claimant): readonly Importance[] {
  return importances.slice(0, rankOf(importance) + 1);
}
