import type { Happening } from '../cli/happening.ts';
import type { RunEvent } from '../migration/events.ts';

/** What is shown of an event of a migration that runs in this process; `undefined`: nothing. */
export function shownOf(event: RunEvent): Happening | undefined {
  switch (event.kind) {
    case 'phase':
      return event.phase === 'ended' ? undefined : { ...event, phase: event.phase };
    case 'progress': {
      const { elapsedMs, phase, ...progress } = event.progress;
      const shown = phase === 'post-copy' ? phase : 'copying';
      return { kind: 'progress', phase: shown, progress: { ...progress, atMs: elapsedMs } };
    }
    case 'decision': {
      const { action, why, atMs } = event.decision;
      return { kind: 'decision', action: action.kind, why, atMs };
    }
    case 'notice':
      return event;
    case 'why':
      return undefined;
  }
}
