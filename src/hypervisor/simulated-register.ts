import type { DomainChange, DomainState } from './port.ts';
import type { Resident } from './simulated-resident.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** The domains that a host has, and who is told how they change. */
export class Register {
  readonly #clock: VirtualClock;
  readonly #residents = new Map<string, Resident>();
  readonly #startNumbers = new WeakMap<Resident, number>();
  #starts = 0;
  readonly #watchers = new Map<string, Set<(change: DomainChange) => void>>();
  /** Called after whatever changes, whoever hears of it. */
  onChange: () => void = () => undefined;
  /** Whether the controller hears of it. */
  #heard = true;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  all(): readonly Resident[] {
    return [...this.#residents.values()];
  }

  get(uuid: string): Resident | undefined {
    return this.#residents.get(uuid);
  }

  startNumber(uuid: string): number | undefined {
    const resident = this.get(uuid);
    return resident === undefined ? undefined : this.#startNumbers.get(resident);
  }

  find(nameOrUuid: string): Resident | undefined {
    return this.all().find(({ uuid, guest }) => uuid === nameOrUuid || guest.name === nameOrUuid);
  }

  add(resident: Resident): void {
    this.#starts += 1;
    this.#startNumbers.set(resident, this.#starts);
    this.#residents.set(resident.uuid, resident);
    this.onChange();
  }

  remove(uuid: string): void {
    this.#residents.delete(uuid);
  }

  /** It ends, and whoever watches hears of it. */
  vanish(uuid: string): void {
    if (!this.#residents.delete(uuid)) return;
    this.onChange();
    this.tell(uuid, 'stopped');
  }

  clear(): void {
    this.#residents.clear();
  }

  /** The returned function ends it. */
  watch(uuid: string, onChange: (change: DomainChange) => void): () => void {
    const watchers = this.#watchers.get(uuid) ?? new Set();
    this.#watchers.set(uuid, watchers);
    watchers.add(onChange);
    return () => watchers.delete(onChange);
  }

  /** Whoever watches loses the connection, or may be told again. */
  setHeard(heard: boolean): void {
    this.#heard = heard;
    if (heard) return;
    for (const uuid of this.#watchers.keys()) this.#send(uuid, 'connection-lost');
  }

  become(
    resident: Resident,
    state: DomainState['state'],
    reason: DomainState['reason'],
    change: DomainChange['kind'],
  ): void {
    // A host that has lost its power has nothing left that could change.
    if (this.get(resident.uuid) !== resident) return;
    resident.state = { state, reason };
    this.onChange();
    this.tell(resident.uuid, change);
  }

  tell(uuid: string, kind: DomainChange['kind']): void {
    if (this.#heard) this.#send(uuid, kind);
  }

  #send(uuid: string, kind: DomainChange['kind']): void {
    const atMs = this.#clock.nowMs();
    for (const watcher of this.#watchers.get(uuid) ?? []) watcher({ kind, atMs });
  }
}
