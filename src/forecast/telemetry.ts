/** One reading of a running migration, taken from the source host. Bytes, ms and bytes/s throughout. */
export interface Sample {
  /** When it was read: ms since the migration started, on the observer's monotonic clock. */
  readonly atMs: number;
  /** Guest memory in all, as QEMU counts it. */
  readonly memoryTotalBytes: number;
  /** Memory still to be sent as known at the last dirty-bitmap sync. */
  readonly memoryRemainingBytes: number;
  /** Bytes put on the wire so far for memory. */
  readonly memorySentBytes: number;
  /** Pages sent with their content so far. */
  readonly normalPages: number;
  /** Pages sent as "all one byte" so far: they cost 9 bytes of link, but a page of `remaining`. */
  readonly constantPages: number;
  readonly pageSizeBytes: number;
  /** QEMU's own dirty rate in bytes/s; 0 until the second sync. A hint: see the model. */
  readonly dirtyRateBytesPerSecond: number;
  /** QEMU's own throughput in bytes/s. */
  readonly throughputBytesPerSecond: number;
  /** Dirty-bitmap syncs so far. Means passes in QEMU 10 and syncs in 11.1: never steer by it. */
  readonly iteration: number;
  /** CPU throttle that QEMU applies now, 0 to 99. */
  readonly throttlePercent: number;
  /** Pages the destination asked for in post-copy. */
  readonly postCopyRequests: number;
  /** What the guest writes at the most, where its memory has shown by then that it writes in turn; bytes/s, above 0. */
  readonly inTurnBytesPerSecond?: number;
  readonly phase: SamplePhase;
}

/** `setup`: nothing has moved yet. */
export type SamplePhase = 'setup' | 'pre-copy' | 'post-copy';
