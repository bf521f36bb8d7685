import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { DroverError } from '../errors/catalogue.ts';
import { isErrno } from './run.ts';

/** A process that is a member of a lab's namespace. */
export interface Process {
  /** As this program sees it. */
  readonly pid: number;
  /** As the process itself and its host see it; 1 is the host's init. */
  readonly pidInside: number;
  /** How many process namespaces deep it is, seen from here; 1 is the machine itself. */
  readonly depth: number;
  readonly argv: readonly string[];
}

/** Every process in the network namespace that is kept at `path`; none when there is no such one. */
export async function processesIn(path: string): Promise<readonly Process[]> {
  return (await processesInEach([path])).get(path) ?? [];
}

/** The same for many namespaces with one look at the machine. */
export async function processesInEach(
  paths: readonly string[],
): Promise<ReadonlyMap<string, readonly Process[]>> {
  const inodes = await Promise.all(paths.map(namespaceInode));
  const members = await membersOf(inodes.filter((inode) => inode !== undefined));
  return new Map(paths.map((path, index) => [path, members.get(inodes[index] ?? 0) ?? []]));
}

async function membersOf(
  inodes: readonly number[],
): Promise<ReadonlyMap<number, readonly Process[]>> {
  const members = new Map<number, Process[]>(inodes.map((inode) => [inode, []]));
  const look = async (pid: string) => {
    const link = await orUndefined(readlink(`/proc/${pid}/ns/net`));
    const list = members.get(Number(/^net:\[(\d+)\]$/.exec(link ?? '')?.[1] ?? 0));
    const process = list === undefined ? undefined : await describeProcess(Number(pid));
    if (process !== undefined) list?.push(process);
  };
  await Promise.all((await allPids()).map(look));
  return members;
}

/** The init of the host whose network namespace this is: its death is the host's power cut. */
export async function initIn(path: string): Promise<Process | undefined> {
  return (await processesIn(path)).find(isInit);
}

export function isInit(process: Process): boolean {
  return process.depth > 1 && process.pidInside === 1;
}

/**
 * Clock ticks from the machine's start to the process's: with the pid it names a process for good.
 * `undefined` for one that is dead, also if its parent has not yet taken notice.
 */
export async function startTicks(pid: number): Promise<number | undefined> {
  const text = await orUndefined(readFile(`/proc/${pid}/stat`, 'utf8'));
  // From the third field on; the second is in brackets and may contain anything.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  return fields[0] === undefined || fields[0] === 'Z' ? undefined : Number(fields[19]);
}

/** Kills processes at once; those that are gone already are fine. */
export function killAll(processes: readonly Pick<Process, 'pid'>[]): void {
  for (const { pid } of processes) {
    if (pid === process.pid) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error;
    }
  }
}

/**
 * Kills every process of a network namespace until there is none: one that was just being forked is
 * caught by the next round.
 */
export async function killMembers(inode: number, deadlineMs = 20_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const found = (await membersOf([inode])).get(inode) ?? [];
    const members = found.filter(({ pid }) => pid !== process.pid);
    if (members.length === 0) return;
    if (performance.now() > end) {
      throw new DroverError('lab.failed', 'processes of the lab do not die', {
        hint: `pids ${members.map(({ pid }) => pid).join(', ')}: look at /proc/PID/stack`,
      });
    }
    killAll(members);
    await delay(10);
  }
}

/** Waits until a condition holds; the lab's own waiting always has an end. */
export async function waitUntil(
  what: string,
  condition: () => Promise<boolean>,
  deadlineMs = 20_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) {
      throw new DroverError('lab.failed', `${what}: not within ${deadlineMs / 1000} s`);
    }
    await delay(10);
  }
}

/** Whether any process has something mounted that comes from a directory of this (unique) name. */
export async function isMountedSomewhere(directoryName: string): Promise<boolean> {
  const tables = await Promise.all(
    (await allPids()).map((pid) => orUndefined(readFile(`/proc/${pid}/mountinfo`, 'utf8'))),
  );
  return tables.some((table) => table?.includes(`/${directoryName}/`));
}

async function allPids(): Promise<readonly string[]> {
  return (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
}

/** What the kernel knows the namespace by; `undefined` when there is none at `path`. */
export async function namespaceInode(path: string): Promise<number | undefined> {
  return (await orUndefined(stat(path)))?.ino;
}

async function describeProcess(pid: number): Promise<Process | undefined> {
  const [status, commandLine] = await Promise.all([
    orUndefined(readFile(`/proc/${pid}/status`, 'utf8')),
    orUndefined(readFile(`/proc/${pid}/cmdline`, 'utf8')),
  ]);
  const numbers = /^NSpid:\s*(.*)$/m
    .exec(status ?? '')?.[1]
    ?.trim()
    .split(/\s+/);
  if (numbers === undefined || /^State:\s*Z/m.test(status ?? '')) return undefined;
  return {
    pid,
    pidInside: Number(numbers.at(-1)),
    depth: numbers.length,
    argv: (commandLine ?? '').split('\0').slice(0, -1),
  };
}

/**
 * A process may end between two looks at it (a dead one's mounts are EINVAL), and one that root may not look at belongs to the
 * machine's own keeper, never to a lab: neither is an error.
 */
async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'ENOTDIR', 'EACCES', 'EPERM', 'EINVAL')) return undefined;
    throw error;
  }
}
