import type { Permission } from '../steering/decision.ts';

const firstPauseMs = 1_000;
const longestPauseMs = 15_000;

/**
 * When to try again to mend a broken post-copy: at once, then with growing pauses, for as long as
 * both hosts hold their part of the guest. Nothing else can bring it back.
 */
export class Recovery {
  readonly #permission: Permission;
  #attempts = 0;
  #notBeforeMs = -Infinity;

  constructor(permission: Permission) {
    this.#permission = permission;
  }

  /** Of this break. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Why it must not be tried; `undefined` where it may. */
  forbidden(): string | undefined {
    return this.#permission.allowed ? undefined : this.#permission.because;
  }

  /** Whether to resume now; counts the attempt when so. */
  due(atMs: number): boolean {
    if (!this.#permission.allowed || atMs < this.#notBeforeMs) return false;
    this.#notBeforeMs = atMs + Math.min(longestPauseMs, firstPauseMs * 2 ** this.#attempts);
    this.#attempts += 1;
    return true;
  }

  /** It goes on: the next break is another one. */
  succeeded(): void {
    this.#attempts = 0;
    this.#notBeforeMs = -Infinity;
  }
}
