import type { MigrationResult } from '../migration/result.ts';
import type { Moved } from '../migration/service.ts';
import type { Decision } from '../steering/decision.ts';
import { formatBytes, formatDuration } from '../units/format.ts';

/** A migration's result as `-o json` prints it. Field names are stable; docs/cli.md lists them. */
export interface MigrationDocument {
  /** Under which `drover explain` finds it. */
  readonly id: string;
  readonly vm: string;
  readonly uuid: string;
  readonly from: string;
  readonly to: string;
  readonly outcome: MigrationResult['outcome'];
  readonly runsOn: readonly string[];
  readonly totalMs: number;
  /** `null`: there was no pause, or nothing measured it. */
  readonly blackoutMs: number | null;
  readonly blackoutMeasuredBy: 'hypervisor' | 'events' | null;
  readonly sentBytes: number;
  readonly switchedToPostCopy: boolean;
  readonly why: readonly string[];
  readonly decisions: readonly DecisionDocument[];
}

export interface DecisionDocument {
  readonly atMs: number;
  readonly action: Decision['action']['kind'];
  readonly why: string;
}

export function migrationDocument(result: Moved): MigrationDocument {
  return {
    id: result.id,
    vm: result.domain.name,
    uuid: result.domain.uuid,
    from: result.from,
    to: result.to,
    outcome: result.outcome,
    runsOn: result.runsOn,
    totalMs: Math.round(result.totalMs),
    blackoutMs: result.blackout === undefined ? null : Math.round(result.blackout.ms),
    blackoutMeasuredBy: result.blackout?.measuredBy ?? null,
    sentBytes: result.sentBytes,
    switchedToPostCopy: result.switchedToPostCopy,
    why: result.why,
    decisions: result.decisions.map(({ atMs, action, why }) => ({
      atMs: Math.round(atMs),
      action: action.kind,
      why,
    })),
  };
}

/** The end of a migration for a person: where the VM is, what it cost, and why each step was taken. */
export function summaryText(document: MigrationDocument): string {
  const lines = [
    headline(document),
    `  ${tookText(document)}, ${formatBytes(document.sentBytes)} sent`,
    ...(document.outcome === 'completed' ? [`  blackout  ${blackoutText(document)}`] : []),
    '  why',
    ...document.why.map((sentence) => `    - ${sentence}`),
    `  more      drover explain ${document.id}`,
  ];
  return `${lines.join('\n')}\n`;
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
