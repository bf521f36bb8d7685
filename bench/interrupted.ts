import { onInterrupt } from '../src/cli/interrupt.ts';

/** As a shell has it for a process that Ctrl-C has ended. */
const interruptedCode = 130;
const clearing = new Set<() => Promise<void>>();
let isHeard = false;

/**
 * What a benchmark has started is cleared away, too, where somebody ends it early (Ctrl-C). The returned function takes
 * that back, once it is cleared away anyhow.
 */
export function whenInterrupted(clear: () => Promise<void>): () => void {
  clearing.add(clear);
  if (!isHeard)
    onInterrupt(
      () => void clearAll(),
      () => process.exit(interruptedCode),
    );
  isHeard = true;
  return () => void clearing.delete(clear);
}

async function clearAll(): Promise<void> {
  console.error('Interrupted: what it has started is cleared away (once more: it is left).');
  const ends = await Promise.allSettled([...clearing].map((clear) => clear()));
  for (const end of ends) if (end.status === 'rejected') console.error(end.reason);
  process.exit(interruptedCode);
}
