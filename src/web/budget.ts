import type { Budget } from '../policy/budget.ts';
import type { Told } from './told.ts';
import { durationOf } from './words.ts';

const splits = {
  never: 'never',
  'if-recoverable': 'only where a broken link can be mended',
  yes: 'yes',
} as const;

/** What a guest may suffer, each limit in words. */
export function budgetWords(
  budget: Told<Budget>,
): readonly (readonly [what: string, limit: string])[] {
  const { blackoutMs, slowdownShare, pointOfNoReturn, freeze, patiencePasses, otherwise } = budget;
  return [
    ['paused at its switch-over', `up to ${durationOf(blackoutMs)}`],
    [
      'slowed down',
      slowdownShare === 0 ? 'never' : `by up to ${Math.round(Number(slowdownShare) * 100)} %`,
    ],
    ['split over two hosts for a while', splits[pointOfNoReturn]],
    ['stopped until it has arrived', freezeWord(freeze)],
    ['spared for', patienceWord(patiencePasses)],
    [
      'where that is not enough',
      otherwise === 'stay' ? 'it stays where it is' : 'it is moved all the same',
    ],
  ];
}

function freezeWord(freeze: Told<Budget>['freeze']): string {
  if (freeze.kind === 'never') return 'never';
  return freeze.kind === 'up-to' ? `for up to ${durationOf(freeze.ms)}` : 'for as long as it takes';
}

function patienceWord(passes: number | 'never'): string {
  if (passes === 0) return 'no time';
  return passes === 1 ? 'one pass over its memory' : `${passes} passes over its memory`;
}
