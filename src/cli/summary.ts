import type { Migration } from '../client/client.ts';
import { type Outcome, outcomes } from '../migration/transition.ts';
import type { Recording } from '../recording/recording.ts';
import type { Decision } from '../steering/decision.ts';
import { formatBytes, formatDuration } from '../units/format.ts';

/** A migration's result as `-o json` prints it. Field names are stable; docs/cli.md lists them. */
export interface MigrationDocument {
  /** Under which `drover explain` finds it. */
  readonly id: string;
  readonly vm: string;
  /** `null`: nobody has looked yet. */
  readonly uuid: string | null;
  readonly from: string;
  readonly to: string;
  /** `detached`: it goes on without this command. */
  readonly outcome: Outcome | 'detached';
  readonly runsOn: readonly string[];
  readonly totalMs: number;
  /** `null`: there was no pause, or nothing measured it. */
  readonly blackoutMs: number | null;
  readonly blackoutMeasuredBy: 'hypervisor' | 'events' | null;
  readonly sentBytes: number;
  readonly switchedToPostCopy: boolean;
  /** How often post-copy broke and went on, and how long the guest waited for that, at most. */
  readonly postCopyBreaks: number;
  readonly stalledMs: number;
  readonly why: readonly string[];
  readonly decisions: readonly DecisionDocument[];
}

export interface DecisionDocument {
  readonly atMs: number;
  readonly action: Decision['action']['kind'];
  readonly why: string;
}

/** `recording`: what is kept of it; there is none of what has not begun. */
export function migrationDocument(
  migration: Migration,
  recording: Recording | undefined,
): MigrationDocument {
  const { id, vm, vmName, vmUuid, from, to } = migration;
  const { why = [], decisions = [] } = recording ?? {};
  return {
    id,
    vm: vmName ?? vm,
    uuid: vmUuid,
    from,
    to,
    outcome: outcomeOf(migration),
    ...costsOf(migration),
    switchedToPostCopy: recording?.end?.switchedToPostCopy ?? isSplit(migration),
    postCopyBreaks: recording?.end?.postCopyBreaks ?? 0,
    stalledMs: Math.round(recording?.end?.stalledMs ?? 0),
    why,
    decisions: decisions.map(({ atMs, action, why: because }) => ({
      atMs: Math.round(atMs),
      action: action.kind,
      why: because,
    })),
  };
}

/** In the end, or until now. */
function costsOf({
  end,
  progress,
}: Migration): Pick<
  MigrationDocument,
  'runsOn' | 'totalMs' | 'blackoutMs' | 'blackoutMeasuredBy' | 'sentBytes'
> {
  if (end === null) {
    const { atMs = 0, sentBytes = 0 } = progress ?? {};
    const none = { runsOn: [], blackoutMs: null, blackoutMeasuredBy: null };
    return { ...none, totalMs: Math.round(atMs), sentBytes };
  }
  const { runsOn, totalMs, blackoutMs, blackoutMeasuredBy, sentBytes } = end;
  return {
    runsOn,
    totalMs: Math.round(totalMs),
    blackoutMs: blackoutMs === null ? null : Math.round(blackoutMs),
    blackoutMeasuredBy,
    sentBytes,
  };
}

function outcomeOf({ phase }: Migration): Outcome | 'detached' {
  return outcomes.find((outcome) => outcome === phase) ?? 'detached';
}

function isSplit({ phase }: Migration): boolean {
  return phase === 'post-copy' || phase === 'recovering';
}

/** The end of a migration for a person: where the VM is, what it cost, and why each step was taken. */
export function summaryText(document: MigrationDocument): string {
  const { why, outcome, id } = document;
  const lines = [
    headline(document),
    `  ${tookText(document)}, ${formatBytes(document.sentBytes)} sent`,
    ...(outcome === 'completed' ? [`  blackout  ${blackoutText(document)}`] : []),
    ...stalledLines(document),
    ...(why.length === 0 ? [] : ['  why', ...why.map((sentence) => `    - ${sentence}`)]),
    `  more      drover explain ${id}`,
  ];
  return `${lines.join('\n')}\n`;
}

function stalledLines({ postCopyBreaks, stalledMs }: MigrationDocument): readonly string[] {
  if (postCopyBreaks === 0) return [];
  const times = postCopyBreaks === 1 ? 'once' : `${postCopyBreaks} times`;
  return [`  stalled   ${formatDuration(stalledMs)} at most, post-copy broke ${times}`];
}

function tookText({ outcome, totalMs }: MigrationDocument): string {
  return `${outcome === 'detached' ? 'until now' : 'took     '} ${formatDuration(totalMs)}`;
}

function headline(document: MigrationDocument): string {
  const { vm, from, to, runsOn } = document;
  switch (document.outcome) {
    case 'completed':
      return `${vm} runs on ${runsOn.join(' and ')}`;
    case 'stayed':
      return `${vm} stays on ${from}: moving it would have cost more than it may`;
    case 'aborted':
      return `${vm} stays on ${from}: the migration was cancelled`;
    case 'failed-safe':
      return `${vm} runs on ${from}, unharmed: the migration failed`;
    case 'lost':
      return `${vm} is lost: neither ${from} nor ${to} has it any more`;
    case 'unknown':
      return `${vm}: the outcome is unknown; look at ${from} and ${to} before anything else`;
    case 'detached':
      return `${vm} is still on its way from ${from} to ${to}`;
  }
}

function blackoutText({ blackoutMs, blackoutMeasuredBy }: MigrationDocument): string {
  if (blackoutMs === null) return 'not measured';
  const by =
    blackoutMeasuredBy === 'hypervisor' ? 'measured by QEMU' : 'between the events of both hosts';
  return `${formatDuration(blackoutMs)}, ${by}`;
}
