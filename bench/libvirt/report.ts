import { type Call, calls, type Measured, median } from './task.ts';

/** Who is measured, and how: the columns of the table. */
export interface Contender {
  readonly client: 'drover' | 'python' | 'virsh';
  readonly inFlight: number;
  readonly connections: number;
}

export const contenders: readonly Contender[] = [
  { client: 'drover', inFlight: 1, connections: 1 },
  { client: 'python', inFlight: 1, connections: 1 },
  { client: 'virsh', inFlight: 1, connections: 1 },
  { client: 'drover', inFlight: 4, connections: 1 },
  { client: 'python', inFlight: 4, connections: 1 },
  { client: 'drover', inFlight: 4, connections: 4 },
  { client: 'python', inFlight: 4, connections: 4 },
];

/** The measurements of one contender and call, one a round. */
export interface Cell {
  readonly contender: Contender;
  readonly call: Call;
  readonly rounds: Measured[];
}

const names = { drover: 'Drover', python: 'python3-libvirt', virsh: 'virsh' } as const;

/** Markdown: a row a call and way, the faster of both clients in bold. */
export function table(cells: readonly Cell[]): string {
  const head =
    '| call | client | in flight | connections | calls/s | p50, µs | p99, µs | slowest-fastest round, calls/s | event-loop delay p99, ms |';
  const rows = groups(cells).flatMap((group) => {
    const best = Math.max(...group.map(speed));
    return group.map((cell) => row(cell, speed(cell) === best));
  });
  return [head, '|---|---|---|---|---|---|---|---|---|', ...rows].join('\n');
}

/** Those that are compared with each other: same call, same number in flight and connections. */
function groups(cells: readonly Cell[]): readonly (readonly Cell[])[] {
  const key = ({ call, contender }: Cell): string =>
    `${calls.indexOf(call)} ${contender.inFlight} ${contender.connections}`;
  const grouped = Map.groupBy(cells, key);
  return [...grouped.entries()]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([, group]) => group);
}

function row(cell: Cell, best: boolean): string {
  const { contender, call, rounds } = cell;
  const speeds = rounds.map(({ callsPerSecond }) => callsPerSecond);
  const delays = rounds.flatMap(({ loopDelayP99Ms }) => loopDelayP99Ms ?? []);
  const callsPerSecond = whole(speed(cell));
  return `| ${[
    call,
    names[contender.client],
    contender.inFlight,
    contender.connections,
    best ? `**${callsPerSecond}**` : callsPerSecond,
    whole(median(rounds.map(({ p50Us }) => p50Us))),
    whole(median(rounds.map(({ p99Us }) => p99Us))),
    `${whole(Math.min(...speeds))}-${whole(Math.max(...speeds))}`,
    delays.length === 0 ? '' : median(delays).toFixed(2),
  ].join(' | ')} |`;
}

function whole(value: number): string {
  return Number.isNaN(value) ? '' : Math.round(value).toString();
}

function speed(cell: Cell): number {
  return median(cell.rounds.map(({ callsPerSecond }) => callsPerSecond));
}

/** `key value` pairs: in how many comparisons Drover is the fastest, and the ratios to the next. */
export function verdict(cells: readonly Cell[]): string {
  const ratios = groups(cells).flatMap((group) => {
    const mine = group.find(({ contender }) => contender.client === 'drover');
    const others = group.filter(({ contender }) => contender.client !== 'drover');
    return mine === undefined ? [] : speed(mine) / Math.max(...others.map(speed));
  });
  const delays = cells.flatMap(({ rounds }) =>
    rounds.flatMap(({ loopDelayP99Ms }) => loopDelayP99Ms ?? []),
  );
  return [
    `comparisons ${ratios.length}`,
    `won ${ratios.filter((ratio) => ratio > 1).length}`,
    `lowest_ratio ${Math.min(...ratios).toFixed(2)}`,
    `median_ratio ${median(ratios).toFixed(2)}`,
    `event_loop_delay_p99_ms ${median(delays).toFixed(2)}`,
  ].join(' ');
}
