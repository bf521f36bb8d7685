import type { Sample } from '../../src/forecast/telemetry.ts';
import type { Act } from '../steering/drive.ts';
import { defaultDowntimeMs } from '../steering/static-arms.ts';
import { type Contender, packed, remembering, type Step } from './contender.ts';

const pollMs = 400;
/** Its outbound migrations of a node. */
const atOnce = 2;
const deadlineSecondsPerGib = 150;
const progressMs = 150_000;

/** KubeVirt's default, its downtime ramp and its stall detector; `timers` times faster. */
export function kubevirtContenders(timers: number): readonly Contender[] {
  const one = (name: string, postCopy: boolean, begin: Contender['begin']): Contender => ({
    name: `kubevirt-${name}`,
    system: 'KubeVirt',
    maxDowntimeMs: name === 'ramp' ? ramp.firstMs : defaultDowntimeMs,
    postCopy,
    autoConverge: undefined,
    atOnce,
    pollMs: pollMs / timers,
    begin,
  });
  return [
    one('default', false, (memoryGib) => deadline(memoryGib, timers, 'abort')),
    one('disruptive', true, (memoryGib) => deadline(memoryGib, timers, 'post-copy')),
    one('ramp', false, (memoryGib) => both(ramping(timers), deadline(memoryGib, timers, 'abort'))),
    one('stall', true, (memoryGib) =>
      both(stallDetecting(timers), deadline(memoryGib, timers, 'post-copy')),
    ),
  ];
}

/** Its connections where the guest's CPU has no limit. */
const connections = 8;

/** Its default with `compression` in the migration policy (experimental): zstd on all of its connections. */
export function kubevirtPacking(timers: number): readonly Contender[] {
  const packing = { method: 'zstd', connections } as const;
  return packed(kubevirtContenders(timers), 'kubevirt-default', packing);
}

function both(one: Step, other: Step): Step {
  return (sample) => [...one(sample), ...other(sample)];
}

/** Over the time for its memory: `kind`. 150 s in which nothing less was left: abort. */
function deadline(memoryGib: number, timers: number, kind: 'abort' | 'post-copy'): Step {
  const initial = { leastBytes: Infinity, leastAtMs: 0 };
  return remembering(initial, (state, { atMs, phase, memoryRemainingBytes }) => {
    if (phase !== 'pre-copy') return { state, acts: [] };
    const elapsedMs = atMs * timers;
    const less = memoryRemainingBytes < state.leastBytes;
    const next = less ? { leastBytes: memoryRemainingBytes, leastAtMs: elapsedMs } : state;
    const acts: Act[] = [];
    if (elapsedMs - next.leastAtMs > progressMs) acts.push({ kind: 'abort' });
    else if (elapsedMs > deadlineSecondsPerGib * 1000 * memoryGib) acts.push({ kind });
    return { state: next, acts };
  });
}

/** From the third iteration on, seven equal steps up to the most, ten seconds apart at least. */
const ramp = { firstMs: 150, steps: 7, fromIteration: 3, coolDownMs: 10_000, mostMs: 300 } as const;

function ramping(timers: number): Step {
  const initial = { step: 0, atMs: -Infinity };
  return remembering(initial, (state, { atMs, iteration, phase }) => {
    const elapsedMs = atMs * timers;
    const waits = phase !== 'pre-copy' || iteration < ramp.fromIteration;
    if (waits || state.step >= ramp.steps || elapsedMs - state.atMs < ramp.coolDownMs) {
      return { state, acts: [] };
    }
    const step = state.step + 1;
    const ms = Math.round(ramp.firstMs + ((ramp.mostMs - ramp.firstMs) * step) / ramp.steps);
    return { state: { step, atMs: elapsedMs }, acts: [{ kind: 'set-downtime', ms }] };
  });
}

/** Stalled where it has not fallen below 0.96 of what was the least 40 s ago; acts near the best. */
const stall = { share: 0.96, patienceMs: 40_000, near: 1.04 } as const;

interface Stalling {
  /** What was left at each look, in ms of KubeVirt's own clock. */
  readonly seen: readonly { readonly atMs: number; readonly leftBytes: number }[];
  readonly patienceMs: number;
  /** The target that it may be relaxed to, and when it was. */
  readonly target: { readonly bytes: number; readonly atMs: number } | undefined;
}

function stallDetecting(timers: number): Step {
  const initial: Stalling = { seen: [], patienceMs: stall.patienceMs, target: undefined };
  return remembering(initial, (state, sample) => {
    if (sample.phase !== 'pre-copy') return { state, acts: [] };
    return stallStep(state, sample, sample.atMs * timers);
  });
}

function stallStep(
  state: Stalling,
  { memoryRemainingBytes: leftBytes }: Sample,
  atMs: number,
): { readonly state: Stalling; readonly acts: readonly Act[] } {
  const seen = [...state.seen, { atMs, leftBytes }];
  const target = state.target ?? stalledAt(state, leftBytes, atMs);
  if (target === undefined) return { state: { ...state, seen }, acts: [] };
  if (leftBytes <= target.bytes * stall.near) {
    return { state: { ...state, seen, target }, acts: [{ kind: 'post-copy' }] };
  }
  if (atMs - target.atMs < state.patienceMs) return { state: { ...state, seen, target }, acts: [] };
  const worse = seen.map((look) => look.leftBytes).filter((bytes) => bytes > target.bytes);
  const bytes = worse.length === 0 ? target.bytes : Math.min(...worse);
  const relaxed = { bytes, atMs };
  return { state: { seen, patienceMs: state.patienceMs / 2, target: relaxed }, acts: [] };
}

function stalledAt(
  { seen, patienceMs }: Stalling,
  leftBytes: number,
  atMs: number,
): Stalling['target'] {
  const old = seen.filter((look) => look.atMs < atMs - patienceMs);
  if (old.length === 0) return undefined;
  const bytes = Math.min(...old.map((look) => look.leftBytes));
  return leftBytes >= stall.share * bytes ? { bytes, atMs } : undefined;
}
