import { defaultAutoConverge } from '../steering/static-arms.ts';
import { type Contender, remembering } from './contender.ts';

/** It starts at 100 ms, and doubles that each time more was left for the sixth time. */
const firstMs = 100;
const risesUntilDoubled = 6;
const mostMs = 2_000_000;
const pollMs = 1_000;
/** As many as its administrators have it move at once in bench/drain. */
const workers = 4;

/** Proxmox VE, without its compression (XBZRLE); `timers` times faster than it looks itself. */
export function proxmoxContenders(timers: number): readonly Contender[] {
  return [
    {
      name: 'proxmox',
      system: 'Proxmox VE',
      maxDowntimeMs: firstMs,
      postCopy: false,
      autoConverge: defaultAutoConverge,
      atOnce: workers,
      pollMs: pollMs / timers,
      begin: () => doubling(),
    },
  ];
}

function doubling(): ReturnType<Contender['begin']> {
  const initial = { downtimeMs: firstMs, rises: 0, leftBytes: Infinity };
  return remembering(initial, (state, { memoryRemainingBytes: leftBytes, phase }) => {
    if (phase !== 'pre-copy') return { state, acts: [] };
    const rises = state.rises + (leftBytes > state.leftBytes ? 1 : 0);
    if (rises < risesUntilDoubled) return { state: { ...state, rises, leftBytes }, acts: [] };
    const downtimeMs = Math.min(mostMs, state.downtimeMs * 2);
    return {
      state: { downtimeMs, rises: 0, leftBytes },
      acts: [{ kind: 'set-downtime', ms: downtimeMs }],
    };
  });
}
