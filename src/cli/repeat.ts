import { setTimeout as sleep } from 'node:timers/promises';
import { onInterrupt } from './interrupt.ts';
import type { Io } from './io.ts';

const everyMs = 2_000;
const clearScreen = '\u001b[H\u001b[2J\u001b[3J';

/**
 * Shows what `text` gives: once, or with `watch` whenever it has changed until Ctrl-C. A terminal
 * is cleared each time; elsewhere the new text follows the old one.
 */
export async function shown(
  io: Io,
  { watch }: { readonly watch?: true },
  text: () => Promise<string>,
): Promise<void> {
  let last = await text();
  io.out.write(watch && io.out.isTTY ? clearScreen + last : last);
  if (!watch) return;
  const end = new AbortController();
  const release = onInterrupt(
    () => end.abort(),
    () => process.exit(),
  );
  try {
    while (!end.signal.aborted) {
      await sleep(everyMs, undefined, { signal: end.signal }).catch(() => undefined);
      if (end.signal.aborted) return;
      const now = await text();
      if (now !== last) io.out.write(io.out.isTTY ? clearScreen + now : now);
      last = now;
    }
  } finally {
    release();
  }
}
