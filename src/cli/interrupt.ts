const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Hears the wishes of a person (Ctrl-C) or of the system to end this process. `first` is called
 * once; whoever insists gets `again`, which is to end the process. The returned function gives
 * the signals back to the system.
 */
export function onInterrupt(first: () => void, again: () => void): () => void {
  let heard = false;
  const listener = (): void => {
    if (heard) again();
    else first();
    heard = true;
  };
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
