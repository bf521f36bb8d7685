/** What differs between hypervisors, beside what their algorithm says. Times are ms. */
export interface HypervisorTraits {
  /** What a pause lasts when no memory is left to send: device state, hand-shake, the start over there. */
  readonly handOverMs: number;
  /** The same for a switch to post-copy, when the socket has run empty. */
  readonly postCopyPauseMs: number;
  /** From the guest's start at its destination to the end of the call that carried it. */
  readonly finishMs: number;
  /** What waits in the sender's socket while its stream is not held back, bytes. */
  readonly socketBytes: number;
}

/** Calibrated on the lab: see bench/calibration. */
export const qemu11: HypervisorTraits = {
  handOverMs: 30,
  postCopyPauseMs: 75,
  finishMs: 215,
  socketBytes: 1.3 * 2 ** 20,
};

/** Its guests start sooner in post-copy. */
export const qemu10: HypervisorTraits = {
  handOverMs: 30,
  postCopyPauseMs: 30,
  finishMs: 215,
  socketBytes: 1.3 * 2 ** 20,
};
