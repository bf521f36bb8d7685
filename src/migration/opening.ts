import { capabilitiesOnce } from '../steering/compress.ts';
import type { Action, MigrationCapabilities } from '../steering/decision.ts';
import type { StartPlan } from '../steering/plan-start.ts';
import type { FormerLimits } from './beginning.ts';
import type { LimitsInForce } from './controls.ts';
import type { RunIntent, UnderWay } from './intent.ts';

/** How a run begins: with its start, or with one that runs already. */
export type Opening =
  | { readonly kind: 'start'; readonly former: FormerLimits }
  | { readonly kind: 'take-up'; readonly underWay: UnderWay; readonly inForce: FormerLimits };

/** The limits of the domain before the migration, to be put back. */
export function formerOf(opening: Opening): FormerLimits {
  return opening.kind === 'start' ? opening.former : opening.underWay.former;
}

/** What of its capabilities is left: the flags with which one that runs was begun hold to its end. */
export function capabilitiesOf(
  { capabilities }: Pick<RunIntent, 'capabilities'>,
  opening: Opening,
): MigrationCapabilities {
  if (opening.kind === 'start') return capabilities;
  return capabilitiesOnce(capabilities, opening.underWay.plan.compression);
}

/** What limits the migration once it is begun or taken up; `shareBytesPerSecond`: all that it may take. */
export function limitsAfter(
  opening: Opening,
  plan: StartPlan,
  shareBytesPerSecond: number,
): LimitsInForce {
  const formerSpeedBytesPerSecond = formerOf(opening).speedBytesPerSecond;
  if (opening.kind === 'start')
    return {
      downtimeMs: plan.maxDowntimeMs,
      maxSpeedBytesPerSecond: shareBytesPerSecond,
      shareBytesPerSecond,
      pacedTimes: 0,
      formerSpeedBytesPerSecond,
      restHeld: false,
    };
  const { inForce, underWay } = opening;
  return {
    downtimeMs: inForce.downtimeMs,
    maxSpeedBytesPerSecond: inForce.speedBytesPerSecond,
    shareBytesPerSecond,
    pacedTimes: underWay.decisions.filter(
      ({ action }) => action.kind === 'set-max-speed' && Number.isFinite(action.bytesPerSecond),
    ).length,
    formerSpeedBytesPerSecond,
    restHeld: isRestHeld(underWay),
  };
}

function isRestHeld({ decisions }: UnderWay): boolean {
  const last = decisions.map(({ action }) => action).findLast(isSpeedOfPostCopy);
  return last !== undefined && last.bytesPerSecond !== Infinity;
}

function isSpeedOfPostCopy(action: Action): action is Action & { kind: 'set-post-copy-speed' } {
  return action.kind === 'set-post-copy-speed';
}
