import { createInterface } from 'node:readline/promises';
import { DroverError } from '../errors/catalogue.ts';
import type { YesFlags } from './flags.ts';
import type { Io } from './io.ts';

/** Asks before something is destroyed. Without a terminal nobody can be asked: then `--yes` is needed. */
export async function confirm(io: Io, { yes }: YesFlags, question: string): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !io.err.isTTY)
    throw new DroverError('usage.invalid', `${question} Nobody can be asked here.`, {
      hint: 'Say --yes.',
    });
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await reader.question(`${question} [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    reader.close();
  }
  throw new DroverError('usage.invalid', 'Nothing was changed.');
}
