import type { Clock } from '../hypervisor/clock.ts';
import type { CompletedJob, Host } from '../hypervisor/port.ts';
import type { StartPlan } from '../steering/plan-start.ts';
import { formatDuration } from '../units/format.ts';
import type { Breaks } from './breaks.ts';
import type { RunIntent, RunPorts } from './intent.ts';
import { messageOf } from './look.ts';
import type { Record } from './record.ts';
import type { Blackout, Conclusion } from './result.ts';
import { tidyUp } from './tidy.ts';
import type { MigrationState, Outcome, Place } from './transition.ts';

/** All that is known when a run ends. */
export interface Ending {
  readonly intent: RunIntent;
  readonly ports: RunPorts;
  readonly record: Record;
  readonly state: MigrationState;
  readonly plan: StartPlan;
  readonly totalMs: number;
  readonly postCopySeen: boolean;
  readonly callError: unknown;
  /** The source's downtime limit before the run. */
  readonly formerDowntimeMs: number;
  /** Takes the cap off the source's stream, where one was set. */
  readonly releaseSpeed: () => Promise<void>;
  /** Why nothing more could be done for a guest that stands still. */
  readonly helpless: string | undefined;
  readonly breaks: Pick<Breaks, 'count' | 'stalledMs'>;
  readonly clock: Clock;
}

/** Measures, tidies up at the source and writes the last lines of the story. */
export async function conclude(ending: Ending): Promise<Conclusion> {
  const { intent, ports, record, state } = ending;
  const outcome = state.phase === 'ended' ? state.outcome : 'detached';
  const completed = outcome === 'completed' ? await readCompleted(ending) : undefined;
  // Nobody steers it any more: it shall have the whole link.
  if (outcome === 'detached') await putBack(ending, 'speed', ending.releaseSpeed);
  if (state.phase === 'ended' && state.runsOn.includes('source')) await restore(ending);
  if (state.phase === 'ended' && state.runsOn.length === 1) await tidy(ending);
  const blackout = outcome === 'completed' ? blackoutOf(ending, completed) : undefined;
  record.why(lastWords(outcome, ending, blackout));
  return {
    outcome,
    domain: { name: intent.domain.name, uuid: intent.domain.uuid },
    from: ports.source.name,
    to: ports.destination.name,
    runsOn: placesOf(state).map((place) => ports[place].name),
    switchedToPostCopy: ending.postCopySeen,
    postCopyBreaks: ending.breaks.count,
    stalledMs: ending.breaks.stalledMs,
    startedWithPostCopy: ending.plan.postCopy,
    totalMs: ending.totalMs,
    blackout,
    sentBytes: Math.max(completed?.sentBytes ?? 0, record.latest?.memorySentBytes ?? 0),
  };
}

async function tidy(ending: Ending): Promise<void> {
  const { intent, ports, clock, record } = ending;
  const { source, destination } = ports;
  const { uuid, persistent } = intent.domain;
  const tell = (message: string): void => record.notice(message, ending.totalMs);
  await tidyUp({ source, destination, uuid, clock, persistent, tell });
}

/** Pre-copy leaves statistics at the destination; a persistent source may have kept its own. */
async function readCompleted(ending: Ending): Promise<CompletedJob | undefined> {
  const { uuid } = ending.intent.domain;
  const { source, destination } = ending.ports;
  return (await readFrom(destination, uuid)) ?? readFrom(source, uuid);
}

async function readFrom(host: Host, uuid: string): Promise<CompletedJob | undefined> {
  try {
    return await host.readCompletedJob(uuid);
  } catch {
    // A figure that cannot be had is told as not measured; the guest has arrived all the same.
    return undefined;
  }
}

/** Limits outlive the job: left in place, they would be the next migration's, whoever starts it. */
async function restore(ending: Ending): Promise<void> {
  const { uuid } = ending.intent.domain;
  const { source } = ending.ports;
  await putBack(ending, 'downtime limit', () =>
    source.setMaxDowntime(uuid, ending.formerDowntimeMs),
  );
  await putBack(ending, 'speed', ending.releaseSpeed);
}

async function putBack(ending: Ending, what: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    ending.record.why(`Its ${what} at the source could not be put back: ${messageOf(error)}`);
  }
}

function blackoutOf(ending: Ending, completed: CompletedJob | undefined): Blackout | undefined {
  if (!ending.postCopySeen && completed?.downtimeMs !== undefined) {
    return { ms: completed.downtimeMs, measuredBy: 'hypervisor' };
  }
  return ending.record.blackoutByEvents();
}

function placesOf(state: MigrationState): readonly Place[] {
  if (state.phase === 'ended') return state.runsOn;
  const before: readonly MigrationState['phase'][] = ['queued', 'preflight', 'copying'];
  return before.includes(state.phase) ? ['source'] : [];
}

function lastWords(
  outcome: Outcome | 'detached',
  ending: Ending,
  blackout: Blackout | undefined,
): string {
  const { source, destination } = ending.ports;
  const after = `after ${(ending.totalMs / 1000).toFixed(1)} s`;
  const said =
    ending.callError === undefined ? '' : ` Libvirt said: ${messageOf(ending.callError)}`;
  switch (outcome) {
    case 'completed':
      return `It runs on ${destination.name} ${after}; ${pauseInWords(blackout)}${breaksInWords(ending)}`;
    case 'stayed':
      return `It stays on ${source.name}, where it runs on as before.`;
    case 'aborted':
      return `Cancelled ${after}: it runs on ${source.name} as before.`;
    case 'failed-safe':
      return `It failed ${after}, and runs on ${source.name} as before.${said}`;
    case 'lost':
      return `Neither host has the guest, or all of its memory, any more.${said}`;
    case 'unknown':
      return unknownInWords(ending) + said;
    case 'detached':
      break;
  }
  return 'Nobody steers it from here any more: the hosts carry it on by themselves.';
}

function unknownInWords(ending: Ending): string {
  const { source, destination } = ending.ports;
  const { state } = ending;
  if (state.phase === 'ended' && state.runsOn.length === 2) {
    return `Both ${source.name} and ${destination.name} say that they run it. Nothing was stopped: look which one is whole.`;
  }
  if (ending.helpless !== undefined && ending.postCopySeen) {
    return `It stands still, its memory split over ${source.name} and ${destination.name}: ${ending.helpless}. Nothing was destroyed.`;
  }
  if (ending.helpless !== undefined) return `${ending.helpless}. Nothing was destroyed.`;
  return `Where it runs could not be seen for certain on ${source.name} and ${destination.name}. Nothing was touched.`;
}

function breaksInWords({ breaks }: Ending): string {
  if (breaks.count === 0) return '';
  const times = breaks.count === 1 ? 'once' : `${breaks.count} times`;
  return ` Post-copy broke ${times} and was resumed: for that it waited ${formatDuration(breaks.stalledMs)} at most.`;
}

function pauseInWords(blackout: Blackout | undefined): string {
  if (blackout === undefined) return 'how long it stood still was not measured.';
  const how = blackout.measuredBy === 'hypervisor' ? "by QEMU's count" : 'between the two events';
  return `it stood still for ${Math.round(blackout.ms)} ms ${how}.`;
}
