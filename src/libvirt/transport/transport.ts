import type { Duplex } from 'node:stream';

/** A connected byte stream to a libvirt daemon. */
export type ByteStream = Duplex;

export interface OpenOptions {
  readonly signal?: AbortSignal;
  /** Time to reach the daemon. */
  readonly timeoutMs?: number;
}
