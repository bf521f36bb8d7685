import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DroverError } from '../errors/catalogue.ts';
import { isErrno } from './run.ts';

/** `tcg` emulates and works everywhere; `kvm` needs a machine whose KVM really runs guests. */
export const accelerators = ['tcg', 'kvm'] as const;
export type Accelerator = (typeof accelerators)[number];

const hostSchema = z.object({
  name: z.string(),
  /** From 1; gives the address and the switch's port. */
  index: z.number().int().positive(),
  uuid: z.uuid(),
  suite: z.string(),
  tree: z.string(),
  qemuVersion: z.string(),
  libvirtVersion: z.string(),
  /** Bits per second; `null` is an unlimited link. */
  link: z.number().nullable(),
});

const cutSchema = z.object({
  host: z.string(),
  /** `null`: from everybody. */
  from: z.string().nullable(),
});

const labSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  accelerator: z.enum(accelerators),
  hosts: z.array(hostSchema),
  cuts: z.array(cutSchema),
});

export type HostState = z.infer<typeof hostSchema>;
export type Cut = z.infer<typeof cutSchema>;
/** What a lab is meant to be; the kernel is made to agree with it. */
export type LabState = z.infer<typeof labSchema>;

export function statePath(dir: string): string {
  return join(dir, 'lab.json');
}

export function lockPath(dir: string): string {
  return join(dir, 'lock');
}

/** The state of the lab in this directory; `lab.not-found` when there is none. */
export async function readState(dir: string): Promise<LabState> {
  const path = statePath(dir);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT', 'ENOTDIR')) throw cause;
    throw new DroverError('lab.not-found', `there is no lab in ${dir}`, {
      hint: 'start one with `drover lab up`, or name another with --lab-dir or DROVER_LAB_DIR',
      cause,
    });
  }
  return parseState(path, text);
}

function parseState(path: string, text: string): LabState {
  try {
    return labSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new DroverError('lab.failed', `${path} cannot be read`, {
      hint: 'clear this lab away with `drover lab down` and start it again',
      cause,
    });
  }
}

/** Replaces the state in one step: a reader sees the old or the new one, whole. */
export async function writeState(dir: string, state: LabState): Promise<void> {
  const path = statePath(dir);
  await writeFile(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`);
  await rename(`${path}.new`, path);
}
