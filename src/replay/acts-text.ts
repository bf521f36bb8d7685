import type { Decision } from '../steering/decision.ts';
import { isTurn } from '../steering/turns.ts';
import type { Step } from './ride-along.ts';

/** What was done over a recording, a line each: `12.4 s set-max-downtime 210`. */
export function actsText(steps: readonly Step[]): readonly string[] {
  const turns: Decision[] = [];
  for (const { decision } of steps) if (isTurn(turns.at(-1), decision)) turns.push(decision);
  return turns.filter(({ action }) => action.kind !== 'wait').map(actText);
}

function actText({ atMs, action }: Decision): string {
  const amount = Object.values(action).find((value) => typeof value === 'number');
  const words = [`${(atMs / 1000).toFixed(1)} s`, action.kind];
  return [...words, ...(amount === undefined ? [] : [String(Math.round(amount))])].join(' ');
}
