import { appendFile, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { guestKinds } from '../../src/lab/guest/index.ts';
import { orNothing } from '../../src/lab/run.ts';
import { importances, slaClasses } from '../../src/policy/vocabulary.ts';
import { figuresSchema } from '../steering/kept.ts';
import type { PeerScene } from './cells.ts';
import { foretoldSchema } from './foretold.ts';

/** One run, as a line of JSON. */
const rowSchema = z.object({
  at: z.string(),
  machine: z.string(),
  suite: z.string(),
  qemu: z.string(),
  libvirt: z.string(),
  timers: z.enum(['scaled', 'unscaled']),
  round: z.number(),
  seed: z.number(),
  scene: z.string(),
  does: z.string(),
  memoryMib: z.number(),
  guests: z.number().default(1),
  guest: z.enum(guestKinds).default('beat'),
  linkMbitPerSecond: z.number(),
  linkFallsTo: z.number().optional(),
  /** What the link carried when it was checked before the scene. */
  linkCheckedMbitPerSecond: z.number(),
  /** What memory went over the link with, Mbit/s; `null` where too little was seen. */
  sentMbitPerSecond: z.number().nullable(),
  postCopyRecoverable: z.boolean(),
  arm: z.string(),
  system: z.string(),
  pair: z.object({ slaClass: z.enum(slaClasses), importance: z.enum(importances) }).nullable(),
  harm: z.enum(['corrupt', 'lost']).nullable(),
  /** CPU that this process used meanwhile, ms: the observer's included. */
  cpuMs: z.number(),
  figures: figuresSchema,
  /** Of Drover's runs. */
  foretold: foretoldSchema.optional(),
});
export type Row = z.infer<typeof rowSchema>;

/** What a row says of its scene. */
export function sceneOfRow({
  name,
  does,
  memoryMib,
  guests,
  guest,
  linkMbitPerSecond,
  linkFallsTo,
}: PeerScene): Pick<
  Row,
  'scene' | 'does' | 'memoryMib' | 'guests' | 'guest' | 'linkMbitPerSecond' | 'linkFallsTo'
> {
  const falls = linkFallsTo === undefined ? {} : { linkFallsTo };
  return { scene: name, does, memoryMib, guests, guest, linkMbitPerSecond, ...falls };
}

export async function readRows(path: string): Promise<readonly Row[]> {
  const text = await orNothing(readFile(path, 'utf8'), '');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => rowSchema.parse(JSON.parse(line)));
}

export async function addRow(path: string, row: Row): Promise<void> {
  await appendFile(path, `${JSON.stringify(row)}\n`);
}

/** Two rows of the same run have the same key. */
export function keyOf(
  row: Pick<Row, 'suite' | 'timers' | 'round' | 'scene' | 'arm' | 'memoryMib' | 'does'>,
): string {
  const { suite, timers, round, scene, arm, memoryMib, does } = row;
  return [suite, timers, round, scene, arm, memoryMib, does].join(' ');
}
