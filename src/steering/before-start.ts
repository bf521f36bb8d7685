import { type Begun, begun, type Start } from './begun.ts';
import { chooseAtStart, mannerOf } from './weigh-compression.ts';

/** Where a migration stands when it begins as it will. */
export function beforeStart(start: Start): Begun {
  const choice = chooseAtStart(start);
  return begun(start, mannerOf(start, choice.taken ? choice.compression : undefined));
}
