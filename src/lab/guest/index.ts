export { analyse, type GuestReport } from './analyse.ts';
export { addGuest, damagePage, removeGuest, setWorkload, watchGuest } from './guest.ts';
export type { Beat } from './log.ts';
export { type GuestKind, type GuestSpec, guestKinds } from './spec.ts';
export type { HeartbeatWatcher } from './watcher.ts';
export { formatWorkload, parseWorkload, type Workload } from './workload.ts';
