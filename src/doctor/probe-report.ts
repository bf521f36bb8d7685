import type { ResolvedHost } from '../fleet/hosts.ts';
import { formatDuration } from '../units/format.ts';
import { clockFindings, type HostSkew } from './clocks.ts';
import type { Finding } from './finding.ts';
import { findingsAt } from './hosts.ts';
import { memoryPorts } from './obstacle.ts';
import { namesOf } from './surveyed.ts';

/** One way that a probe guest was to go. */
export interface Leg {
  readonly from: ResolvedHost;
  readonly to: ResolvedHost;
  readonly outcome: LegOutcome;
}

export type LegOutcome =
  | {
      readonly kind: 'arrived';
      readonly ms: number;
      /** Why its memory went in clear although it need not; `undefined`: by TLS, or as the admin wants it. */
      readonly inClear: string | undefined;
      readonly encrypted: boolean;
      /** Whether its destination could have taken its pages from afar; `undefined`: that was not asked for. */
      readonly postCopy: Promised | undefined;
    }
  | { readonly kind: 'blocked'; readonly obstacle: Pick<Finding, 'check' | 'message' | 'hint'> }
  /** It was not tried. */
  | { readonly kind: 'left'; readonly because: string };

export type Promised = { readonly kept: true } | { readonly kept: false; readonly because: string };

/** What a run of probe guests saw. */
export interface ProbeReport {
  readonly legs: readonly Leg[];
  readonly skews: readonly HostSkew[];
  /** Hosts whose clock was to be read and was not, and why. */
  readonly noClock: readonly { readonly host: string; readonly because: string }[];
  /** What was found, or went wrong, on the way: guests that were left behind. */
  readonly besides: readonly Finding[];
}

type Arrived = Extract<LegOutcome, { kind: 'arrived' }>;

/** All of it as findings: what is well together, what is not one by one. */
export function probeFindings(report: ProbeReport): readonly Finding[] {
  const { skews, noClock, besides } = report;
  const legs = report.legs.toSorted(
    (a, b) => byName(a.from.name, b.from.name) || byName(a.to.name, b.to.name),
  );
  return [
    ...besides,
    ...waysFindings(legs),
    ...eachHost(legs).flatMap((host) => [
      ...encryptionFindings(host, legs),
      ...userfaultfdFindings(host, legs),
    ]),
    ...clockFindings(skews.toSorted((a, b) => byName(a.host, b.host))),
    ...noClock.map(({ host, because }) => findingsAt(host)('unseen', 'clocks', because)),
  ];
}

function waysFindings(legs: readonly Leg[]): readonly Finding[] {
  const arrived = arrivals(legs);
  const blocked = legs.flatMap(({ from, to, outcome }) =>
    outcome.kind === 'blocked'
      ? [{ severity: 'error' as const, where: pairName(from, to), ...outcome.obstacle }]
      : [],
  );
  return [...arrivedFindings(legs, arrived), ...blocked, ...leftFindings(legs)];
}

function arrivedFindings(legs: readonly Leg[], arrived: readonly Arrived[]): readonly Finding[] {
  const [first] = arrived;
  if (first === undefined) return [];
  const longestMs = Math.max(...arrived.map(({ ms }) => ms));
  const ways = `a probe guest moved by ${arrived.length} of ${legs.length} ways from host to host, within ${formatDuration(longestMs)} at most`;
  const all = arrived.length === legs.length;
  const found = findingsAt(eachHost(legs).join(', '));
  return [
    found('ok', 'migration ports', ways),
    ...(all
      ? [found('ok', 'names', 'each resolves the names of those that it sends guests to')]
      : []),
  ];
}

/** One for each reason: hosts that are closed are closed to all. */
function leftFindings(legs: readonly Leg[]): readonly Finding[] {
  const left = legs.flatMap(({ from, to, outcome }) =>
    outcome.kind === 'left' ? [{ name: pairName(from, to), because: outcome.because }] : [],
  );
  return [...Map.groupBy(left, ({ because }) => because)].map(([because, members]) =>
    findingsAt(namesOf(members))('unseen', 'migration ports', `not tried: ${because}`),
  );
}

function encryptionFindings(host: string, legs: readonly Leg[]): readonly Finding[] {
  const found = findingsAt(host);
  const touching = legs.filter(({ from, to }) => from.name === host || to.name === host);
  const [clear] = touching.flatMap(({ from, to, outcome }) =>
    outcome.kind === 'arrived' && outcome.inClear !== undefined
      ? [`${pairName(from, to)}: ${outcome.inClear}`]
      : [],
  );
  const own = arrivals(touching);
  if (clear !== undefined)
    return [
      {
        ...found('warning', 'encryption', clear),
        hint: 'Give QEMU certificates on all hosts, or say migrationTls: never, and close that network to others.',
      },
    ];
  if (own.length === 0 || !own.every(({ encrypted }) => encrypted)) return [];
  return [found('ok', 'encryption', 'the memory of what moved from it or to it went by TLS')];
}

function userfaultfdFindings(host: string, legs: readonly Leg[]): readonly Finding[] {
  const check = 'userfaultfd';
  const found = findingsAt(host);
  const [promised] = arrivals(legs.filter(({ to }) => to.name === host)).flatMap(({ postCopy }) =>
    postCopy === undefined ? [] : [postCopy],
  );
  if (promised === undefined) return [];
  if (promised.kept)
    return [
      found(
        'ok',
        check,
        'its QEMU may serve pages from afar: a guest came that could have been split',
      ),
    ];
  return [
    {
      ...found('warning', check, promised.because),
      hint: 'Busy guests that move there are slowed down or paused longer instead: sysctl vm.unprivileged_userfaultfd=1',
    },
  ];
}

function arrivals(legs: readonly Leg[]): readonly Arrived[] {
  return legs.flatMap(({ outcome }) => (outcome.kind === 'arrived' ? [outcome] : []));
}

function eachHost(legs: readonly Leg[]): readonly string[] {
  const names = new Set(legs.flatMap(({ from, to }) => [from.name, to.name]));
  return [...names].toSorted(byName);
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function pairName(from: ResolvedHost, to: ResolvedHost): string {
  return `${from.name} to ${to.name}`;
}

const way = `whether the hosts let each other through to ports ${memoryPorts}, over which memory moves: no libvirt call tells`;
const resolving =
  "whether the hosts resolve each other's host names, to which memory is sent (unless migration_host in the qemu.conf of the destination says otherwise)";
const clocks = 'whether the clocks of the hosts agree: no libvirt call tells the time';

/** What only a guest shows, where none is to be started. */
export function unprobed(names: readonly string[]): readonly Finding[] {
  if (names.length < 2) return [];
  const hint = 'drover doctor --probe sees it, by tiny guests of its own.';
  return [
    { severity: 'unseen', check: 'migration ports', where: undefined, message: way, hint },
    { severity: 'unseen', check: 'names', where: undefined, message: resolving, hint },
    { severity: 'unseen', check: 'clocks', where: undefined, message: clocks, hint },
  ];
}

/** The findings without those `unseen` that something was seen of after all. */
export function withoutSeen(
  findings: readonly Finding[],
  seen: readonly Finding[],
): readonly Finding[] {
  const told = new Set(seen.filter(({ severity }) => severity !== 'unseen').map(subject));
  return findings.filter((one) => one.severity !== 'unseen' || !told.has(subject(one)));
}

function subject({ check, where }: Finding): string {
  return `${check} ${where}`;
}
