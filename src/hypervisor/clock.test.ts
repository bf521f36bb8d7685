import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';

test('what was due before now is over at once, without a word of Node on the terminal', async () => {
  const warnings: string[] = [];
  const note = ({ name }: Error): void => void warnings.push(name);
  process.on('warning', note);
  try {
    await systemClock.sleep(-3);
    await turn();
    expect(warnings).toEqual([]);
  } finally {
    process.off('warning', note);
  }
});
