import { type GuestModel, modelOf } from './guest-model.ts';
import { observe } from './model.ts';
import { outlook } from './outlook.ts';
import { bandwidthOf } from './pass.ts';
import { median } from './points.ts';
import { nothingKnown, type Prior, type Syncing } from './prior.ts';
import { leastConnections, threadBytesPerSecond } from './shrinking.ts';
import type { Sample } from './telemetry.ts';
import { type WorkingSet, type Written, writtenWithin } from './working-set.ts';

/** What one migration taught of its guest and its way. */
export interface Lesson {
  /** What the way carried, bytes/s. */
  readonly bandwidthBytesPerSecond: number | undefined;
  /** Bytes that its first pass takes of a link without compression; `undefined` where it did not get that far. */
  readonly touchedBytes: number | undefined;
  readonly workingSet: WorkingSet | undefined;
}

/** Reads a migration's telemetry as it was read while it ran. */
export function learn(samples: readonly Sample[]): Lesson {
  let model = modelOf(nothingKnown);
  let carried = 0;
  for (const sample of whileItRan(samples)) {
    const { change } = model.link;
    model = observe(model, sample);
    // Near its end a stream may be held back, so the most counts; over another link, anew.
    const { link } = model;
    if (isHeldByThreads(model)) continue;
    carried = link.change === change ? Math.max(carried, link.bytesPerSecond) : link.bytesPerSecond;
  }
  const view = outlook(model);
  return {
    bandwidthBytesPerSecond: carried > 0 ? carried : undefined,
    touchedBytes: model.firstPassEndMs === undefined ? undefined : model.firstPassPlainBytes,
    workingSet: view?.workingSet,
  };
}

/** Whether memory is compressed about as fast as threads can: the link may carry more than it is given. */
function isHeldByThreads(model: GuestModel): boolean {
  return (
    model.shrinking !== undefined && bandwidthOf(model) > leastConnections * threadBytesPerSecond
  );
}

/**
 * The readings up to the switch-over: after it the guest stands still, and what it does not write
 * teaches nothing. It begins with QEMU's last look for dirty pages.
 */
function whileItRan(samples: readonly Sample[]): readonly Sample[] {
  const copying = samples.filter(({ phase }) => phase === 'pre-copy');
  const last = copying.at(-1);
  const first = copying.findIndex(({ iteration }) => iteration === last?.iteration);
  const stillRan = (copying[first]?.memoryRemainingBytes ?? 0) > 0;
  return copying.slice(0, stillRan ? first + 1 : Math.max(0, first));
}

/** Everything that is known before a migration begins, each kind newest first. */
export interface Knowledge {
  /** Of this guest's own migrations. */
  readonly ofGuest: readonly Lesson[];
  /** Of others between the same two hosts. */
  readonly ofWay: readonly Lesson[];
  /** Of other guests of its class. */
  readonly ofClass: readonly Lesson[];
  /** What the hypervisor saw it write just now. */
  readonly measured: readonly Omit<Written, 'weight'>[];
  /** The most that an admin lets migrations take here, bytes/s. */
  readonly capBytesPerSecond: number | undefined;
  /** Memory that the guest has ever used, as the host counts it, bytes. */
  readonly residentBytes: number | undefined;
  /** How the source's QEMU looks for dirty pages, by its version. */
  readonly syncing: Syncing;
}

/** So many of the newest lessons count. */
const newest = 5;
/** The curve is handed on by its values at these times, ms. */
const handedOnMs = [500, 2_000, 8_000, 30_000];
/**
 * How much what was known counts beside half a second of a running migration: a measurement of now
 * more than an earlier migration, that more than others of its class.
 */
const weights = { measured: 1, ofGuest: 0.5, ofClass: 0.05 } as const;

/** What is known, as the model takes it. */
export function priorFrom(knowledge: Knowledge): Prior {
  const { ofGuest, ofWay, ofClass, measured, residentBytes, syncing } = knowledge;
  const own = writtenOf(ofGuest, weights.ofGuest);
  const now = measured.map((seen) => ({ ...seen, weight: weights.measured }));
  const byItself = [...own, ...now];
  const touched = ofGuest.slice(0, newest).flatMap((lesson) => lesson.touchedBytes ?? []);
  return {
    bandwidthBytesPerSecond: capped(carriedBy(ofWay), knowledge.capBytesPerSecond),
    touchedBytes: median(touched) ?? residentBytes,
    // Others of its class speak only where the guest itself has said nothing.
    written: byItself.length > 0 ? byItself : writtenOf(ofClass, weights.ofClass),
    syncing,
  };
}

/** The most that was seen: whoever shared the way had less of it than it carries. */
function carriedBy(lessons: readonly Lesson[]): number | undefined {
  const seen = lessons.slice(0, newest).flatMap((one) => one.bandwidthBytesPerSecond ?? []);
  return seen.length === 0 ? undefined : Math.max(...seen);
}

/** Whether the guest itself has shown what it writes, by now or on earlier migrations; not only others of its class. */
export function knowsOwnWrites({ written }: Pick<Prior, 'written'>): boolean {
  return written.some(({ weight }) => weight > weights.ofClass);
}

/** What was seen, but no more than is allowed; the cap alone where nothing was seen. */
function capped(seen: number | undefined, cap: number | undefined): number | undefined {
  if (seen === undefined || cap === undefined) return seen ?? cap;
  return Math.min(seen, cap);
}

function writtenOf(lessons: readonly Lesson[], weight: number): Written[] {
  return lessons.slice(0, newest).flatMap(({ workingSet }) => {
    if (workingSet === undefined) return [];
    return handedOnMs.map((ms) => ({ ms, bytes: writtenWithin(workingSet, ms), weight }));
  });
}
