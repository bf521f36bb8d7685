import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a worker says of one episode. */
export interface Played {
  readonly seed: number;
  readonly phases: readonly string[];
  readonly wrong: readonly string[];
  readonly gone: readonly string[];
  readonly struckIn: readonly string[];
  readonly faults: readonly { readonly what: string }[];
}

export interface Seeds {
  readonly first: number;
  readonly count: number;
  readonly workers: number;
}

/** Plays the episodes of some seeds in processes of their own, by the worker of this folder's copy. */
export async function play(
  worker: string,
  { first, count, workers }: Seeds,
  heed: (played: Played) => 'enough' | 'more',
): Promise<void> {
  await Promise.all(
    Array.from({ length: workers }, (_, index) => {
      const own = Math.ceil((count - index) / workers);
      return playPart(worker, [first + index, own, workers], heed);
    }),
  );
}

async function playPart(
  worker: string,
  part: readonly number[],
  heed: (played: Played) => 'enough' | 'more',
): Promise<void> {
  const child = spawn(process.execPath, [worker, ...part.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let enough = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const played: Played = JSON.parse(line);
    enough ||= heed(played) === 'enough';
    if (enough) child.kill();
  }
  const code = await ended;
  if (code !== 0 && !enough) throw new Error(`a worker ended with ${code}`);
}
