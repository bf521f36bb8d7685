import type { ActionKind, Decision } from './decision.ts';

/**
 * Whether a decision is a turn: of another kind than the one before, or a new limit of the downtime or of post-copy. The
 * same act decided again, because it has not taken effect yet, is no news.
 */
export function isTurn(before: ActionKind | undefined, decision: Decision): boolean {
  const { kind } = decision.action;
  return kind !== before || kind === 'set-max-downtime' || kind === 'set-post-copy-speed';
}
