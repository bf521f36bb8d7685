import type { DomainState, StateReason } from '../hypervisor/port.ts';

/** One host as it answered when it was asked for the domain. */
export type Sighting =
  | { readonly seen: 'absent' }
  | { readonly seen: 'domain'; readonly state: DomainState }
  | { readonly seen: 'nothing'; readonly because: string };

/** Both hosts, looked at together. */
export interface Look {
  readonly source: Sighting;
  readonly destination: Sighting;
  /** Whether the source reports an outgoing job for the domain. */
  readonly jobActive: boolean;
}

/** What two sightings together say about the guest. */
export type Verdict =
  /** It runs at the destination, and the source has let go of it. */
  | 'arrived'
  /** It is at the destination alone, and stands still there for no reason of the migration's. */
  | 'arrived-halted'
  /** It runs at the source and nothing is under way. */
  | 'at-source'
  /** It runs at the source while its memory is being copied. */
  | 'copying'
  /** It stands still, or has just started over there, while the hosts hand it over. */
  | 'switching'
  /** It runs at the destination with memory still at the source. */
  | 'post-copy'
  /** It stands still, split over both hosts, because the link between them broke. */
  | 'post-copy-failed'
  /** It runs whole at the destination; the source still holds a copy that stands still. */
  | 'left-behind'
  /** Stopped at the source for a hand-over that nobody is carrying out any more. */
  | 'stranded-at-source'
  /** The same at the destination, and the source has nothing of it any more. */
  | 'stranded-at-destination'
  /** Both hosts say that they run it. */
  | 'at-both'
  /** No host has it, or no host has all of its memory. */
  | 'nowhere'
  /** A host did not answer, so nothing is known for certain. */
  | 'unseen';

/** Reads where the guest is from both hosts' answers. A call's return value is never asked. */
export function whereabouts(look: Look): Verdict {
  const { source, destination } = look;
  if (source.seen === 'nothing') return 'unseen';
  if (destination.seen === 'nothing') return neverLeft(look) ? 'at-source' : 'unseen';
  const here = livePart(source);
  const there = livePart(destination);
  if (here === undefined) return withoutSource(there);
  if (runsWhole(there) && here.state !== 'running') return 'left-behind';
  if (failed(here) || failed(there)) return there === undefined ? 'nowhere' : 'post-copy-failed';
  if (here.state === 'running') return runningAtSource(there, look.jobActive);
  return stoppedAtSource(here, there, look.jobActive);
}

/** Whether a post-copy has broken as the source sees it, and goes on as the destination does. */
export function noticedByOne({ source, destination }: Look): boolean {
  const there = livePart(destination);
  return failed(livePart(source)) && there?.state === 'running' && there.reason === 'post-copy';
}

/**
 * Nobody starts a guest elsewhere before its source has stopped it: one that runs there, was not stopped by
 * the migration and taken back, and has no job any more, is nowhere else, whatever the destination says.
 */
function neverLeft({ source, jobActive }: Look): boolean {
  const here = livePart(source);
  if (here?.state !== 'running' || jobActive) return false;
  return here.reason === 'other' || here.reason === 'migrated';
}

function withoutSource(there: DomainState | undefined): Verdict {
  if (there === undefined || failed(there)) return 'nowhere';
  if (there.state !== 'running')
    return isHandOver(there.reason) ? 'stranded-at-destination' : 'arrived-halted';
  return there.reason === 'post-copy' ? 'switching' : 'arrived';
}

function runningAtSource(there: DomainState | undefined, jobActive: boolean): Verdict {
  if (there?.state === 'running') return 'at-both';
  return jobActive ? 'copying' : 'at-source';
}

function stoppedAtSource(
  here: DomainState,
  there: DomainState | undefined,
  jobActive: boolean,
): Verdict {
  if (there?.state === 'running') return 'post-copy';
  if (here.reason === 'post-copy') return there === undefined ? 'nowhere' : 'switching';
  if (jobActive) return 'switching';
  return isHandOver(here.reason) ? 'stranded-at-source' : 'at-source';
}

/** A domain that is shut off or crashed holds no guest. */
export function livePart(sighting: Sighting): DomainState | undefined {
  if (sighting.seen !== 'domain') return undefined;
  const { state } = sighting.state;
  return state === 'shut-off' || state === 'crashed' ? undefined : sighting.state;
}

function failed(state: DomainState | undefined): boolean {
  return state?.reason === 'post-copy-failed';
}

/** Nothing of its memory is elsewhere. */
function runsWhole(state: DomainState | undefined): boolean {
  return state?.state === 'running' && state.reason !== 'post-copy' && !failed(state);
}

function isHandOver(reason: StateReason): boolean {
  return reason !== 'other' && reason !== 'io-error';
}
