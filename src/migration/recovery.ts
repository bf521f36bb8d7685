import type { Permission } from '../steering/decision.ts';

/** After this many resumes in vain, about five minutes, a person has to look. */
const mostAttempts = 12;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

/** When to try again to mend a broken post-copy: at once, then with growing pauses. */
export class Recovery {
  readonly #permission: Permission;
  #attempts = 0;
  #notBeforeMs = -Infinity;

  constructor(permission: Permission) {
    this.#permission = permission;
  }

  get attempts(): number {
    return this.#attempts;
  }

  /** Why nothing more is tried; `undefined` while there is hope. */
  exhausted(): string | undefined {
    if (!this.#permission.allowed) return this.#permission.because;
    if (this.#attempts >= mostAttempts) return `${mostAttempts} attempts to resume it failed`;
    return undefined;
  }

  /** Whether to resume now; counts the attempt when so. */
  due(atMs: number): boolean {
    if (this.exhausted() !== undefined || atMs < this.#notBeforeMs) return false;
    this.#notBeforeMs = atMs + Math.min(longestPauseMs, firstPauseMs * 2 ** this.#attempts);
    this.#attempts += 1;
    return true;
  }
}
