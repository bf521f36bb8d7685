import type { Permission } from '../steering/decision.ts';

/** Whether a migration may switch to post-copy by what was learnt on its way. */
export class Door {
  #closed: string | undefined;
  #held: { readonly because: string; readonly untilMs: number } | undefined;

  /** For good: its flags or the hosts do not let it. */
  close(because: string): void {
    this.#closed = because;
  }

  /** For a while: what speaks against it may pass. */
  hold(because: string, untilMs: number): void {
    this.#held = { because, untilMs };
  }

  /** `undefined`: nothing was learnt that speaks against it. */
  permission(nowMs: number): Extract<Permission, { allowed: false }> | undefined {
    if (this.#closed !== undefined) return { allowed: false, because: this.#closed };
    if (this.#held === undefined || nowMs >= this.#held.untilMs) return undefined;
    return { allowed: false, because: this.#held.because };
  }
}
