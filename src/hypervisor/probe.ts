/**
 * A guest of Drover's own: tiny, idle, without disk or network, and gone when it ends. It is started to
 * see what only a guest shows, and is no VM of the fleet.
 */
export interface ProbeGuest {
  readonly name: string;
  readonly machineType: string;
  readonly architecture: string;
  readonly accelerator: 'kvm' | 'emulation';
  readonly mark: ProbeMark;
}

/** Who began a probe guest, as its metadata tells: it travels with it. */
export interface ProbeMark {
  /** Of one run, which has one such guest after another. */
  readonly run: string;
  /** The machine and the process that look after it. */
  readonly machine: string;
  readonly pid: number;
  /** By that machine's clock, ms since 1970. */
  readonly sinceMs: number;
}

/** One that was found on a host. */
export interface ProbeSeen {
  readonly uuid: string;
  readonly name: string;
  readonly mark: ProbeMark;
}

/** When a host's clock showed `hostMs`: between these two, by the clock of whoever asked. All ms since 1970. */
export interface ClockReading {
  readonly askedMs: number;
  readonly hostMs: number;
  readonly heardMs: number;
}

/** Both its name and its mark say so: nothing else is taken for one, and none else is ended. */
export const probePrefix = 'drover-probe-';
/** Of the mark. A namespace of its own: that of the tags says what a VM of the fleet is worth. */
export const probeNamespace = 'https://drover.dev/xmlns/probe/1';
export const probeKey = 'drover-probe';
