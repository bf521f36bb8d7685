import { novaDowntimeMs } from '../drain/peers.ts';
import type { Act } from '../steering/drive.ts';
import { type Contender, remembering } from './contender.ts';

const pollMs = 500;

interface NovaSettings {
  readonly name: string;
  readonly postCopy: boolean;
  readonly completionSecondsPerGib: number;
  /** What it does when that time has passed. */
  readonly atLast: Act;
}

/** As it comes; and as an operator who wants his guests to arrive sets it. */
const settings: readonly NovaSettings[] = [
  {
    name: 'nova-defaults',
    postCopy: false,
    completionSecondsPerGib: 800,
    atLast: { kind: 'abort' },
  },
  {
    name: 'nova-tuned',
    postCopy: true,
    completionSecondsPerGib: 15,
    atLast: { kind: 'post-copy' },
  },
];

/** It reckons with at least so much memory. */
const leastGib = 2;

/** Nova by its published behaviour, `timers` times faster; this is not its own code. */
export function novaContenders(timers: number): readonly Contender[] {
  return settings.map((setting) => ({
    name: setting.name,
    system: 'Nova (as published)',
    maxDowntimeMs: novaDowntimeMs({ elapsedMs: 0, memoryGib: leastGib, rises: 0 }),
    postCopy: setting.postCopy,
    autoConverge: undefined,
    pollMs: pollMs / timers,
    begin: (memoryGib) => ramping(setting, memoryGib, timers),
  }));
}

function ramping(
  { completionSecondsPerGib, atLast }: NovaSettings,
  memoryGib: number,
  timers: number,
): ReturnType<Contender['begin']> {
  const initial: { readonly setMs: number; readonly acted: boolean } = { setMs: 0, acted: false };
  const completionMs = completionSecondsPerGib * 1000 * Math.max(leastGib, memoryGib);
  return remembering(initial, (state, { atMs, phase }) => {
    const elapsedMs = atMs * timers;
    if (phase !== 'pre-copy' || state.acted) return { state, acts: [] };
    if (elapsedMs > completionMs) return { state: { ...state, acted: true }, acts: [atLast] };
    const ms = novaDowntimeMs({ elapsedMs, memoryGib, rises: 0 });
    if (ms === state.setMs) return { state, acts: [] };
    return { state: { ...state, setMs: ms }, acts: [{ kind: 'set-downtime', ms }] };
  });
}
