import { type Call, calls, type Measured, median } from './task.ts';

const names = { drover: 'Drover', python: 'python3-libvirt', virsh: 'virsh' } as const;
export type ClientName = keyof typeof names;

/** Clients that do the same, and what was measured of each, once a round. */
export interface Comparison {
  readonly call: Call;
  readonly inFlight: number;
  readonly connections: number;
  readonly contenders: readonly Contender[];
}

export interface Contender {
  readonly client: ClientName;
  readonly rounds: Measured[];
}

/** How the calls are made, and who can make them so. */
const ways: readonly {
  readonly inFlight: number;
  readonly connections: number;
  readonly clients: readonly ClientName[];
}[] = [
  { inFlight: 1, connections: 1, clients: ['drover', 'python', 'virsh'] },
  { inFlight: 4, connections: 1, clients: ['drover', 'python'] },
  { inFlight: 4, connections: 4, clients: ['drover', 'python'] },
];

export function allComparisons(): readonly Comparison[] {
  return calls.flatMap((call) =>
    ways.map(({ clients, ...way }) => ({
      call,
      ...way,
      contenders: clients.map((client) => ({ client, rounds: [] })),
    })),
  );
}

/** Markdown: Drover's calls a second over the others'. */
export function ratioTable(comparisons: readonly Comparison[]): string {
  const head = '| call | in flight | connections | Drover / python3-libvirt | Drover / virsh |';
  const rows = comparisons.map((comparison) => {
    const { call, inFlight, connections } = comparison;
    const ratios = (['python', 'virsh'] as const).map((other) => ratio(comparison, other));
    return `| ${[call, inFlight, connections, ...ratios.map(shownRatio)].join(' | ')} |`;
  });
  return [head, '|---|---|---|---|---|', ...rows].join('\n');
}

/** The median of the rounds' ratios: what slows a whole round down does not show in it. */
function ratio({ contenders }: Comparison, other: ClientName): number | undefined {
  const theirs = contenders.find(({ client }) => client === other)?.rounds;
  const ours = contenders.find(({ client }) => client === 'drover')?.rounds;
  if (ours === undefined || theirs === undefined) return undefined;
  return median(
    ours.map(({ callsPerSecond }, round) => {
      return callsPerSecond / (theirs[round]?.callsPerSecond ?? Number.NaN);
    }),
  );
}

function shownRatio(value: number | undefined): string {
  if (value === undefined) return '';
  return value > 1 ? `**${value.toFixed(2)}**` : value.toFixed(2);
}

/** Markdown: every figure. */
export function table(comparisons: readonly Comparison[]): string {
  const head = [
    'call',
    'in flight',
    'connections',
    'client',
    'calls/s',
    'lowest-highest',
    'p50, µs',
    'p99, µs',
    'CPU of the client, µs/call',
    'event-loop delay p99, ms',
  ];
  const rows = comparisons.flatMap((comparison) =>
    comparison.contenders.map((contender) => row(comparison, contender)),
  );
  return [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...rows].join('\n');
}

function row(comparison: Comparison, { client, rounds }: Contender): string {
  const { call, inFlight, connections } = comparison;
  const speeds = rounds.map(({ callsPerSecond }) => callsPerSecond);
  const figures = [
    whole(median(speeds)),
    `${whole(Math.min(...speeds))}-${whole(Math.max(...speeds))}`,
    whole(median(rounds.map(({ p50Us }) => p50Us))),
    whole(median(rounds.map(({ p99Us }) => p99Us))),
    whole(median(rounds.map(({ cpuUsPerCall }) => cpuUsPerCall ?? Number.NaN))),
    loopDelay(rounds)?.toFixed(2) ?? '',
  ];
  return `| ${[call, inFlight, connections, names[client], ...figures].join(' | ')} |`;
}

function loopDelay(rounds: readonly Measured[]): number | undefined {
  const delays = rounds.flatMap(({ loopDelayP99Ms }) => loopDelayP99Ms ?? []);
  return delays.length === 0 ? undefined : median(delays);
}

function whole(value: number): string {
  return Number.isNaN(value) ? '' : Math.round(value).toString();
}

/** `key value` pairs. */
export function verdict(comparisons: readonly Comparison[]): string {
  const summary = (['python', 'virsh'] as const).flatMap((other) => {
    const ratios = comparisons.flatMap((comparison) => ratio(comparison, other) ?? []);
    return [
      `comparisons_with_${other} ${ratios.length}`,
      `faster_than_${other} ${ratios.filter((value) => value > 1).length}`,
      `lowest_ratio_to_${other} ${Math.min(...ratios).toFixed(2)}`,
      `median_ratio_to_${other} ${median(ratios).toFixed(2)}`,
    ];
  });
  const drover = comparisons.flatMap(({ contenders }) =>
    contenders.flatMap(({ client, rounds }) => (client === 'drover' ? rounds : [])),
  );
  return [...summary, `event_loop_delay_p99_ms ${loopDelay(drover)?.toFixed(2)}`].join(' ');
}
