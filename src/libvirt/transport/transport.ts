import type { Duplex } from 'node:stream';

/**
 * A connected byte stream to a libvirt daemon, which never speaks first. What it says comes as `data`,
 * each part valid only while its listeners run.
 */
export type ByteStream = Duplex;

export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /** Time to reach the daemon; 10 s by default. */
  readonly timeoutMs?: number | undefined;
  /** Through the daemon's read-only socket, where there is one. */
  readonly readOnly?: boolean | undefined;
}

/** What each transport is given to open a stream. */
export interface Attempt {
  readonly signal: AbortSignal;
  readonly readOnly: boolean;
}
