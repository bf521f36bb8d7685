/** Looks nearer to each other than this say too little, ms. */
const leastBetweenMs = 5_000;
/** Who was not seen for so long is forgotten, ms. */
const keptMs = 600_000;

interface Look {
  readonly cpuMs: number;
  readonly atMs: number;
  readonly share: number | undefined;
}

/** A VM on a host, as it was looked at. */
export interface BusyLook {
  readonly host: string;
  readonly uuid: string;
  readonly virtualCpus: number;
  /** Processor time since it started there. */
  readonly cpuMs: number;
  readonly atMs: number;
}

/** Tells from two looks at the processor time of a VM how busy it is. */
export class BusyWatch {
  readonly #looks = new Map<string, Look>();

  /** The share of its virtual CPUs that it has used since it was looked at before, 0 to 1; `undefined` at first. */
  share({ host, uuid, virtualCpus, cpuMs, atMs }: BusyLook): number | undefined {
    const key = `${host} ${uuid}`;
    const before = this.#looks.get(key);
    const betweenMs = before === undefined ? 0 : atMs - before.atMs;
    if (before !== undefined && betweenMs < leastBetweenMs) return before.share;
    const used = before === undefined ? undefined : (cpuMs - before.cpuMs) / betweenMs;
    // One that came back has begun anew.
    const share =
      used === undefined || used < 0 ? undefined : Math.min(1, used / Math.max(1, virtualCpus));
    this.#looks.set(key, { cpuMs, atMs, share });
    return share;
  }

  forgetOld(nowMs: number): void {
    for (const [key, { atMs }] of this.#looks) if (nowMs - atMs > keptMs) this.#looks.delete(key);
  }
}
