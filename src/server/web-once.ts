import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const codeBytes = 24;
/** Long enough to click, and to find a browser first. */
export const onceMs = 10 * 60_000;

/** Codes that open the dashboard once each, for whoever started the server and reads its terminal. */
export class OnceCodes {
  readonly #wallMs: () => number;
  #codes: { readonly hash: Buffer; readonly until: number }[] = [];

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  make(): string {
    const code = randomBytes(codeBytes).toString('base64url');
    this.#codes.push({ hash: hashOf(code), until: this.#wallMs() + onceMs });
    return code;
  }

  /** Whether it opens, which it does this once. */
  take(code: string): boolean {
    const now = this.#wallMs();
    const hash = hashOf(code);
    const found = this.#codes.find((known) => timingSafeEqual(known.hash, hash));
    this.#codes = this.#codes.filter((known) => known !== found && known.until > now);
    return found !== undefined && found.until > now;
  }
}

function hashOf(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}

/** Behind the `#`: no browser sends that part to anybody. */
export function onceLink(address: string, code: string): string {
  return `${address}/#once=${code}`;
}
