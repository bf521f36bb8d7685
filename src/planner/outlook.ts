import type { Forecast } from '../forecast/forecast.ts';
import { type Written, writtenWithin } from '../forecast/working-set.ts';
import type { Matrix } from '../policy/matrix.ts';
import type { Importance } from '../policy/vocabulary.ts';
import type { Ending } from '../steering/decision.ts';
import { foresee } from '../steering/foresee.ts';
import type { Host, Vm } from './inventory.ts';

/** How one move is expected to end, by the same forecast that will steer it. */
export interface MoveOutlook {
  readonly ending: Ending;
  readonly forecast: Forecast;
}

/** When a curve is asked what it says, ms. */
const readAtMs = [125, 1_000, 8_000, 60_000] as const;

/** Looks ahead for moves; what was asked once at about the same rate is not worked out again. */
export function lookAhead(
  importance: Importance,
  matrix: Matrix,
): (vm: Vm, from: Host, to: Host, bytesPerSecond: number) => MoveOutlook {
  const seen = new Map<string, MoveOutlook>();
  return (vm, from, to, bytesPerSecond) => {
    const postCopy = from.postCopy && to.postCopy;
    const rate = Number(bytesPerSecond.toPrecision(2));
    const { memoryBytes, touchedBytes, slaClass, workingSet } = vm;
    const key = JSON.stringify([memoryBytes, touchedBytes, slaClass, workingSet, rate, postCopy]);
    const known = seen.get(key);
    if (known !== undefined) return known;
    const { expected } = foresee({
      intent: { slaClass, importance, deadlineMs: undefined },
      capabilities: {
        postCopy: postCopy
          ? { allowed: true }
          : { allowed: false, because: 'the hosts do not allow it' },
        postCopyRecoverable: postCopy,
        autoConverge: { allowed: true },
      },
      matrix,
      prior: {
        bandwidthBytesPerSecond: rate,
        touchedBytes,
        written: writtenOf(vm),
        syncing: 'continuous',
      },
      memoryBytes,
    });
    seen.set(key, expected);
    return expected;
  };
}

function writtenOf({ workingSet }: Vm): readonly Written[] {
  if (workingSet === undefined) return [];
  return readAtMs.map((ms) => ({ ms, bytes: writtenWithin(workingSet, ms), weight: 1 }));
}
