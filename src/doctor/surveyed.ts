import type { Host, HostSurvey } from '../hypervisor/port.ts';

/** A host that has told what its guests can be made of, and can be asked on. */
export interface Surveyed {
  readonly name: string;
  readonly host: Host;
  readonly survey: HostSurvey;
}

/** `h1, h2`. */
export function namesOf(members: readonly { readonly name: string }[]): string {
  return members.map(({ name }) => name).join(', ');
}

/** Every one with every other one, in both directions. */
export function orderedPairs<T>(all: readonly T[]): readonly (readonly [from: T, to: T])[] {
  return all.flatMap((from) => all.filter((to) => to !== from).map((to) => [from, to] as const));
}
