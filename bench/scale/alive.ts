import { getHeapSnapshot, getHeapStatistics } from 'node:v8';

/** What is in use on V8's heap: each is looked at again and again to find out that it is. */
export interface Alive {
  readonly objects: number;
  readonly bytes: number;
}

/** Takes seconds, in which nothing else is done. */
export async function countAlive(): Promise<Alive> {
  // What is in no use any more is cleaned up before a snapshot.
  const snapshot = getHeapSnapshot();
  const bytes = getHeapStatistics().used_heap_size;
  let head = '';
  for await (const piece of snapshot) {
    head += String(piece);
    const objects = /"node_count":(\d+)/.exec(head)?.[1];
    if (objects !== undefined) return { objects: Number(objects), bytes };
  }
  throw new Error('a heap snapshot without a count');
}

/** What each of those comes to that one has more than the other. */
export function eachOf(
  few: { readonly count: number; readonly alive: Alive },
  many: { readonly count: number; readonly alive: Alive },
): Alive {
  const more = many.count - few.count;
  return {
    objects: (many.alive.objects - few.alive.objects) / more,
    bytes: (many.alive.bytes - few.alive.bytes) / more,
  };
}
