/** What stands for a number that JSON does not have. */
const infinite = { $number: 'Infinity' } as const;

/** As text; Infinity is kept, and `undefined` left out. */
export function toJson(value: unknown): string {
  return JSON.stringify(value ?? null, (_, one: unknown) => (one === Infinity ? infinite : one));
}

/**
 * What `toJson` made text of. The type is the caller's word for it: only we write to the store, and
 * its schema's version says in which form.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- JSON.parse has no type
export function fromJson<T>(text: string): T {
  return JSON.parse(text, (_, one: unknown) => (isInfinite(one) ? Infinity : one));
}

function isInfinite(one: unknown): boolean {
  return typeof one === 'object' && one !== null && '$number' in one;
}

/** `fromJson`, of what may not be there. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- JSON.parse has no type
export function maybe<T>(text: string | null): T | undefined {
  return text === null ? undefined : fromJson<T>(text);
}
