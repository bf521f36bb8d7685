import { beginning, type Scene, stepsFrom, type Terms, wrongWith } from './hand-over.ts';

export interface Explored {
  readonly states: number;
  /** What is wrong, with the way there. */
  readonly violation: { readonly what: string; readonly way: readonly string[] } | undefined;
}

/** Goes every way that there is. */
export function explore(terms: Terms): Explored {
  const from = new Map<string, { readonly before: string | undefined; readonly name: string }>();
  const next = new Map<string, readonly string[]>();
  const ends = new Set<string>();
  const first = keyOf(beginning);
  from.set(first, { before: undefined, name: 'it is asked for' });
  // The nearest first: what is found wrong is shown by the shortest way.
  const queue: Scene[] = [beginning];
  for (const scene of queue) {
    const key = keyOf(scene);
    const wrong = wrongWith(scene);
    if (wrong !== undefined)
      return { states: from.size, violation: { what: wrong, way: wayTo(key, from) } };
    if (scene.store.ended !== undefined) ends.add(key);
    const steps = stepsFrom(scene, terms);
    next.set(
      key,
      steps.map((step) => keyOf(step.next)),
    );
    for (const { name, next: after } of steps) {
      const afterKey = keyOf(after);
      if (from.has(afterKey)) continue;
      from.set(afterKey, { before: key, name });
      queue.push(after);
    }
  }
  const stuck = neverEnding(next, ends, terms.mostEpochs);
  const violation =
    stuck === undefined ? undefined : { what: 'it can never end', way: wayTo(stuck, from) };
  return { states: from.size, violation };
}

function keyOf(scene: Scene): string {
  return JSON.stringify(scene);
}

function wayTo(
  key: string,
  from: ReadonlyMap<string, { readonly before: string | undefined; readonly name: string }>,
): readonly string[] {
  const way: string[] = [];
  for (let at: string | undefined = key; at !== undefined; ) {
    const step = from.get(at);
    if (step === undefined) break;
    way.unshift(step.name);
    at = step.before;
  }
  return way;
}

/** A state from which no way leads to an end; those at the edge of the epochs do not count. */
function neverEnding(
  next: ReadonlyMap<string, readonly string[]>,
  ends: ReadonlySet<string>,
  mostEpochs: number,
): string | undefined {
  const before = new Map<string, string[]>();
  for (const [key, after] of next)
    for (const one of after) before.set(one, [...(before.get(one) ?? []), key]);
  const good = new Set(ends);
  const queue = [...ends];
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    for (const one of before.get(key) ?? []) {
      if (good.has(one)) continue;
      good.add(one);
      queue.push(one);
    }
  }
  return [...next.keys()].find((key) => !good.has(key) && !key.includes(`"epoch":${mostEpochs}`));
}
