import type { Loads } from './loads.ts';
import type { Occupancy } from './occupancy.ts';
import type { Job, Task } from './wanted.ts';

/** What moving a VM over a way carries at least, bytes. */
export type BytesOf = (vm: number, from: number, to: number) => number;

export interface Placing {
  readonly task: Task;
  readonly occupancy: Occupancy;
  readonly loads: Loads;
  readonly bytesOf: BytesOf;
  /** No placement ends sooner than this, s: a way may be busy for so long at no cost. */
  readonly boundSeconds: number;
}

export function isDone({ vms, goals }: Job, occupancy: Occupancy): boolean {
  const at = occupancy.hostOf(vms[0] ?? -1);
  return goals.includes(at) && vms.every((vm) => occupancy.hostOf(vm) === at);
}
