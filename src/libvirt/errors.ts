import { domainName, type ErrorCode, errorCodeName } from './error-codes.ts';

/** Whatever this client throws or rejects with, except for programming errors. */
export abstract class LibvirtClientError extends Error {}

/** An error that the daemon answered to a call: the call arrived and was refused or failed. */
export class LibvirtError extends LibvirtClientError {
  override readonly name = 'LibvirtError';
  /** Stable name of the error, such as `no-domain`; `unknown` for numbers newer than this client. */
  readonly code: ErrorCode;
  readonly codeNumber: number;
  /** The part of libvirt that raised it, such as `qemu`. */
  readonly domain: string;
  readonly level: 'none' | 'warning' | 'error';
  /** The call that failed, such as `domainGetJobStats`. */
  readonly call: string;

  constructor(call: string, details: ErrorDetails) {
    super(details.message ?? `libvirt error ${details.code}`);
    this.call = call;
    this.code = errorCodeName(details.code);
    this.codeNumber = details.code;
    this.domain = domainName(details.domain);
    this.level = levelName(details.level);
  }
}

export interface ErrorDetails {
  readonly code: number;
  readonly domain: number;
  readonly message: string | undefined;
  readonly level: number;
}

function levelName(level: number): LibvirtError['level'] {
  if (level === 0) return 'none';
  return level === 1 ? 'warning' : 'error';
}

/** The peer sent bytes that are no valid libvirt message. The connection is closed. */
export class ProtocolError extends LibvirtClientError {
  override readonly name = 'ProtocolError';
}

/** The connection has ended; what a call without an answer did at the daemon is unknown. */
export class ConnectionClosedError extends LibvirtClientError {
  override readonly name = 'ConnectionClosedError';
}

/** The daemon did not answer keepalive probes. The connection is closed. */
export class KeepAliveTimeoutError extends LibvirtClientError {
  override readonly name = 'KeepAliveTimeoutError';
}

/** No answer before the call's deadline. The daemon may still carry the call out. */
export class CallTimeoutError extends LibvirtClientError {
  override readonly name = 'CallTimeoutError';
}

/** The caller's signal fired. The daemon may still carry the call out. */
export class CallAbortedError extends LibvirtClientError {
  override readonly name = 'CallAbortedError';
}

/** Too many calls wait for their turn on one connection. The call was not sent. */
export class TooManyCallsError extends LibvirtClientError {
  override readonly name = 'TooManyCallsError';
}

/** A value that libvirt cannot carry or does not mean anything. Nothing was sent. */
export class ArgumentError extends LibvirtClientError {
  override readonly name = 'ArgumentError';
}

/** The daemon demands a way to authenticate that this client lacks, or refused it. */
export class AuthenticationError extends LibvirtClientError {
  override readonly name = 'AuthenticationError';
}

/** The daemon could not be reached. */
export class TransportError extends LibvirtClientError {
  override readonly name = 'TransportError';
}
