import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Figures } from './drive.ts';

const figuresSchema = z.object({
  totalMs: z.number(),
  sentBytes: z.number(),
  blackoutMs: z.number(),
  syncs: z.number(),
  setupMs: z.number(),
}) satisfies z.ZodType<Figures>;

const recordedSchema = z.object({
  suite: z.string(),
  scene: z.string(),
  linkMbitPerSecond: z.number(),
  figures: figuresSchema,
  moment: z.object({ pages: z.number(), workedMs: z.number() }),
});

/** One scene as it went on the lab. */
export type Recorded = Readonly<z.infer<typeof recordedSchema>>;

/** The same beside the simulator's. */
export interface Cell extends Recorded {
  readonly simulated: Figures;
}

export async function readRecord(path: string | URL): Promise<readonly Recorded[]> {
  return z.array(recordedSchema).parse(JSON.parse(await readFile(path, 'utf8')));
}
