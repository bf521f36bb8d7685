import type { MigrationDocument } from '../api/migrations.ts';
import type { OperationDocument } from '../api/operations.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import { formatDuration } from '../units/format.ts';

/** Signs that are told apart without their colours. */
export const classSigns: Readonly<Record<SlaClass, string>> = { cattle: '○', pet: '◆', panda: '★' };

export const importanceMeans = {
  low: 'only if it is cheap for the guest',
  medium: 'while the guest stays within what its class bears',
  high: 'it moves, whatever it takes',
} as const;

type Phase = MigrationDocument['phase'];

/** Phases as a person would call them. */
const phaseWords: Readonly<Partial<Record<Phase, string>>> = {
  queued: 'waits for its turn',
  preflight: 'being checked',
  copying: 'copying',
  switching: 'switching over',
  'post-copy': 'runs at its destination, memory follows',
  recovering: 'being mended',
};

export function phaseWord(phase: Phase): string {
  return phaseWords[phase] ?? phase;
}

export function isLive({ phase }: Pick<MigrationDocument, 'phase'>): boolean {
  return phaseWords[phase] !== undefined || phase === 'unknown';
}

/** Numbers that are never reached come as a word. */
export function durationOf(ms: number | 'never' | null): string {
  if (ms === null) return '-';
  return ms === 'never' ? 'never' : formatDuration(ms);
}

export function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

/** An operation, as a person would call it. */
export function titleOf({ kind, host }: Pick<OperationDocument, 'kind' | 'host'>): string {
  return host === null ? kind : `${kind} of ${host}`;
}
