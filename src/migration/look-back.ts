import type { SeenWrites } from '../hypervisor/port.ts';
import type { Approach } from './approach.ts';
import type { Keeping } from './keeping.ts';
import { keepsNothing } from './keeping.ts';
import { type Known, knownBefore } from './knowledge.ts';
import { messageOf } from './look.ts';

/** What is known of a guest and its way. A memory that cannot be read teaches nothing, and stops nothing: that is told. */
export async function lookBack(
  {
    cleared,
    standing,
    capBytesPerSecond,
  }: Pick<Approach, 'cleared' | 'standing' | 'capBytesPerSecond'>,
  keeping: Keeping,
  measured: readonly SeenWrites[],
  tell: (problem: string) => void,
): Promise<Known> {
  const told = { lessons: forgiving(keeping, tell) };
  return knownBefore(cleared, standing.slaClass, { keeping: told, measured, capBytesPerSecond });
}

function forgiving(keeping: Keeping, tell: (problem: string) => void): Keeping['lessons'] {
  let told = false;
  return async (of, limit) => {
    try {
      return await keeping.lessons(of, limit);
    } catch (error) {
      if (!told) tell(`Earlier migrations cannot be read: ${messageOf(error)}`);
      told = true;
      return keepsNothing.lessons(of, limit);
    }
  };
}
