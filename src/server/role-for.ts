import type { Role } from '../store/rows.ts';

/** The role that a word stands for; whatever else an object has by itself is none. */
export function roleFor(roleOf: Readonly<Record<string, Role>>, word: string): Role | undefined {
  return Object.hasOwn(roleOf, word) ? roleOf[word] : undefined;
}
