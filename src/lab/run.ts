import { spawn } from 'node:child_process';
import { DroverError } from '../errors/catalogue.ts';

export interface RunOptions {
  /** What the program reads on its standard input; nothing by default. */
  readonly input?: string;
  /** After this many ms the program and its children are killed; no limit by default. */
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** File descriptors of this process that the program gets as its 3, 4, ... */
  readonly keepOpen?: readonly number[];
}

export interface RunResult {
  /** The exit code; 128 + signal when a signal ended it, 124 when it ran out of time. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Rejects only when it cannot be started. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError('no program given');
  const child = spawn(program, args, {
    env: options.env ?? programEnvironment(),
    stdio: ['pipe', 'pipe', 'pipe', ...(options.keepOpen ?? [])],
    // A group of its own, so that a time-out ends its children too.
    detached: options.timeoutMs !== undefined,
  });
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new TypeError('no pipes');
  const [out, err] = [collect(stdout), collect(stderr)];
  let timedOut = false;
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          killGroup(child.pid);
        }, options.timeoutMs);
  child.on('error', (cause) => reject(cannotStart(program, cause)));
  child.on('close', (code, signal) =>
    resolve({
      code: timedOut ? 124 : (code ?? 128 + signalNumber(signal)),
      stdout: out(),
      stderr: err(),
    }),
  );
  // A program that ends without reading its input is no error of ours.
  stdin.on('error', ignoreBrokenPipe);
  stdin.end(options.input ?? '');
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** This program's environment; root's tools are found also where `su` has left their folders out. */
export function programEnvironment(): Readonly<Record<string, string | undefined>> {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin` };
}

/** Runs a program that must succeed, and returns what it printed. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.code === 0) return result.stdout;
  throw new DroverError('lab.failed', `${argv.join(' ')} ended with ${describe(result)}`);
}

function describe({ code, stdout, stderr }: RunResult): string {
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n');
  return code === 124 ? `a time-out: ${said}` : `code ${code}: ${said}`;
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: string[] = [];
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => chunks.push(chunk));
  return () => chunks.join('');
}

function cannotStart(program: string, cause: NodeJS.ErrnoException): DroverError {
  if (cause.code !== 'ENOENT') {
    return new DroverError('lab.failed', `${program} cannot be started`, { cause });
  }
  return new DroverError('lab.missing', `this machine has no program '${program}'`, {
    hint: '`drover lab doctor` says what to install',
    cause,
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') throw error;
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === 'SIGKILL' ? 9 : signal === 'SIGTERM' ? 15 : signal === 'SIGINT' ? 2 : 1;
}

export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** The result, or what stands for a file that is not there. */
export async function orNothing<T>(promise: Promise<T>, nothing: T): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return nothing;
    throw error;
  }
}
