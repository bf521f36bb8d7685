import type { SamplePhase } from '../forecast/telemetry.ts';
import type { Verdict } from './whereabouts.ts';

/** How a migration can end. Each is said only after both hosts were looked at, but for `unknown`. */
export const outcomes = [
  /** The guest runs at its destination. */
  'completed',
  /** Drover gave up within the budget: the guest runs at its source, unharmed. */
  'stayed',
  /** A person cancelled it: the guest runs at its source. */
  'aborted',
  /** It failed: the guest runs at its source. */
  'failed-safe',
  /** The guest, or part of its memory, is gone. */
  'lost',
  /** Where the guest is, or whether it is whole, could not be seen. */
  'unknown',
] as const;
export type Outcome = (typeof outcomes)[number];

export const places = ['source', 'destination'] as const;
export type Place = (typeof places)[number];
/** Why the job is being cancelled: it is given up, a person wants it so, or nothing of it comes through. */
export type Leaving = 'stay' | 'again' | 'abort' | 'standstill';

export type MigrationState =
  /** It waits for its turn: nothing was touched. */
  | { readonly phase: 'queued' }
  | { readonly phase: 'preflight' }
  | { readonly phase: 'copying' | 'switching'; readonly leaving: Leaving | undefined }
  | { readonly phase: 'post-copy' }
  | { readonly phase: 'recovering' }
  | { readonly phase: 'ended'; readonly outcome: Outcome; readonly runsOn: readonly Place[] };

export type MigrationEvent =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'preflight-passed' }
  | { readonly kind: 'preflight-refused' }
  /** The running job was read. */
  | { readonly kind: 'sampled'; readonly phase: SamplePhase }
  | { readonly kind: 'suspended-for-switch-over' }
  | { readonly kind: 'cancel'; readonly because: Leaving }
  /** The call that carried the migration ended, in whatever way. */
  | { readonly kind: 'call-ended' }
  /**
   * Both hosts were looked at. `settled`: the verdict has stood long enough, with no call under
   * way, not to be a passing moment.
   */
  | { readonly kind: 'looked'; readonly verdict: Verdict; readonly settled: boolean }
  /** What stands still cannot be had to go on without knowing more. */
  | { readonly kind: 'helpless' };

/** What has to be done because of an event. */
export type Effect =
  | 'start-migration'
  | 'look-at-both-hosts'
  | 'cancel-job'
  | 'refuse-cancel'
  | 'resume-post-copy'
  /** End the copy at the source: the guest runs at the destination. */
  | 'discard-source'
  /** Have the guest go on at the source, where no other host can have run it. */
  | 'resume-source';

export interface Step {
  readonly state: MigrationState;
  readonly effects: readonly Effect[];
}

export const initialState: MigrationState = { phase: 'preflight' };

/**
 * One step in the life of a migration. Pure. An ended migration stays ended, but for one of which
 * it is not known how it ended: a look that shows it takes it further.
 */
export function transition(state: MigrationState, event: MigrationEvent): Step {
  if (state.phase === 'ended' && !canStillShow(state, event)) return to(state);
  switch (event.kind) {
    case 'admitted':
      return to(state.phase === 'queued' ? initialState : state);
    case 'preflight-passed':
      return state.phase === 'preflight' ? to(copying(undefined), 'start-migration') : to(state);
    case 'preflight-refused':
      return state.phase === 'preflight' ? to(ended('failed-safe', ['source'])) : to(state);
    case 'sampled':
      return to(afterSample(state, event.phase));
    case 'suspended-for-switch-over':
      return to(switching(state));
    case 'cancel':
      return afterCancel(state, event.because);
    case 'call-ended':
      return to(state, 'look-at-both-hosts');
    case 'helpless':
      return to(ended('unknown', []));
    case 'looked':
      break;
  }
  const after = event.settled ? afterSettledLook : afterPassingLook;
  return after[event.verdict](state);
}

function canStillShow(state: MigrationState, event: MigrationEvent): boolean {
  return state.phase === 'ended' && state.outcome === 'unknown' && event.kind === 'looked';
}

function afterSample(state: MigrationState, phase: SamplePhase): MigrationState {
  // A broken post-copy still has statistics; only a look at both hosts says that it is mended.
  if (phase === 'post-copy') return state.phase === 'recovering' ? state : { phase: 'post-copy' };
  return state.phase === 'preflight' ? copying(undefined) : state;
}

function afterCancel(state: MigrationState, because: Leaving): Step {
  if (state.phase === 'queued' || state.phase === 'preflight')
    return to(ended(cancelled(because), ['source']));
  if (state.phase !== 'copying' && state.phase !== 'switching') return to(state, 'refuse-cancel');
  return to({ ...state, leaving: because }, 'cancel-job');
}

type AfterVerdict = (state: MigrationState) => Step;

/** What a verdict means that may be a passing moment. */
const afterPassingLook: Readonly<Record<Verdict, AfterVerdict>> = {
  arrived: () => to(ended('completed', ['destination'])),
  'arrived-halted': (state) => to(state),
  copying: (state) => to(copying(leavingOf(state))),
  switching: (state) => to(switching(state)),
  'post-copy': () => to({ phase: 'post-copy' }),
  'post-copy-failed': () => to({ phase: 'recovering' }, 'resume-post-copy'),
  'at-source': (state) => to(state),
  'at-both': (state) => to(state),
  nowhere: (state) => to(state),
  'left-behind': (state) => to(switching(state)),
  'stranded-at-source': (state) => to(state),
  'stranded-at-destination': (state) => to(state),
  unseen: (state) => to(state),
};

/** What a verdict means that stands for certain: an end, unless it says that all goes on. */
const afterSettledLook: Readonly<Record<Verdict, AfterVerdict>> = {
  ...afterPassingLook,
  'arrived-halted': () => to(ended('completed', ['destination'])),
  'post-copy-failed': () => to(ended('unknown', [])),
  'at-source': (state) => to(ended(outcomeAtSource(leavingOf(state)), ['source'])),
  'at-both': () => to(ended('unknown', ['source', 'destination'])),
  nowhere: () => to(ended('lost', [])),
  'left-behind': (state) => to(state, 'discard-source'),
  'stranded-at-source': (state) => to(state, 'resume-source'),
  'stranded-at-destination': () => to(ended('unknown', [])),
  unseen: () => to(ended('unknown', [])),
};

function switching(state: MigrationState): MigrationState {
  return state.phase === 'copying' ? { ...state, phase: 'switching' } : state;
}

function outcomeAtSource(leaving: Leaving | undefined): Outcome {
  return leaving === undefined ? 'failed-safe' : cancelled(leaving);
}

const cancelledAs: Readonly<Record<Leaving, Outcome>> = {
  stay: 'stayed',
  again: 'stayed',
  abort: 'aborted',
  standstill: 'failed-safe',
};

function cancelled(because: Leaving): Outcome {
  return cancelledAs[because];
}

function leavingOf(state: MigrationState): Leaving | undefined {
  return state.phase === 'copying' || state.phase === 'switching' ? state.leaving : undefined;
}

function copying(leaving: Leaving | undefined): MigrationState {
  return { phase: 'copying', leaving };
}

function ended(outcome: Outcome, runsOn: readonly Place[]): MigrationState {
  return { phase: 'ended', outcome, runsOn };
}

function to(state: MigrationState, ...effects: Effect[]): Step {
  return { state, effects };
}
