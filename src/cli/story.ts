import type { Forecast } from '../forecast/forecast.ts';
import { learn } from '../forecast/learn.ts';
import type { Recording } from '../recording/recording.ts';
import type { Alternative, Decision } from '../steering/decision.ts';
import { formatBytes, formatDuration, formatRate } from '../units/format.ts';

/** What was done to a VM and why, for a person who was not there. */
export function storyOf(recording: Recording): string {
  const parts = [
    asked(recording),
    allowed(recording),
    wasSeen(recording),
    ...recording.decisions.filter(isTold).map(told),
    ended(recording),
  ];
  return `${parts.join('\n')}\n`;
}

function asked(recording: Recording): string {
  const { vm, slaClass, importance, reason, from, to, startedAt, id } = recording;
  const why = reason === undefined ? '' : `, for ${reason}`;
  const hosts = [from, to].map(
    ({ name, libvirtVersion, hypervisorVersion }) =>
      `${name} (libvirt ${libvirtVersion}, QEMU ${hypervisorVersion})`,
  );
  return [
    `Migration ${id}, begun ${startedAt}`,
    `${vm.name}, a ${slaClass} of ${formatBytes(vm.memoryBytes)}, from ${hosts.join(' to ')}; importance ${importance}${why}.`,
  ].join('\n');
}

const freezes = { never: 'never', 'as-needed': 'as needed' } as const;
const splits = { never: 'never', 'if-recoverable': 'if recoverable', yes: 'yes' } as const;

function allowed({ budget, capabilities }: Recording): string {
  const freeze =
    budget.freeze.kind === 'up-to'
      ? `up to ${formatDuration(budget.freeze.ms)}`
      : freezes[budget.freeze.kind];
  const closed = capabilities.postCopy.allowed
    ? ''
    : `; post-copy is closed: ${capabilities.postCopy.because}`;
  return `It may be paused for ${formatDuration(budget.blackoutMs)}, slowed by ${Math.round(budget.slowdownShare * 100)} %, split over two hosts: ${splits[budget.pointOfNoReturn]}, frozen: ${freeze}; where nothing of that is enough: ${budget.otherwise}${closed}.`;
}

function wasSeen({ samples }: Recording): string {
  if (samples.length === 0) return 'Nothing of the way was recorded.';
  const { bandwidthBytesPerSecond, touchedBytes, workingSet } = learn(samples);
  const link =
    bandwidthBytesPerSecond === undefined
      ? 'What the link carries was not seen.'
      : `The link carried ${formatRate(bandwidthBytesPerSecond)}.`;
  const first =
    touchedBytes === undefined
      ? ''
      : ` A first pass over the memory took ${formatBytes(touchedBytes)}.`;
  const writes =
    workingSet === undefined || workingSet.rateBytesPerSecond < 4096
      ? ''
      : ` The guest wrote some ${formatRate(workingSet.rateBytesPerSecond)} over ${formatBytes(workingSet.setBytes)}.`;
  return `${link}${first}${writes}`;
}

/** Waiting is told where it was weighed against something. */
function isTold({ action, alternatives }: Decision): boolean {
  return action.kind !== 'wait' || alternatives.length > 0;
}

function told({ atMs, why, forecast, ending, alternatives }: Decision): string {
  return [
    `\nAt ${formatDuration(atMs)}: ${why}`,
    `    expected: ${ending}${costs(forecast)}`,
    ...alternatives.map((alternative) => `    weighed: ${weighed(alternative)}`),
  ].join('\n');
}

function weighed(alternative: Alternative): string {
  if (alternative.verdict === 'closed') return `${alternative.option}: ${alternative.because}`;
  return `${alternative.option}${costs(alternative.forecast)}`;
}

function costs({ completes, timeMs, blackoutMs }: Forecast): string {
  if (!completes) return '';
  return `, in ${formatDuration(timeMs.p50)} (up to ${formatDuration(timeMs.p90)}), with a pause of ${formatDuration(blackoutMs.p50)} (up to ${formatDuration(blackoutMs.p90)})`;
}

function ended({ end, why, decisions }: Recording): string {
  if (end === undefined)
    return '\nIt had not ended when this was kept: it still runs, or whoever steered it died.';
  const last = why.at(-1) ?? '';
  return `\nAfter ${formatDuration(end.totalMs)}: ${end.outcome}, ${formatBytes(end.sentBytes)} sent. ${last}${compared(end, decisions)}`;
}

/** How the last forecast compares with what came of it. */
function compared(end: NonNullable<Recording['end']>, decisions: readonly Decision[]): string {
  const last = decisions.at(-1);
  if (last === undefined || !last.forecast.completes || end.outcome !== 'completed') return '';
  const expectedMs = last.atMs + last.forecast.timeMs.p50;
  const pause =
    end.blackout === undefined
      ? ''
      : ` and a pause of ${formatDuration(last.forecast.blackoutMs.p50)}; it was ${formatDuration(end.blackout.ms)}`;
  return `\nThe last forecast, at ${formatDuration(last.atMs)}, was an end after ${formatDuration(expectedMs)}${pause}.`;
}
