import { type Actual, errorOf, type Said } from './judge.ts';

/** One forecast beside what became of it. */
export interface Row {
  readonly scene: string;
  readonly said: Said;
  readonly actual: Actual;
}

/** How far the forecasts of one stage of the way were off. */
interface Errors {
  readonly share: number;
  readonly count: number;
  readonly time: Spread;
  readonly blackout: Spread;
  readonly bytes: Spread;
  /** Share of calls that named the wrong ending. */
  readonly wrong: number;
  /** Share of calls that took a guest that fits by itself for one that does not, or the reverse. */
  readonly wrongConvergence: number;
}

interface Spread {
  readonly median: number;
  readonly p90: number;
}

export function errorsAt(rows: readonly Row[], share: number): Errors {
  const there = rows.filter(({ said }) => said.share === share);
  const arrived = there.filter(({ actual }) => actual.blackoutMs !== undefined);
  return {
    share,
    count: there.length,
    time: spreadOf(there.map(({ said, actual }) => errorOf(said.totalMs, actual.totalMs))),
    blackout: spreadOf(
      arrived.map(({ said, actual }) => errorOf(said.blackoutMs, actual.blackoutMs ?? 0)),
    ),
    bytes: spreadOf(there.map(({ said, actual }) => errorOf(said.bytes, actual.sentBytes))),
    wrong: shareOf(there, ({ said, actual }) => said.ending !== actual.ending),
    wrongConvergence: shareOf(there, ({ said, actual }) => fits(said) !== fits(actual)),
  };
}

function fits({ ending }: Pick<Said, 'ending'>): boolean {
  return ending === 'switch-over';
}

function shareOf(rows: readonly Row[], is: (row: Row) => boolean): number {
  return rows.length === 0 ? 0 : rows.filter(is).length / rows.length;
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { median: at(0.5), p90: at(0.9) };
}

export function rowTable(rows: readonly Row[]): string {
  const lines = rows.map(({ scene, said, actual }) =>
    [
      scene,
      percent(said.share),
      `${said.ending} / ${actual.ending}`,
      `${seconds(said.totalMs)} / ${seconds(actual.totalMs)}`,
      actual.blackoutMs === undefined
        ? '-'
        : `${Math.round(said.blackoutMs)} / ${Math.round(actual.blackoutMs)} ms`,
      `${mebibytes(said.bytes)} / ${mebibytes(actual.sentBytes)} MiB`,
    ].join(' | '),
  );
  const head = 'scene | at | ending said / was | time | blackout | bytes';
  return table(head, lines);
}

export function errorTable(all: readonly Errors[]): string {
  const lines = all.map(({ share, count, time, blackout, bytes, wrong, wrongConvergence }) =>
    [
      percent(share),
      count,
      both(time),
      both(blackout),
      both(bytes),
      percent(wrong),
      percent(wrongConvergence),
    ].join(' | '),
  );
  const head =
    'at | forecasts | time: median, p90 | blackout: median, p90 | bytes: median, p90 | wrong ending | wrong on convergence';
  return table(head, lines);
}

export function verdictLine(all: readonly Errors[]): string {
  return all
    .map(({ share, time, blackout, bytes, wrongConvergence }) => {
      const at = Math.round(share * 100);
      return `time_${at} ${rounded(time.median)} blackout_${at} ${rounded(blackout.median)} bytes_${at} ${rounded(bytes.median)} wrong_${at} ${rounded(wrongConvergence)}`;
    })
    .join(' ');
}

function table(head: string, lines: readonly string[]): string {
  const columns = head.split(' | ').length;
  const rule = Array.from({ length: columns }, () => '---').join('|');
  return [`| ${head} |`, `|${rule}|`, ...lines.map((line) => `| ${line} |`)].join('\n');
}

function both({ median, p90 }: Spread): string {
  return `${percent(median)}, ${percent(p90)}`;
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${Math.round(share * 100)} %` : 'never';
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : 'never';
}

function mebibytes(bytes: number): string {
  return Number.isFinite(bytes) ? (bytes / 2 ** 20).toFixed(0) : 'never';
}

function rounded(value: number): string {
  return value.toFixed(3);
}
