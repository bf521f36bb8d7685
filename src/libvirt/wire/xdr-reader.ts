import { ProtocolError } from '../errors.ts';
import { rememberedName } from './names.ts';
import { maxStringBytes } from './xdr-writer.ts';

/** Reads XDR (RFC 4506). No length in the data is believed before it is checked. */
export class XdrReader {
  readonly #buffer: Buffer;
  #view: DataView | undefined;
  #offset: number;

  constructor(buffer: Buffer, offset = 0) {
    this.#buffer = buffer;
    this.#offset = offset;
  }

  get remaining(): number {
    return this.#buffer.length - this.#offset;
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  uint32(): number {
    return this.#buffer.readUInt32BE(this.#take(4));
  }

  int64(): bigint {
    return this.#wide().getBigInt64(this.#take(8));
  }

  uint64(): bigint {
    return this.#wide().getBigUint64(this.#take(8));
  }

  double(): number {
    return this.#buffer.readDoubleBE(this.#take(8));
  }

  string(): string {
    const bytes = this.length(maxStringBytes, 1);
    const start = this.#take(padded(bytes));
    return this.#buffer.toString('utf8', start, start + bytes);
  }

  /** A string of which few different ones come, again and again. */
  name(): string {
    const bytes = this.length(maxStringBytes, 1);
    const start = this.#take(padded(bytes));
    return rememberedName(this.#buffer, start, bytes);
  }

  /** A view of the received bytes: copy what is to be kept. */
  fixedOpaque(bytes: number): Buffer {
    const start = this.#take(padded(bytes));
    return this.#buffer.subarray(start, start + bytes);
  }

  /** A count of elements that each take at least `elementBytes`: more than can follow is refused. */
  length(most: number, elementBytes: number): number {
    const count = this.uint32();
    if (count > most) throw new ProtocolError(`length ${count} is above the limit of ${most}`);
    if (count * elementBytes > this.remaining) {
      throw new ProtocolError(
        `length ${count} is more than the ${this.remaining} bytes that follow`,
      );
    }
    return count;
  }

  /** Refuses bytes that no field accounts for. */
  end(): void {
    if (this.remaining > 0)
      throw new ProtocolError(`${this.remaining} bytes too many in a message`);
  }

  /** A Buffer makes a bigint out of three. */
  #wide(): DataView {
    const { buffer, byteOffset, length } = this.#buffer;
    this.#view ??= new DataView(buffer, byteOffset, length);
    return this.#view;
  }

  #take(bytes: number): number {
    const start = this.#offset;
    if (bytes > this.remaining) {
      throw new ProtocolError(`message ends ${bytes - this.remaining} bytes too early`);
    }
    this.#offset = start + bytes;
    return start;
  }
}

function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}
