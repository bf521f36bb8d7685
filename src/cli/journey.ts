import type { Migration } from '../client/client.ts';
import { type ExitCode, exitCodes } from '../errors/catalogue.ts';
import { accompany, isUnderWay } from './accompany.ts';
import type { WaitFlags } from './flags.ts';
import { onInterrupt } from './interrupt.ts';
import type { Io } from './io.ts';
import { type Leaving, tellArrived, tellLeft } from './journey-end.ts';
import { LiveView } from './live-view.ts';
import type { Session } from './session.ts';

interface Journey {
  readonly io: Io;
  readonly session: Session;
  readonly flags: WaitFlags;
}

/**
 * Begins a migration, or finds it, goes along with it, and tells how it ended. Ctrl-C, --timeout
 * and --no-wait leave it: a server goes on steering, and without one nobody does until it is taken
 * up again.
 */
export async function journey(through: Journey, begin: () => Promise<Migration>): Promise<void> {
  const { io, session, flags } = through;
  const view = new LiveView(io);
  const leave = new Leave(view, flags.timeout);
  try {
    const { lastEvent } = await session.client.status();
    const migration = await begin();
    // A server steers whether or not anybody looks; this process only while it is there.
    if (!flags.wait && session.own === undefined) leave.because('not-waiting');
    const last = await accompany({
      session,
      migration,
      after: lastEvent,
      leave: leave.signal,
      untilItFlows: !flags.wait,
      show: (happening) => view.show(migration.vmName ?? migration.vm, happening),
    });
    view.clear();
    if (isUnderWay(last)) await tellLeft(through, last, leave.reason ?? 'not-waiting');
    else await tellArrived(through, last);
  } finally {
    view.clear();
    leave.release();
  }
}

/** Hears when it is to be left, and why. */
class Leave {
  readonly #end = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly release: () => void;
  reason: Leaving | undefined;

  constructor(view: LiveView, timeoutMs: number | undefined) {
    const stopListening = onInterrupt(
      () => this.because('interrupted'),
      () => {
        view.clear();
        process.exit(exitCodes.interrupted satisfies ExitCode);
      },
    );
    if (timeoutMs !== undefined)
      this.#timer = setTimeout(() => this.because('timed-out'), timeoutMs);
    this.release = () => {
      clearTimeout(this.#timer);
      stopListening();
    };
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  because(reason: Leaving): void {
    this.reason ??= reason;
    this.#end.abort();
  }
}
