import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

const longestStartMs = 60_000;

/** `drover serve` in a process of its own, which is killed and begun again. */
export class ControllerProcess {
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #complained = '';

  /** The arguments of service.ts. */
  constructor(config: string, database: string, socket: string) {
    this.#args = [config, database, socket];
  }

  /** Resolves when it answers. */
  async begin(): Promise<void> {
    const child = fork(new URL('service.ts', import.meta.url), [...this.#args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    let said = '';
    child.stdout?.on('data', (text) => {
      said += String(text);
    });
    child.stderr?.on('data', (text) => {
      this.#complained = `${this.#complained}${String(text)}`.slice(-8_000);
    });
    const untilMs = performance.now() + longestStartMs;
    while (!said.includes('Serving on')) {
      if (hasEnded(child)) throw new Error(`the controller ended: ${this.#complained}`);
      if (performance.now() > untilMs) throw new Error(`it does not begin: ${this.#complained}`);
      await pause(20);
    }
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || hasEnded(child)) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Steps the time of day that it sees. */
  stepClock(ms: number): void {
    this.#child?.send({ stepMs: ms });
  }

  /** The last of what it wrote into its log. */
  get log(): string {
    return this.#complained;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
