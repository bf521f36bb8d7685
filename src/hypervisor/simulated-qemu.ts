/** What differs between hypervisors, beside what their algorithm says. Times are ms. */
export interface HypervisorTraits {
  /** What a pause lasts when no memory is left to send: device state, hand-shake, the start over there. */
  readonly handOverMs: number;
  /** The same for a switch to post-copy, when the socket has run empty. */
  readonly postCopyPauseMs: number;
  /** Share of its speed that a guest loses while its pages are fetched, 0 to 1. */
  readonly postCopySlowdown: number;
  /** From the guest's start at its destination to the end of the call that carried it. */
  readonly finishMs: number;
  /** What waits in the sender's socket while its stream is not held back, bytes. */
  readonly socketBytes: number;
}

/** Calibrated on the lab: see bench/calibration. */
export const qemu11: HypervisorTraits = {
  handOverMs: 60,
  postCopyPauseMs: 120,
  postCopySlowdown: 0.3,
  finishMs: 60,
  socketBytes: 1.8 * 2 ** 20,
};

/** Passes of the whole memory, and no path of their own for pages that are asked for. */
export const qemu10: HypervisorTraits = {
  handOverMs: 60,
  postCopyPauseMs: 500,
  postCopySlowdown: 0.5,
  finishMs: 60,
  socketBytes: 1.8 * 2 ** 20,
};
