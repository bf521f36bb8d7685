import type { MigrationRow, NewEvent } from '../store/rows.ts';
import type { Report } from '../store/store.ts';
import { Job, type JobPorts } from './job.ts';
import type { HeldLease, Leases } from './leases.ts';

/** Up to so many are kept every round; more take turns, and none waits for longer than so many rounds. */
const reportedAtOnce = 1_000;
const mostTurns = 10;
const partSize = 250;

/** All migrations that this replica steers. */
export class Crew {
  readonly #jobs = new Map<string, { readonly job: Job; readonly ended: Promise<void> }>();
  readonly #ports: JobPorts;
  readonly #leases: Leases;
  readonly #onEnd: () => void;
  #turn = 0;

  constructor(ports: JobPorts, leases: Leases, onEnd: () => void) {
    this.#ports = ports;
    this.#leases = leases;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** Whether this one needs its way no more. */
  hasLanded(id: string): boolean {
    return this.#jobs.get(id)?.job.page.landed === true;
  }

  /** Steers what the leases give; `rows` and `held` in the same order. */
  begin(rows: readonly MigrationRow[], held: readonly HeldLease[]): void {
    rows.forEach((row, index) => {
      const lease = held[index];
      if (lease !== undefined) this.#start(new Job(row, lease, this.#ports));
    });
  }

  /** Keeps what has been seen and decided since the last time, of all at once. */
  async report(): Promise<void> {
    const turns = Math.min(mostTurns, Math.ceil(this.#jobs.size / reportedAtOnce));
    this.#turn = (this.#turn + 1) % Math.max(1, turns);
    const due = [...this.#jobs.values()]
      .map(({ job }) => job)
      .filter((job, index) => index % Math.max(1, turns) === this.#turn && !job.writing);
    await this.#report(due);
  }

  /** In parts: what the store writes at once holds up everything else on SQLite. */
  async #report(jobs: readonly Job[]): Promise<void> {
    for (let from = 0; from < jobs.length; from += partSize) {
      if (from > 0) await new Promise((resolve) => setImmediate(resolve));
      await this.#reportPart(jobs.slice(from, from + partSize));
    }
  }

  async #reportPart(jobs: readonly Job[]): Promise<void> {
    const torn = jobs.flatMap((job) => {
      const page = job.page.tear(job.held.lease);
      return page === undefined ? [] : [{ job, ...page }];
    });
    if (torn.length === 0) return;
    const reports: Report[] = torn.map(({ report }) => report);
    const events: NewEvent[] = torn.flatMap((one) => [...one.events]);
    const reporting = this.#ports.store.migrations.report(reports, events);
    for (const one of torn) if (one.events.length > 0) one.job.behind(reporting);
    try {
      await reporting;
    } catch (error) {
      for (const one of torn) one.job.page.putBack(one.report, one.events);
      throw error;
    }
  }

  /** Lets go of the newest `count`, waits until they have, and keeps the last of what they saw. */
  async letGo(count: number): Promise<readonly HeldLease[]> {
    const leaving = count <= 0 ? [] : [...this.#jobs.values()].slice(-count);
    for (const { job } of leaving) job.held.end();
    await Promise.all(leaving.map(({ ended }) => ended));
    const jobs = leaving.map(({ job }) => job);
    await this.#report(jobs);
    return jobs.map(({ held }) => held);
  }

  #start(job: Job): void {
    // A job never rejects.
    const ended = job.run().then(() => this.#end(job));
    this.#jobs.set(job.id, { job, ended });
  }

  #end(job: Job): void {
    if (this.#jobs.get(job.id)?.job === job) this.#jobs.delete(job.id);
    this.#leases.drop(job.held);
    this.#onEnd();
  }
}
