export {
  analyse,
  type Baseline,
  type GuestReport,
  type LostWork,
  type ObservedMigration,
} from './analyse.ts';
export { guestDomainXml } from './domain.ts';
export type { Gap } from './gaps.ts';
export {
  addGuest,
  damagePage,
  type GuestRecord,
  removeGuest,
  setWorkload,
  watchGuest,
} from './guest.ts';
export { type LineBeat, parseGuestLine, parseHeartbeatLine } from './line.ts';
export type { Beat, GuestLog } from './log.ts';
export type { Problem, ProblemKind } from './problems.ts';
export { type GuestKind, type GuestSpec, guestKinds } from './spec.ts';
export { HeartbeatWatcher, type SerialFile } from './watcher.ts';
export {
  formatWorkload,
  type Pattern,
  parseWorkload,
  patterns,
  type Workload,
} from './workload.ts';
