import type { SeenWrites } from '../hypervisor/port.ts';

/** What operations have measured of guests, until the migrations that they asked for take it over. */
export class Measured {
  readonly #seen = new Map<string, readonly SeenWrites[]>();

  /** Of the guest of this migration. */
  keep(id: string, seen: readonly SeenWrites[]): void {
    this.#seen.set(id, seen);
  }

  /** Nothing where nobody has measured it, or on another replica. */
  take(id: string): readonly SeenWrites[] {
    const seen = this.#seen.get(id) ?? [];
    this.#seen.delete(id);
    return seen;
  }
}
