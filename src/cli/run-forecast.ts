import type { ForecastAnswer } from '../client/client.ts';
import { formatBytes, formatDuration, formatRate } from '../units/format.ts';
import type { ForecastFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { withSession } from './session.ts';
import { type Column, formatTable } from './table.ts';

/** `drover forecast`, and `drover migrate --dry-run`: what moving a VM would be like. */
export async function runForecast(io: Io, vm: string, flags: ForecastFlags): Promise<void> {
  const { from, to, importance, reason } = flags;
  const request = { vm, from, to, importance, reason };
  const answer = await withSession(io, flags, ({ client }) => client.forecast(request));
  await print(io, flags.output, answer, { table: forecastText });
}

type Cost = ForecastAnswer['expected']['forecast'];
type Figure = Cost['bytes'];

export function forecastText(answer: ForecastAnswer): string {
  return [
    `${answer.domain.name}, ${answer.class}, from ${answer.from} to ${answer.to}, importance ${answer.importance}\n`,
    knownText(answer),
    `\n${expectedText(answer)}\n\n`,
    formatTable(columns, answer.options),
  ].join('');
}

function knownText(answer: ForecastAnswer): string {
  const { workingSet, bandwidthGuessed } = answer;
  const link = `The link carries ${formatRate(answer.bandwidthBytesPerSecond)}${bandwidthGuessed ? ', a guess' : ''}; ${formatBytes(answer.touchedBytes)} of memory are in use.`;
  const writes =
    workingSet === null
      ? 'What the guest writes is not known.'
      : `The guest writes some ${formatRate(workingSet.rateBytesPerSecond)} over a working set of ${formatBytes(workingSet.setBytes)}, give or take ${Math.round(workingSet.errorShare * 100)} %.`;
  return `${link}\n${writes}\nKnown: ${answer.sources.join('; ')}.\n`;
}

const endings: Readonly<Record<string, string>> = {
  'switch-over': 'It is expected to arrive by pre-copy alone',
  'post-copy': 'It is expected to need post-copy',
  freeze: 'It is expected to be stopped until its memory is across',
  stay: 'It is expected to stay where it is: nothing that is allowed would bring it across',
};

function expectedText({ expected: { ending, forecast } }: ForecastAnswer): string {
  const how = endings[ending];
  if (how === undefined) return 'It is not expected to end by anything that is allowed now.';
  if (ending === 'stay') return `${how} (after ${durations(forecast.timeMs)}).`;
  return `${how}: in ${durations(forecast.timeMs)}, with a pause of ${durations(forecast.blackoutMs)} and ${formatBytes(amount(forecast.bytes))} on the link.`;
}

/** The API has no number for what is never reached. */
function amount(figure: Figure): number {
  return figure === 'never' ? Number.POSITIVE_INFINITY : figure;
}

function durations({ p50, p90 }: Cost['timeMs']): string {
  const half = formatDuration(amount(p50));
  return p90 === 'never' ? half : `${half} (up to ${formatDuration(p90)})`;
}

const columns: readonly Column<ForecastAnswer['options'][number]>[] = [
  { title: 'OPTION', cell: ({ option }) => option },
  { title: 'ARRIVES', cell: ({ forecast }) => (forecast.completes ? 'yes' : 'no') },
  { title: 'TIME', cell: ({ forecast }) => whenArrived(forecast, forecast.timeMs) },
  { title: 'PAUSE', cell: ({ forecast }) => whenArrived(forecast, forecast.blackoutMs) },
  {
    title: 'SLOWDOWN',
    cell: ({ forecast }) =>
      forecast.completes && forecast.slowdownShare > 0
        ? `${Math.round(forecast.slowdownShare * 100)} % for ${formatDuration(amount(forecast.slowdownMs))}`
        : '-',
  },
  {
    title: 'BYTES',
    cell: ({ forecast }) => (forecast.completes ? formatBytes(amount(forecast.bytes)) : '-'),
    align: 'right',
  },
  {
    title: 'LOSS',
    cell: ({ forecast }) =>
      forecast.lossRisk > 0 ? `${Number((forecast.lossRisk * 100).toPrecision(2))} %` : '-',
  },
  {
    title: 'ALLOWED',
    cell: ({ permission }) => (permission.allowed ? 'yes' : `no: ${permission.because}`),
  },
];

function whenArrived({ completes }: Cost, range: Cost['timeMs']): string {
  return completes ? durations(range) : '-';
}
