/** What a process is told by its surroundings. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The value of a variable. One that is empty says no more than one that is not there. */
export function given(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}
