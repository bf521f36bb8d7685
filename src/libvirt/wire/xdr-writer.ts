import { ArgumentError } from '../errors.ts';

/** Longest string that libvirt carries, in bytes of UTF-8. */
export const maxStringBytes = 4 * 1024 * 1024;

const int32Min = -(2 ** 31);
const int32Max = 2 ** 31 - 1;
const uint32Max = 2 ** 32 - 1;
const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;
const uint64Max = 2n ** 64n - 1n;

/** Writes XDR (RFC 4506) into a buffer that grows. */
export class XdrWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(initialBytes = 256) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes written so far; valid until the next write. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  int32(value: number): void {
    requireInteger(value, int32Min, int32Max);
    this.#length = this.#reserve(4).writeInt32BE(value, this.#length);
  }

  uint32(value: number): void {
    requireInteger(value, 0, uint32Max);
    this.#length = this.#reserve(4).writeUInt32BE(value, this.#length);
  }

  int64(value: bigint): void {
    requireWithin(value, int64Min, int64Max);
    this.#length = this.#reserve(8).writeBigInt64BE(value, this.#length);
  }

  uint64(value: bigint): void {
    requireWithin(value, 0n, uint64Max);
    this.#length = this.#reserve(8).writeBigUInt64BE(value, this.#length);
  }

  double(value: number): void {
    this.#length = this.#reserve(8).writeDoubleBE(value, this.#length);
  }

  /** A length, the bytes of UTF-8 and padding. */
  string(text: string): void {
    if (text.includes('\0')) throw new ArgumentError('text for libvirt must not contain NUL');
    const bytes = Buffer.byteLength(text);
    if (bytes > maxStringBytes) {
      throw new ArgumentError(`text of ${bytes} bytes is longer than libvirt's ${maxStringBytes}`);
    }
    this.uint32(bytes);
    this.#reserve(bytes + 3).write(text, this.#length);
    this.#pad(bytes);
  }

  /** Bytes and padding, without a length. */
  fixedOpaque(bytes: Uint8Array): void {
    this.#reserve(bytes.length + 3).set(bytes, this.#length);
    this.#pad(bytes.length);
  }

  /** Overwrites four bytes that were written before. */
  patchUint32(offset: number, value: number): void {
    this.#buffer.writeUInt32BE(value, offset);
  }

  #pad(written: number): void {
    const end = this.#length + written;
    this.#length = (end + 3) & ~3;
    this.#buffer.fill(0, end, this.#length);
  }

  #reserve(bytes: number): Buffer {
    const needed = this.#length + bytes;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    return this.#buffer;
  }
}

function requireInteger(value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new ArgumentError(`${value} is not a whole number from ${least} to ${most}`);
  }
}

function requireWithin(value: bigint, least: bigint, most: bigint): void {
  if (value < least || value > most) {
    throw new ArgumentError(`${value} is not a whole number from ${least} to ${most}`);
  }
}
