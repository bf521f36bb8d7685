/** Who asks, from where. */
export interface Asker {
  readonly who: string;
  /** The peer's address, or `local`. */
  readonly from: string;
}
