import { DroverError } from '../errors/catalogue.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import { tlsBetween } from '../hypervisor/libvirt/encryption.ts';
import type { Way } from '../hypervisor/port.ts';
import { formatDuration } from '../units/format.ts';
import { obstacleOf, type Stage, silenceOf } from './obstacle.ts';
import type { LegOutcome } from './probe-report.ts';
import type { Place, Probing } from './probing.ts';

/**
 * A probe guest has moved within seconds. Who does not answer is waited for by libvirt for over two
 * minutes; this is as long as Linux takes for five tries of a connection.
 */
const moveMs = 30_000;

export const interrupted = { kind: 'left', because: 'it was interrupted' } as const;

/** Moves a probe guest as a VM would be, and tells what came of it. Where it then is, is not said. */
export async function moveProbe(
  uuid: string,
  from: Place,
  to: Place,
  probing: Probing,
): Promise<LegOutcome> {
  const [way] = to.resolved.ways;
  if (way === undefined) return { kind: 'left', because: 'no way is known' };
  const postCopy = mayPostCopy(from, to);
  const outcome = await tryMove({ uuid, from, to, way, postCopy }, probing);
  if (!('refusal' in outcome)) return outcome;
  const again = await tryMove({ uuid, from, to, way, postCopy: false }, probing);
  if ('refusal' in again) return blockedBy(again.refusal, from, to);
  if (again.kind !== 'arrived') return again;
  return { ...again, postCopy: { kept: false, because: outcome.refusal.message } };
}

interface Move {
  readonly uuid: string;
  readonly from: Place;
  readonly to: Place;
  readonly way: Way;
  readonly postCopy: boolean;
}

/** Refused: the destination cannot take pages from afar. */
interface NoPostCopy {
  readonly refusal: DroverError;
}

async function tryMove(move: Move, probing: Probing): Promise<LegOutcome | NoPostCopy> {
  const { uuid, from, to, way, postCopy } = move;
  const { clock, signal } = probing;
  let inClear: string | undefined;
  const startedMs = clock.nowMs();
  const enough = new AbortController();
  const call = from.host
    .migrate(uuid, {
      way,
      postCopy,
      autoConverge: undefined,
      bandwidthBytesPerSecond: from.resolved.bandwidthBytesPerSecond,
      persistent: false,
      tellClear: (message) => {
        inClear = message;
      },
    })
    .then(
      () => 'arrived' as const,
      (error: unknown) => ({ error }),
    );
  const late = clock
    .sleep(moveMs, AbortSignal.any([signal, enough.signal]))
    .then(() => 'late' as const);
  const ended = await Promise.race([call, late]);
  enough.abort();
  if (ended === 'arrived') {
    const encrypted = inClear === undefined && wantsTls(from.resolved, way);
    const promised = postCopy ? ({ kept: true } as const) : undefined;
    const ms = clock.nowMs() - startedMs;
    return { kind: 'arrived', ms, inClear, encrypted, postCopy: promised };
  }
  if (ended === 'late') {
    if (signal.aborted) return interrupted;
    const stage = await stageAt(to, uuid);
    return {
      kind: 'blocked',
      obstacle: silenceOf(between(from, to), stage, formatDuration(moveMs)),
    };
  }
  const { error } = ended;
  if (!(error instanceof DroverError)) throw error;
  const canDoWithout = postCopy && error.code === 'hypervisor.no-post-copy';
  return canDoWithout ? { refusal: error } : blockedBy(error, from, to);
}

function blockedBy(error: DroverError, from: Place, to: Place): LegOutcome {
  return { kind: 'blocked', obstacle: obstacleOf(between(from, to), error) };
}

function between(from: Place, to: Place) {
  return { from: from.resolved, to: to.resolved, calledItself: to.facts.hostname };
}

/** As a migration of a VM would ask for it. */
function mayPostCopy(from: Place, to: Place): boolean {
  return [from, to].every(
    ({ resolved, facts }) => resolved.postCopy.allowed && facts.postCopy.allowed,
  );
}

function wantsTls(from: ResolvedHost, way: Way): boolean {
  return tlsBetween(from.migrationTls, way.migrationTls) !== 'never';
}

async function stageAt(to: Place, uuid: string): Promise<Stage> {
  try {
    const state = await to.host.domainState(uuid);
    return state === undefined ? 'destination knows nothing of it' : 'destination waits for memory';
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    return 'not known';
  }
}
