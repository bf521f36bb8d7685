import type { ChildProcess } from 'node:child_process';
import { DroverError, type ErrorCode } from '../../src/errors/catalogue.ts';
import type { DomainChangeKind } from '../../src/hypervisor/port.ts';

export interface Call {
  readonly kind: 'call';
  readonly id: number;
  readonly host: string;
  /** Of the port, or `unwatch`. */
  readonly method: string;
  readonly given: readonly unknown[];
}

export type Reply =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | {
      readonly kind: 'refusal';
      readonly id: number;
      readonly message: string;
      readonly code: ErrorCode | undefined;
    }
  | { readonly kind: 'change'; readonly watch: number; readonly change: DomainChangeKind };

interface Channel {
  send?: ChildProcess['send'] | undefined;
  readonly connected: boolean;
}

/** Messages that come up together go together: a pipe costs by the message, not by the byte. */
export class Outbox<Message> {
  readonly #channel: Channel;
  #waiting: Message[] = [];

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  put(message: Message): void {
    if (this.#waiting.push(message) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const messages = this.#waiting;
    this.#waiting = [];
    if (this.#channel.connected) this.#channel.send?.(messages);
  }
}

export function refusalOf(id: number, error: unknown): Reply {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof DroverError ? error.code : undefined;
  return { kind: 'refusal', id, message, code };
}

export function errorOf({ message, code }: Reply & { readonly kind: 'refusal' }): Error {
  return code === undefined ? new Error(message) : new DroverError(code, message);
}
