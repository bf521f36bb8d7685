import type { SeenWrites } from '../../hypervisor/port.ts';
import type { SeenVm } from '../../operations/sight.ts';

/**
 * How long VMs are measured, one time after another, seconds. A second is enough to plan by. Who still waits then is
 * measured for longer, which shows how much is written again and again, and more often: QEMU looks at few pages.
 */
const timesSeconds = [1, 4, 1, 1, 1] as const;

/** Measures one VM; an empty list where that cannot be done. */
export type Measure = (vm: SeenVm, seconds: number) => Promise<readonly SeenWrites[]>;

/** Measures what VMs write before they move, all side by side, while something else may be done. */
export class Gauge {
  readonly #measure: Measure;
  readonly #onMeasured: () => void;
  readonly #seen = new Map<string, readonly SeenWrites[]>();
  readonly #times = new Map<string, number>();
  readonly #first = new Map<string, Promise<void>>();
  #underWay = 0;
  #rounds = 0;

  /** `onMeasured`: those that were measured side by side have all been. */
  constructor(measure: Measure, onMeasured: () => void) {
    this.#measure = measure;
    this.#onMeasured = onMeasured;
  }

  /** Changes whenever more is known. */
  get rounds(): number {
    return this.#rounds;
  }

  /** Whether it is being measured for the first time. */
  isAwaited(uuid: string): boolean {
    return this.#first.has(uuid);
  }

  seen(uuid: string): readonly SeenWrites[] {
    return this.#seen.get(uuid) ?? [];
  }

  /** Begins with those that are new; nobody is measured twice by this. Resolves when each of them has been measured once. */
  async once(vms: readonly SeenVm[]): Promise<void> {
    const fresh = vms.filter(({ uuid }) => !this.#times.has(uuid));
    if (fresh.length > 0) {
      const round = this.#round(fresh);
      for (const { uuid } of fresh) this.#first.set(uuid, round);
    }
    await Promise.all(vms.flatMap(({ uuid }) => this.#first.get(uuid) ?? []));
  }

  /** The same for those that wait for longer: when nobody is being measured, all of them are once more. */
  whileWaiting(vms: readonly SeenVm[]): void {
    void this.once(vms);
    if (this.#underWay > 0) return;
    const again = vms.filter(({ uuid }) => (this.#times.get(uuid) ?? 0) < timesSeconds.length);
    if (again.length > 0) void this.#round(again);
  }

  async #round(vms: readonly SeenVm[]): Promise<void> {
    this.#underWay += 1;
    const found = await Promise.all(vms.map((vm) => this.#next(vm)));
    for (const [index, { uuid }] of vms.entries()) {
      this.#seen.set(uuid, alike([...this.seen(uuid), ...(found[index] ?? [])]));
      this.#first.delete(uuid);
    }
    this.#underWay -= 1;
    this.#rounds += 1;
    this.#onMeasured();
  }

  #next(vm: SeenVm): Promise<readonly SeenWrites[]> {
    const time = this.#times.get(vm.uuid) ?? 0;
    this.#times.set(vm.uuid, time + 1);
    return this.#measure(vm, timesSeconds[time] ?? 1);
  }
}

/** Those of the same length as one, in their middle: what a sample shows too much of, another shows too little. */
function alike(seen: readonly SeenWrites[]): readonly SeenWrites[] {
  const lengths = [...new Set(seen.map(({ ms }) => ms))];
  return lengths.map((length) => {
    const same = seen.filter(({ ms }) => ms === length);
    return { ms: length, bytes: same.reduce((sum, { bytes }) => sum + bytes, 0) / same.length };
  });
}
