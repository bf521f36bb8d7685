/** One thing that was looked at. `unseen`: it matters, and cannot be seen from here. */
export interface Finding {
  readonly severity: 'ok' | 'unseen' | 'warning' | 'error';
  /** What was looked at: `reach`, `versions`, `post-copy`, ... */
  readonly check: string;
  /** The host, or the two that it is between; `undefined`: the whole. */
  readonly where: string | undefined;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}
