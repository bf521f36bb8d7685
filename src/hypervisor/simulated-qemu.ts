/** What differs between hypervisors, beside what their algorithm says. Times are ms. */
export interface HypervisorTraits {
  /** What a pause lasts when no memory is left to send: device state, hand-shake, the start over there. */
  readonly handOverMs: number;
  /** The same for a switch to post-copy, when the socket has run empty. */
  readonly postCopyPauseMs: number;
  /** How long a guest waits in post-copy for a page that it asked for, beside what is sent before it. */
  readonly faultMs: number;
  /** What of the stream is sent before a page that was asked for, bytes. */
  readonly faultQueueBytes: number;
  /** From the guest's start at its destination to the end of the call that carried it. */
  readonly finishMs: number;
  /** What waits in the sender's socket while its stream is not held back, bytes. */
  readonly socketBytes: number;
}

/** Calibrated on the lab: see bench/calibration. */
export const qemu11: HypervisorTraits = {
  handOverMs: 30,
  postCopyPauseMs: 95,
  faultMs: 4,
  faultQueueBytes: 0.17 * 2 ** 20,
  finishMs: 215,
  socketBytes: 1.3 * 2 ** 20,
};

/** Its guests start sooner in post-copy, and wait a little longer for what they ask for. */
export const qemu10: HypervisorTraits = {
  handOverMs: 30,
  postCopyPauseMs: 30,
  faultMs: 4,
  faultQueueBytes: 0.2 * 2 ** 20,
  finishMs: 215,
  socketBytes: 1.3 * 2 ** 20,
};
