import { type Job, type Jobs, landMs } from './jobs.ts';
import { Timetable } from './timetable.ts';

/** When each job begins. Every job is put where it can begin earliest beside those that are there. */
export class Sheet {
  readonly jobs: readonly Job[];
  readonly #timetable: Timetable;
  /** ms; NaN: it is not on the sheet. */
  readonly #startMs: Float64Array;

  constructor({ jobs, capacity }: Jobs) {
    this.jobs = jobs;
    this.#timetable = new Timetable(capacity);
    this.#startMs = new Float64Array(jobs.length).fill(Number.NaN);
    for (const [index, job] of jobs.entries()) if (job.isUnderWay) this.#put(index, job, 0);
  }

  startMs(index: number): number {
    return this.#startMs[index] ?? Number.NaN;
  }

  landMs(index: number): number {
    const job = this.jobs[index];
    return job === undefined ? Number.NaN : landMs(job, this.startMs(index));
  }

  /** Puts a job on the sheet, first those that it waits for; false: not before those that wait for it begin. */
  place(index: number): boolean {
    const job = this.jobs[index];
    if (job === undefined || this.#has(index)) return true;
    let fromMs = 0;
    for (const before of job.before) {
      if (!this.place(before)) return false;
      fromMs = Math.max(fromMs, this.landMs(before));
    }
    const startMs = this.#timetable.earliest(job.uses, fromMs);
    if (startMs === Infinity) throw new Error('the plan cannot go on: a limit lets nobody move');
    const endMs = landMs(job, startMs);
    if (job.behind.some((one) => this.startMs(one) < endMs)) return false;
    this.#put(index, job, startMs);
    return true;
  }

  remove(index: number): void {
    const job = this.jobs[index];
    if (job === undefined || !this.#has(index)) return;
    this.#timetable.giveBack(job.uses, this.startMs(index));
    this.#startMs[index] = Number.NaN;
  }

  /** Puts a job where it was. */
  putBack(index: number, startMs: number): void {
    const job = this.jobs[index];
    if (job !== undefined) this.#put(index, job, startMs);
  }

  #has(index: number): boolean {
    return !Number.isNaN(this.startMs(index));
  }

  #put(index: number, { uses }: Job, startMs: number): void {
    this.#timetable.take(uses, startMs);
    this.#startMs[index] = startMs;
  }
}
