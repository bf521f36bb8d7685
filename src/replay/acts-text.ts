import type { Decision } from '../steering/decision.ts';
import { actsOf, amountOf, turnsOf } from './replay.ts';
import type { Step } from './ride-along.ts';

/** What was done over a recording, a line each: `12.4 s set-max-downtime 210`. */
export function actsText(steps: readonly Step[]): readonly string[] {
  return actsOf(turnsOf(steps)).map(actText);
}

function actText(act: Decision): string {
  const amount = amountOf(act);
  const words = [`${(act.atMs / 1000).toFixed(1)} s`, act.action.kind];
  return [...words, ...(amount === undefined ? [] : [String(Math.round(amount))])].join(' ');
}
