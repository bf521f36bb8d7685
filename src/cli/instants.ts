/** The time of day `ms` from now, as the API takes it; in the past where it is negative. */
export function fromNow(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

/** A time of day as lists show it: to the second, in UTC. */
export function shownInstant(instant: string | null): string {
  return instant === null ? '-' : `${instant.slice(0, 19).replace('T', ' ')}Z`;
}
