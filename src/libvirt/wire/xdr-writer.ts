import { ArgumentError } from '../errors.ts';

/** Longest string that libvirt carries, in bytes of UTF-8. */
export const maxStringBytes = 4 * 1024 * 1024;

const int32Min = -(2 ** 31);
const int32Max = 2 ** 31 - 1;
const uint32Max = 2 ** 32 - 1;
const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;
const uint64Max = 2n ** 64n - 1n;
/** Messages are cut from pieces of memory of this size; a longer one has its own. */
const defaultSlabBytes = 8192;
/** Up to this length a loop writes ASCII in less time than a call into the runtime takes. */
const shortText = 64;
const lastOfAscii = 0x7f;

/** Writes XDR (RFC 4506), one message after the other. */
export class XdrWriter {
  readonly #slabBytes: number;
  #buffer!: Buffer;
  #view!: DataView;
  #start = 0;
  #end = 0;

  constructor(slabBytes = defaultSlabBytes) {
    this.#slabBytes = slabBytes;
    this.#moveTo(Buffer.allocUnsafeSlow(slabBytes));
  }

  /** Bytes written of this message. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Drops what was written of a message that came to nothing. */
  begin(): void {
    this.#end = this.#start;
  }

  /** This message, whose bytes nothing writes to any more; the next one begins. */
  finish(): Buffer {
    const message = this.#buffer.subarray(this.#start, this.#end);
    this.#start = this.#end;
    // Else a long message would be kept as long as short ones fit behind it.
    if (this.#buffer.length > this.#slabBytes)
      this.#moveTo(Buffer.allocUnsafeSlow(this.#slabBytes));
    return message;
  }

  int32(value: number): void {
    if ((value | 0) !== value) refuse(value, int32Min, int32Max);
    const at = this.#take(4);
    this.#view.setInt32(at, value);
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) refuse(value, 0, uint32Max);
    const at = this.#take(4);
    this.#view.setUint32(at, value);
  }

  int64(value: bigint): void {
    if (value < int64Min || value > int64Max) refuse(value, int64Min, int64Max);
    const at = this.#take(8);
    this.#view.setBigInt64(at, value);
  }

  uint64(value: bigint): void {
    if (value < 0n || value > uint64Max) refuse(value, 0n, uint64Max);
    const at = this.#take(8);
    this.#view.setBigUint64(at, value);
  }

  double(value: number): void {
    const at = this.#take(8);
    this.#view.setFloat64(at, value);
  }

  /** A length, the bytes of UTF-8 and padding. */
  string(text: string): void {
    if (text.length <= shortText && isPlain(text)) this.#plainString(text);
    else this.#anyString(text);
  }

  /** Bytes and padding, without a length. */
  fixedOpaque(bytes: Uint8Array): void {
    const at = this.#takePadded(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** Overwrites four bytes that were written before. */
  patchUint32(offset: number, value: number): void {
    this.#view.setUint32(this.#start + offset, value);
  }

  #plainString(text: string): void {
    this.uint32(text.length);
    const at = this.#takePadded(text.length);
    for (let index = 0; index < text.length; index += 1) {
      this.#buffer[at + index] = text.charCodeAt(index);
    }
  }

  #anyString(text: string): void {
    if (text.includes('\0')) throw new ArgumentError('text for libvirt must not contain NUL');
    const bytes = Buffer.byteLength(text);
    if (bytes > maxStringBytes) {
      throw new ArgumentError(`text of ${bytes} bytes is longer than libvirt's ${maxStringBytes}`);
    }
    this.uint32(bytes);
    const at = this.#takePadded(bytes);
    this.#buffer.write(text, at);
  }

  /** Where so many bytes and what fills up their last word have their place. */
  #takePadded(bytes: number): number {
    const padded = (bytes + 3) & ~3;
    const at = this.#take(padded);
    if (padded > bytes) this.#view.setInt32(at + padded - 4, 0);
    return at;
  }

  #take(bytes: number): number {
    if (this.#end + bytes > this.#buffer.length) this.#grow(bytes);
    const at = this.#end;
    this.#end = at + bytes;
    return at;
  }

  #grow(bytes: number): void {
    const { length } = this;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#slabBytes, 2 * (length + bytes)));
    this.#buffer.copy(grown, 0, this.#start, this.#end);
    this.#moveTo(grown);
    this.#end = length;
  }

  #moveTo(buffer: Buffer): void {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    this.#start = 0;
    this.#end = 0;
  }
}

/** ASCII without NUL. */
function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0 || code > lastOfAscii) return false;
  }
  return true;
}

function refuse<T extends number | bigint>(value: T, least: T, most: T): never {
  throw new ArgumentError(`${value} is not a whole number from ${least} to ${most}`);
}
