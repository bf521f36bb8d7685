import { loadConfig } from '../fleet/config.ts';
import type { Range } from '../forecast/forecast.ts';
import { localJournal } from '../journal/local.ts';
import { type ForecastAnswer, forecastVm } from '../migration/service.ts';
import { realSurroundings } from '../migration/surroundings.ts';
import type { Ending } from '../steering/decision.ts';
import type { OpenOption } from '../steering/options-before.ts';
import { formatBytes, formatDuration, formatRate } from '../units/format.ts';
import type { ForecastFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { type Column, formatTable } from './table.ts';

/** `drover forecast`: what moving a VM would be like. */
export async function runForecast(io: Io, vm: string, flags: ForecastFlags): Promise<void> {
  const { from, to, importance, reason } = flags;
  const config = await loadConfig(flags.config);
  const surroundings = { ...realSurroundings, journal: localJournal() };
  const answer = await forecastVm({ vm, from, to, importance, reason }, config, surroundings);
  await print(io, flags.output, forecastDocument(answer), { table: () => forecastText(answer) });
}

/** JSON has no infinity: what never ends has no time, and `null` says so. */
export function forecastDocument(answer: ForecastAnswer): unknown {
  return JSON.parse(JSON.stringify(answer));
}

export function forecastText(answer: ForecastAnswer): string {
  return [
    `${answer.domain.name}, ${answer.slaClass}, from ${answer.from} to ${answer.to}, importance ${answer.importance}\n`,
    knownText(answer),
    `\n${expectedText(answer)}\n\n`,
    formatTable(columns, answer.options),
  ].join('');
}

function knownText(answer: ForecastAnswer): string {
  const { workingSet, bandwidthGuessed } = answer;
  const link = `The link carries ${formatRate(answer.bandwidthBytesPerSecond)}${bandwidthGuessed ? ', a guess' : ''}; ${formatBytes(answer.touchedBytes)} of memory are in use.`;
  const writes =
    workingSet === undefined
      ? 'What the guest writes is not known.'
      : `The guest writes some ${formatRate(workingSet.rateBytesPerSecond)} over a working set of ${formatBytes(workingSet.setBytes)}, give or take ${Math.round(workingSet.errorShare * 100)} %.`;
  return `${link}\n${writes}\nKnown: ${answer.sources.join('; ')}.\n`;
}

const endings: Readonly<Record<Ending, string>> = {
  'switch-over': 'It is expected to arrive by pre-copy alone',
  'post-copy': 'It is expected to need post-copy',
  freeze: 'It is expected to be stopped until its memory is across',
  stay: 'It is expected to stay where it is: nothing that is allowed would bring it across',
  open: 'It is not expected to end by anything that is allowed now',
};

function expectedText({ expected: { ending, forecast } }: ForecastAnswer): string {
  if (ending === 'open') return `${endings.open}.`;
  if (ending === 'stay') return `${endings.stay} (after ${durations(forecast.timeMs)}).`;
  return `${endings[ending]}: in ${durations(forecast.timeMs)}, with a pause of ${durations(forecast.blackoutMs)} and ${formatBytes(forecast.bytes)} on the link.`;
}

function durations({ p50, p90 }: Range): string {
  return Number.isFinite(p90)
    ? `${formatDuration(p50)} (up to ${formatDuration(p90)})`
    : formatDuration(p50);
}

const columns: readonly Column<OpenOption>[] = [
  { title: 'OPTION', cell: ({ option }) => option },
  { title: 'ARRIVES', cell: ({ forecast }) => (forecast.completes ? 'yes' : 'no') },
  { title: 'TIME', cell: ({ forecast }) => whenArrived(forecast, forecast.timeMs) },
  { title: 'PAUSE', cell: ({ forecast }) => whenArrived(forecast, forecast.blackoutMs) },
  {
    title: 'SLOWDOWN',
    cell: ({ forecast }) =>
      forecast.completes && forecast.slowdownShare > 0
        ? `${Math.round(forecast.slowdownShare * 100)} % for ${formatDuration(forecast.slowdownMs)}`
        : '-',
  },
  {
    title: 'BYTES',
    cell: ({ forecast }) => (forecast.completes ? formatBytes(forecast.bytes) : '-'),
    align: 'right',
  },
  {
    title: 'LOSS',
    cell: ({ forecast }) => (forecast.lossRisk > 0 ? `${forecast.lossRisk * 100} %` : '-'),
  },
  {
    title: 'ALLOWED',
    cell: ({ permission }) => (permission.allowed ? 'yes' : `no: ${permission.because}`),
  },
];

function whenArrived({ completes }: OpenOption['forecast'], range: Range): string {
  return completes ? durations(range) : '-';
}
