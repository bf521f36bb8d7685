import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import type { Done, Errand } from './clients-process.ts';

/** A process that asks over HTTP, and listens. */
export class Clients {
  readonly #process: ChildProcess;

  constructor() {
    this.#process = fork(new URL(`clients-process${extname(import.meta.url)}`, import.meta.url), {
      execArgv: [],
    });
  }

  async ask(address: string, count: number): Promise<readonly string[]> {
    const done = await this.#do({ kind: 'ask', address, count });
    return done.kind === 'asked' ? done.ids : [];
  }

  async listen(address: string, ids: readonly string[]): Promise<void> {
    await this.#do({ kind: 'listen', address, ids });
  }

  async heard(): Promise<Pick<Done & { kind: 'heard' }, 'events' | 'latenessMs'>> {
    const done = await this.#do({ kind: 'heard' });
    return done.kind === 'heard' ? done : { events: 0, latenessMs: [] };
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }

  async #do(errand: Errand): Promise<Done> {
    const done = once(this.#process, 'message');
    this.#process.send(errand);
    const [message] = await done;
    return message;
  }
}
