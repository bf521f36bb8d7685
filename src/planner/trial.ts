import type { Occupancy } from './occupancy.ts';

/** One move, by numbers. Taken in their order, one at a time, steps keep every constraint. */
export interface Step {
  readonly vm: number;
  readonly from: number;
  readonly to: number;
}

/** Moves that are tried, and taken back where they lead nowhere. */
export class Trial {
  readonly occupancy: Occupancy;
  readonly steps: Step[] = [];

  constructor(occupancy: Occupancy) {
    this.occupancy = occupancy;
  }

  /** Moves all to one host, or none. */
  move(vms: readonly number[], to: number): boolean {
    const before = this.steps.length;
    for (const vm of vms) {
      const from = this.occupancy.hostOf(vm);
      if (from === to) continue;
      if (!this.occupancy.fits(vm, to)) {
        this.back(before);
        return false;
      }
      this.occupancy.move(vm, to);
      this.steps.push({ vm, from, to });
    }
    return true;
  }

  /** Takes back all but the first `length` steps. */
  back(length: number): void {
    while (this.steps.length > length) {
      const step = this.steps.pop();
      if (step !== undefined) this.occupancy.move(step.vm, step.from);
    }
  }
}
