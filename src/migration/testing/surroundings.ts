import { DroverError } from '../../errors/catalogue.ts';
import type { Clock } from '../../hypervisor/clock.ts';
import type { SimulatedHost } from '../../hypervisor/simulated.ts';
import { type Keeping, keepsNothing } from '../keeping.ts';
import type { Surroundings } from '../surroundings.ts';

/** Simulated hosts as the services find them: by name; there are no others. */
export function surroundingsOf(
  clock: Clock,
  hosts: Iterable<SimulatedHost>,
  keeping: Keeping = keepsNothing,
): Surroundings {
  const named = new Map([...hosts].map((host) => [host.name, host]));
  return {
    clock,
    hostAt: ({ name }) => {
      const host = named.get(name);
      if (host !== undefined) return host;
      throw new DroverError('host.unreachable', `${name} is not there`);
    },
    keeping,
  };
}
