import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../../src/lab/run.ts';

/** A fresh directory for a lab, below the folder that the whole test run sweeps at its end. */
export async function labFolder(): Promise<string> {
  const given = process.env.DROVER_LAB_DIR;
  return await mkdtemp(join(given === undefined ? tmpdir() : dirname(given), 'lab-'));
}

/** Whatever on this machine still speaks of the lab, found without the lab's own means. */
export async function remainsOf(dir: string, id: string): Promise<readonly string[]> {
  return [
    ...readdirOrNothing('/run/netns')
      .filter((name) => name.includes(id))
      .map((name) => `namespace ${name}`),
    ...processesThatMention(dir),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(dir) || line.includes(id))
      .map((line) => `mount ${line}`),
    ...readdirOrNothing(dir).map((name) => `file ${name}`),
  ];
}

/** The machine's own network interfaces. */
export async function interfaces(): Promise<readonly string[]> {
  const { stdout } = await run(['ip', '-oneline', 'link']);
  return stdout.split('\n').flatMap((line) => line.split(': ')[1] ?? []);
}

/** Processes whose arguments or mounts name the directory: every process of a lab's host has both. */
function processesThatMention(dir: string): readonly string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((pid) => readOrNothing(`/proc/${pid}/mountinfo`).includes(`${dir}/`))
    .map((pid) => `process ${pid} ${readOrNothing(`/proc/${pid}/cmdline`).slice(0, 60)}`);
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has just ended, or is nobody's to read.
    return '';
  }
}

function readdirOrNothing(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    // It is not there, so there is nothing in it.
    return [];
  }
}
