/** How a schedule is made. Which rules are best differs from instance to instance: several are tried. */
export interface Rules {
  /** At once from any host, and as many to it; Infinity: as many as there are. */
  readonly atOncePerHost: number;
  /** `equal`: those that share a way get the same; `by-work`: in proportion to what they have left, and those first whom others wait for. */
  readonly shares: 'equal' | 'by-work';
  /** Who begins first: over the way with most work left, the longest, what is worth most, or as listed. */
  readonly order: 'busiest-way' | 'longest' | 'value' | 'listed';
}

export function rulesText({ atOncePerHost, shares, order }: Rules): string {
  const many = atOncePerHost === Infinity ? 'any number' : String(atOncePerHost);
  const first = {
    'busiest-way': 'the busiest way first',
    longest: 'the longest first',
    value: 'the most valuable first',
    listed: 'as listed',
  }[order];
  return `${many} at once per host, ${first}, ${shares === 'equal' ? 'equal shares' : 'shares by work left'}`;
}

/** At once per host: more than these were never better. */
const counts = [2, 4, Infinity];

/** What is tried where ways are shared, the most likely first. */
export function candidateRules(hasDeadline: boolean): readonly Rules[] {
  const busiest = counts.flatMap((atOncePerHost): readonly Rules[] => [
    { atOncePerHost, shares: 'by-work', order: 'busiest-way' },
    { atOncePerHost, shares: 'equal', order: 'busiest-way' },
  ]);
  if (!hasDeadline) return busiest;
  const valued = counts.map(
    (atOncePerHost): Rules => ({ atOncePerHost, shares: 'equal', order: 'value' }),
  );
  return [...valued, ...busiest];
}
