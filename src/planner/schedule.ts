import { bytesToCarry } from './carry.ts';
import type { Course } from './course.ts';
import { type Flow, fill } from './fill.ts';
import { termsOf } from './fleet.ts';
import { type Rules, rulesText } from './rules.ts';
import { Slots } from './slots.ts';
import { successorsOf, tailsOf, workOf, worthOf } from './urgency.ts';

/** When one step begins and ends, ms from now, and what it carries. */
export interface Timing {
  readonly startMs: number;
  readonly endMs: number;
  readonly bytes: number;
  /** What it has of the way when it begins, bytes/s. */
  readonly firstRate: number;
}

export interface Schedule {
  /** How it was made, in words. */
  readonly how: string;
  readonly timings: readonly Timing[];
  readonly makespanMs: number;
}

/**
 * What a migration takes beside its bytes, ms: 150 until libvirt has prepared it, 300 for its end after
 * the guest runs at its destination. The way is free meanwhile.
 */
export const besidesMs = 450;

/** Beyond so many steps, events that follow within this share of the whole are taken as one. */
const exactUpTo = 1_500;
const grain = 1 / 1_000;

/** Follows a course under the rules of one schedule, until all have arrived. */
export function follow(course: Course, rules: Rules, boundMs: number): Schedule {
  const run = new Run(course, rules, course.steps.length > exactUpTo ? boundMs * grain : 0);
  while (!run.isOver()) run.goOn();
  const { timings } = run;
  const makespanMs = timings.reduce((most, { endMs }) => Math.max(most, endMs), 0);
  return { how: rulesText(rules), timings, makespanMs };
}

/** What is left to be carried for less than this has been carried: time has no more digits. */
const instantMs = 1e-3;

/**
 * Whom others wait for gets so many times what its work would give it, and more the more follows: in effect
 * the whole way. The others lose nothing by it, as they would end together with the last one.
 */
const roomMakersWeight = 1e3;
const longTailsWeight = 1e6;

/** A step that is being carried. */
interface Running extends Flow {
  readonly step: number;
  readonly startMs: number;
  firstRate: number;
  /** Share that is still to be carried, 1 to 0. */
  left: number;
  carriedBytes: number;
  /** In all, at this rate. */
  volumeBytes: number;
  weight: number;
}

class Run {
  readonly timings: Timing[] = [];
  readonly #course: Course;
  readonly #rules: Rules;
  readonly #grainMs: number;
  readonly #slots: Slots;
  readonly #unmet: number[];
  readonly #successors: readonly (readonly number[])[];
  /** What each way has still to carry, bytes. */
  readonly #work: Float64Array;
  readonly #worth: readonly number[];
  readonly #tails: readonly number[];
  readonly #longestTail: number;
  #waiting: number[];
  #running: Running[] = [];
  #landing: { readonly step: number; readonly atMs: number }[] = [];
  #nowMs = 0;

  constructor(course: Course, rules: Rules, grainMs: number) {
    const { fleet, steps, after } = course;
    this.#course = course;
    this.#rules = rules;
    this.#grainMs = grainMs;
    this.#successors = successorsOf(after);
    this.#slots = new Slots(fleet, steps, {
      atOncePerHost: rules.atOncePerHost,
      isMaker: (step) => this.#isWaitedFor(step),
      isRestless: (step) => course.restless[step] === true,
    });
    this.#unmet = after.map((all) => all.length);
    this.#work = workOf(course);
    this.#worth = steps.map((step, index) => worthOf(course, step, index));
    this.#tails = tailsOf(course, this.#successors);
    this.#longestTail = this.#tails.reduce((most, one) => Math.max(most, one), 1e-9);
    this.#waiting = steps.map((_, step) => step);
  }

  isOver(): boolean {
    return this.#waiting.length + this.#running.length + this.#landing.length === 0;
  }

  /** To the next event. */
  goOn(): void {
    this.#begin();
    this.#share();
    const next = this.#nextEventMs();
    if (next === Infinity) throw new Error(`the plan cannot go on under ${rulesText(this.#rules)}`);
    const untilMs = next + this.#grainMs;
    this.#carry(untilMs - this.#nowMs);
    this.#nowMs = untilMs;
    this.#land();
  }

  /** Begins whatever may begin, the most urgent first. */
  #begin(): void {
    const ready = this.#waiting.filter(
      (step) => this.#unmet[step] === 0 && this.#slots.isFree(step),
    );
    if (ready.length === 0) return;
    const urgency = new Map(ready.map((step) => [step, this.#urgencyOf(step)]));
    // What runs already has its place: others have what is left.
    const first = (step: number): number => (this.#slots.runs(step) ? 0 : 1);
    ready.sort(
      (a, b) => first(a) - first(b) || (urgency.get(b) ?? 0) - (urgency.get(a) ?? 0) || a - b,
    );
    const begun = new Set(ready.filter((step) => this.#beginOne(step)));
    this.#waiting = this.#waiting.filter((step) => !begun.has(step));
  }

  #beginOne(step: number): boolean {
    if (!this.#slots.isFree(step)) return false;
    this.#slots.take(step);
    const ways = this.#waysOf(step);
    this.#running.push({
      step,
      ways,
      weight: 1,
      rate: 0,
      startMs: this.#nowMs,
      firstRate: 0,
      left: 1,
      carriedBytes: 0,
      volumeBytes: 0,
    });
    return true;
  }

  #waysOf(step: number): readonly number[] {
    const move = this.#course.steps[step];
    return move === undefined ? [] : this.#course.ways.between(move.from, move.to);
  }

  #urgencyOf(step: number): number {
    switch (this.#rules.order) {
      case 'listed':
        return 0;
      case 'longest':
        return this.#course.bytes[step] ?? 0;
      case 'value':
        return this.#worth[step] ?? 0;
      case 'busiest-way':
        return this.#busiest(step);
    }
  }

  #busiest(step: number): number {
    let most = 0;
    for (const way of this.#waysOf(step)) {
      const rate = this.#course.ways.bytesPerSecond[way] ?? Infinity;
      most = Math.max(most, (this.#work[way] ?? 0) / rate);
    }
    return most + (this.#tails[step] ?? 0);
  }

  #isWaitedFor(step: number): boolean {
    return (this.#successors[step]?.length ?? 0) > 0;
  }

  #weightOf({ step, left }: Running): number {
    const work = Math.max(1, (this.#course.bytes[step] ?? 0) * left);
    if (!this.#isWaitedFor(step)) return work;
    const tail = (this.#tails[step] ?? 0) / this.#longestTail;
    return work * roomMakersWeight * longTailsWeight ** tail;
  }

  #share(): void {
    const { fleet, ways, steps, importance } = this.#course;
    const before = this.#running.map(({ rate }) => rate);
    if (this.#rules.shares === 'by-work')
      for (const one of this.#running) one.weight = this.#weightOf(one);
    fill(this.#running, ways.bytesPerSecond);
    for (const [index, one] of this.#running.entries()) {
      if (one.firstRate === 0) one.firstRate = one.rate;
      const step = steps[one.step];
      const vm = fleet.vms[step?.vm ?? -1];
      if (step !== undefined && vm !== undefined && one.rate !== before[index])
        one.volumeBytes = bytesToCarry(vm, one.rate, termsOf(fleet, importance, step));
    }
  }

  #nextEventMs(): number {
    let next = Infinity;
    for (const one of this.#running) next = Math.min(next, this.#nowMs + needMs(one));
    for (const { atMs } of this.#landing) next = Math.min(next, atMs);
    return next;
  }

  #carry(ms: number): void {
    this.#running = this.#running.filter((one) => {
      const need = needMs(one);
      const share = need > ms + instantMs ? ms / need : 1;
      this.#takeWork(one, one.left * share);
      one.carriedBytes += one.left * one.volumeBytes * share;
      one.left *= 1 - share;
      if (share < 1) return true;
      const endMs = this.#nowMs + need + besidesMs;
      const { step, startMs, firstRate, carriedBytes } = one;
      this.timings[step] = { startMs, endMs, bytes: carriedBytes, firstRate };
      this.#landing.push({ step, atMs: endMs });
      return false;
    });
  }

  #takeWork({ step, ways }: Running, share: number): void {
    const bytes = (this.#course.bytes[step] ?? 0) * share;
    for (const way of ways) this.#work[way] = Math.max(0, (this.#work[way] ?? 0) - bytes);
  }

  #land(): void {
    this.#landing = this.#landing.filter(({ step, atMs }) => {
      if (atMs > this.#nowMs) return true;
      this.#slots.leave(step);
      for (const next of this.#successors[step] ?? [])
        this.#unmet[next] = (this.#unmet[next] ?? 1) - 1;
      return false;
    });
  }
}

function needMs({ left, volumeBytes, rate }: Running): number {
  return (left * volumeBytes * 1000) / rate;
}
