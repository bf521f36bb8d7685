/**
 * What a guest may suffer during one migration, and what that migration must reach.
 * Every field is a limit: a gentler mechanism is always preferred while it still arrives.
 */
export interface Budget {
  /** Longest pause the guest may feel at switch-over, in ms. */
  readonly blackoutMs: number;
  /** Largest share of its speed that may be taken from the guest: 0 (none) to 0.99. */
  readonly slowdownShare: number;
  /** Whether the guest may run split over two hosts (post-copy). */
  readonly pointOfNoReturn: PointOfNoReturn;
  /** Whether, and for how long, the guest may be stopped until its memory is across. */
  readonly freeze: Freeze;
  /**
   * How long to stay gentle before the budget may be used in full, as a multiple of the time that
   * one pass over the guest's touched memory takes at the link's effective bandwidth.
   */
  readonly patiencePasses: number;
  /** What happens when nothing within the budget completes. */
  readonly otherwise: Otherwise;
}

export type PointOfNoReturn = 'never' | 'if-recoverable' | 'yes';
export type Otherwise = 'stay' | 'finish';
export type Freeze =
  | { readonly kind: 'never' }
  | { readonly kind: 'up-to'; readonly ms: number }
  /** As long as it takes: only where the operation must end whatever the guest does. */
  | { readonly kind: 'as-needed' };
