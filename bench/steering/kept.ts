import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { orNothing } from '../../src/lab/run.ts';
import { recordingText } from '../../src/recording/text.ts';
import { type Arm, armName, type Run } from './arms.ts';
import { guestMemoryBytes, type Scene, workloads } from './cells.ts';
import type { Figures } from './cost.ts';

/** Which run it is. */
export interface RunKey {
  readonly suite: string;
  readonly scene: Scene;
  readonly round: number;
  readonly arm: Arm;
}

/** Keeps a run: its figures in one file, and in another the migration as Drover records it. */
export async function keepRun(dir: string, key: RunKey, run: Run): Promise<void> {
  const { suite, scene, round } = key;
  const workloadText = workloads[scene.workload];
  const about = { suite, ...scene, workloadText, guestMemoryBytes, round, arm: key.arm };
  await mkdir(dir, { recursive: true });
  await writeFile(figuresPath(dir, key), JSON.stringify({ ...about, figures: run.figures }));
  await writeFile(join(dir, `${nameOf(key)}.json`), recordingText(run.recording));
}

/** Figures as files keep them. */
export const figuresSchema = z.object({
  arrived: z.boolean(),
  totalMs: z.number(),
  blackoutMs: z.number(),
  lostWorkMs: z.number(),
  sentBytes: z.number(),
  postCopy: z.boolean(),
  throttlePercent: z.number(),
});

const keptSchema = z.object({
  workloadText: z.string(),
  guestMemoryBytes: z.number(),
  figures: figuresSchema,
});

/** The figures of an earlier run; `undefined` where none was kept, or the guest was another. */
export async function readKept(dir: string, key: RunKey): Promise<Figures | undefined> {
  const text = await orNothing<string | undefined>(
    readFile(figuresPath(dir, key), 'utf8'),
    undefined,
  );
  if (text === undefined) return undefined;
  const kept = keptSchema.parse(JSON.parse(text));
  const same =
    kept.workloadText === workloads[key.scene.workload] &&
    kept.guestMemoryBytes === guestMemoryBytes;
  return same ? kept.figures : undefined;
}

function figuresPath(dir: string, key: RunKey): string {
  return join(dir, `${nameOf(key)}.figures.json`);
}

function nameOf({ suite, scene, round, arm }: RunKey): string {
  return [suite, scene.linkMbitPerSecond, scene.workload, armName(arm), round + 1].join('-');
}
