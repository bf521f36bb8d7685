/** What one option is expected to cost the guest and the operator from now on. */
export interface Forecast {
  /** Whether the option ends with the guest at its destination. */
  readonly completes: boolean;
  /** Time from now to the guest wholly at its destination, ms. Infinite where it never completes. */
  readonly timeMs: Range;
  /** The pause that the guest will feel, ms. */
  readonly blackoutMs: Range;
  /** Share of its speed taken from the guest while the option runs, 0 to 1, and for how long. */
  readonly slowdownShare: number;
  readonly slowdownMs: number;
  /** Bytes that the option still puts on the link. */
  readonly bytes: number;
  /** Chance that the guest is lost, 0 to 1. */
  readonly lossRisk: number;
}

/** Half of the outcomes are at or under p50, nine of ten at or under p90. */
export interface Range {
  readonly p50: number;
  readonly p90: number;
}
