import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { must } from '../../src/lab/run.ts';
import { type Call, domainNames, type Measured, statsGroups, type Task } from './task.ts';

/** A client of the daemon, in a process of its own. */
export interface Client {
  measure(task: Task): Promise<Measured>;
  stop(): Promise<void>;
}

export function startDrover(uri: string): Client {
  return talkTo(
    spawnClient(process.execPath, [join(import.meta.dirname, 'run.ts'), '--serve', uri]),
  );
}

export function startPython(uri: string): Client {
  const script = join(import.meta.dirname, 'python-client.py');
  return talkTo(spawnClient('/usr/bin/python3', [script, uri, domainNames[0] ?? '']));
}

function spawnClient(program: string, args: readonly string[]): ChildProcess {
  return spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** A line out for each line in. */
function talkTo(child: ChildProcess): Client {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new TypeError('no pipes');
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    measure: async (task) => {
      stdin.write(`${JSON.stringify(task)}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${child.spawnfile} ended in the middle of its work`);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the client's own words
      return JSON.parse(value) as Measured;
    },
    stop: async () => {
      stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Two batches: their difference is free of the time that virsh takes to start. */
const virshBatch = { small: 10, most: 3000 } as const;

/** One virsh with a batch of commands. It does not say how long each took. */
export function virshClient(uri: string): Client {
  return {
    measure: async ({ call, seconds }) => {
      const small = await virshMs(uri, call, virshBatch.small);
      const guess = await virshMs(uri, call, 10 * virshBatch.small);
      const perCall = Math.max(0.02, (guess - small) / (9 * virshBatch.small));
      const count = Math.min(virshBatch.most, Math.ceil((seconds * 1000) / perCall));
      const large = await virshMs(uri, call, virshBatch.small + count);
      const callsPerSecond = (count * 1000) / (large - small);
      return { callsPerSecond, p50Us: Number.NaN, p99Us: Number.NaN };
    },
    stop: async () => undefined,
  };
}

async function virshMs(uri: string, call: Call, count: number): Promise<number> {
  const commands = Array.from({ length: count }, () => virshCommand(call)).join(';');
  const began = performance.now();
  await must(['virsh', '-q', '-c', uri, commands]);
  return performance.now() - began;
}

function virshCommand(call: Call): string {
  const [domain = ''] = domainNames;
  switch (call) {
    case 'hostname':
      return 'hostname';
    case 'domain state':
      return `domstate ${domain}`;
    case 'job stats':
      return `domjobinfo ${domain}`;
    case 'domain XML':
      return `dumpxml ${domain}`;
    case 'all-domain stats':
      return `domstats ${statsGroups.map((group) => `--${group}`).join(' ')}`;
  }
}
