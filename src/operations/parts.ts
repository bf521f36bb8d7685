import { type Importance, importances } from '../policy/vocabulary.ts';
import type { Aims, Part } from './report.ts';
import { type Course, coursesOf, type SeenVm, type Sight, seenAt, seenOn } from './sight.ts';

/** What the parts of an operation are judged by. */
export interface Judging {
  readonly sight: Sight;
  /** All migrations of the operation, oldest first. */
  readonly courses: readonly Course[];
  readonly aims: Aims;
  /** How much it matters by now. */
  readonly importance: Importance;
  /** Whether what does not work is tried again: whoever only tidies up leaves it. */
  readonly persists: boolean;
  readonly deadlineAt: number | undefined;
  readonly now: number;
}

/** With a deadline, a VM that stayed is tried again after this: it may be quiet by then, ms. */
const quieterAfterMs = 300_000;
/** Without one it is tried once more, when nobody else is under way. */
const mostTries = 2;
/** How long a destination is not tried again after the first failure there; it doubles, ms. */
const firstRestMs = 15_000;
const longestRestMs = 600_000;

/** The parts as they stand now. `fresh`: VMs that are to be moved, too. */
export function partsNow(
  before: readonly Part[],
  fresh: readonly SeenVm[],
  judging: Judging,
): readonly Part[] {
  const known = new Set(before.map(({ uuid }) => uuid));
  const all = [...before, ...fresh.filter(({ uuid }) => !known.has(uuid)).map(newPart)];
  const othersMove = (part: Part): boolean =>
    all.some((other) => other !== part && (other.state === 'moving' || isOpen(other, judging.now)));
  return all.map((part) => partNow(part, judging, othersMove(part)));
}

/** A VM that has just come to be a part. */
export function newPart(vm: SeenVm): Part {
  return {
    uuid: vm.uuid,
    vm: vm.name,
    slaClass: vm.slaClass,
    memoryBytes: vm.memoryBytes,
    from: vm.host,
    state: 'waiting',
    to: undefined,
    migrationId: undefined,
    tries: 0,
    share: 0,
    why: '',
    againAt: undefined,
    startedAt: undefined,
    endedAt: undefined,
    blackoutMs: undefined,
    planned: undefined,
    expected: undefined,
  };
}

/** Whether it may be started as soon as there is room for it. */
export function isOpen({ state, againAt }: Part, now: number): boolean {
  return state === 'waiting' && (againAt === undefined || againAt <= now);
}

function partNow(part: Part, judging: Judging, othersMove: boolean): Part {
  const courses = coursesOf(judging.courses, part);
  const latest = courses.at(-1);
  const told = latest === undefined ? part : { ...part, ...toldBy(latest, part, courses.length) };
  const { sight } = judging;
  if (latest?.stage === 'live') return { ...told, state: 'moving', againAt: undefined };
  if (latest?.stage === 'unknown')
    return { ...told, state: 'unknown', why: latest.why ?? 'no host says where it is' };
  if (latest?.stage === 'lost')
    return { ...told, state: 'lost', why: latest.why ?? 'its memory was lost' };
  // Who looked before it arrived has seen it where it was.
  if (latest?.stage === 'arrived' && (latest.endedAt ?? sight.at) >= sight.at)
    return arrived(told, latest);
  if (sight.hosts.get(part.from) === undefined) return told;
  const here = seenOn(sight, part.from, part.uuid);
  if (here === undefined) return departed(told, latest, sight);
  return atHome({ ...told, slaClass: here.slaClass }, here, latest, judging, othersMove);
}

function toldBy(
  latest: Course,
  part: Part,
  tries: number,
): Pick<
  Part,
  | ('migrationId' | 'to' | 'tries' | 'share')
  | ('startedAt' | 'noReturnAt' | 'endedAt' | 'blackoutMs')
> {
  const { id, to, startedAt, noReturnAt, endedAt, blackoutMs, share } = latest;
  const whole = latest.stage === 'arrived' ? 1 : share;
  return {
    migrationId: id,
    to,
    tries,
    share: Math.max(part.share, whole),
    startedAt,
    noReturnAt,
    endedAt,
    blackoutMs,
  };
}

function arrived(part: Part, { to }: Course): Part {
  return { ...part, state: 'moved', to, share: 1, againAt: undefined };
}

/** It is not where it was, and its own migration is not what took it away, or has ended. */
function departed(part: Part, latest: Course | undefined, sight: Sight): Part {
  const elsewhere = seenAt(sight, part.uuid);
  if (latest?.stage === 'arrived' && (elsewhere === undefined || elsewhere.host === latest.to))
    return arrived(part, latest);
  if (elsewhere !== undefined)
    return {
      ...part,
      state: 'gone',
      to: elsewhere.host,
      share: 1,
      againAt: undefined,
      why: `somebody else moved it to ${elsewhere.host}`,
    };
  return {
    ...part,
    state: 'gone',
    to: undefined,
    share: 1,
    againAt: undefined,
    why: `it is not on ${part.from} any more: it was stopped, or somebody else moved it`,
  };
}

function atHome(
  part: Part,
  here: SeenVm,
  latest: Course | undefined,
  judging: Judging,
  othersMove: boolean,
): Part {
  const stays = (why: string, againAt?: number): Part => ({
    ...part,
    state: 'stays',
    why,
    againAt,
  });
  const waits = (why: string): Part => ({ ...part, state: 'waiting', why, againAt: undefined });
  if (judging.aims.vms?.[part.uuid]?.leave === true) return stays('a person left it where it is');
  if (here.state === 'shut-off' || here.state === 'crashed')
    return { ...part, state: 'gone', share: 1, againAt: undefined, why: `it is ${here.state}` };
  if (here.state !== 'running')
    return stays(`it is ${here.state}, and only running VMs are moved: resume it, or shut it off`);
  if (here.foreignJob) return stays('somebody else moves it now', judging.now);
  if (latest === undefined) return waits(part.why);
  if (latest.stage === 'stayed') return afterStaying(part, latest, judging, othersMove);
  if (latest.stage === 'cancelled') return stays(latest.why ?? 'its migration was cancelled');
  if (latest.stage !== 'failed') return waits(part.why);
  const why = latest.why ?? 'its migration failed';
  return judging.persists ? waits(why) : stays(why);
}

/** It was left where it was to keep its budget: what may change that is time, or more importance. */
function afterStaying(
  part: Part,
  latest: Course,
  { importance, aims, persists, deadlineAt, now }: Judging,
  othersMove: boolean,
): Part {
  const why = latest.why ?? 'to move it would have cost it more than it may suffer';
  const matters = importanceOf(part, importance, aims);
  if (importances.indexOf(matters) > importances.indexOf(latest.importance))
    return { ...part, state: 'waiting', why, againAt: undefined };
  const stays: Part = { ...part, state: 'stays', why, againAt: undefined };
  if (!persists) return stays;
  if (deadlineAt !== undefined) {
    const againAt = (latest.endedAt ?? now) + quieterAfterMs;
    if (againAt > deadlineAt) return stays;
    return againAt <= now
      ? { ...part, state: 'waiting', why, againAt: undefined }
      : { ...stays, againAt };
  }
  if (part.tries >= mostTries) return stays;
  return othersMove
    ? { ...stays, againAt: now }
    : { ...part, state: 'waiting', why, againAt: undefined };
}

/** How much it matters that this VM moves. */
export function importanceOf(part: Part, importance: Importance, { vms }: Aims): Importance {
  return vms?.[part.uuid]?.importance ?? importance;
}

/**
 * Hosts that a VM does not go to for now, because it has failed to, and why, by host. The more often
 * it failed there, the longer.
 */
export function restingHosts(
  part: Part,
  courses: readonly Course[],
  now: number,
): Readonly<Record<string, string>> {
  const resting: Record<string, string> = {};
  const failures = new Map<string, number>();
  for (const { stage, to, endedAt, why } of coursesOf(courses, part)) {
    if (stage !== 'failed' || endedAt === undefined) continue;
    const times = (failures.get(to) ?? 0) + 1;
    failures.set(to, times);
    const restMs = Math.min(longestRestMs, firstRestMs * 2 ** (times - 1));
    if (now < endedAt + restMs)
      resting[to] = `the last try to go there failed: ${why ?? 'unknown'}`;
  }
  return resting;
}
