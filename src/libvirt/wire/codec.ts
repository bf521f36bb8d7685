import { ArgumentError, ProtocolError } from '../errors.ts';
import type { XdrReader } from './xdr-reader.ts';
import type { XdrWriter } from './xdr-writer.ts';

/** How one type of value is laid out. The protocol is written as data made of these. */
export interface Codec<T> {
  encode(writer: XdrWriter, value: T): void;
  decode(reader: XdrReader): T;
  /** Fewest bytes that a value takes. */
  readonly leastBytes: number;
  /** What the codec is made of, for tools that walk the protocol. */
  readonly shape: Shape;
}

/** A codec as a tree that can be walked. */
export type Shape =
  | { readonly kind: 'int32' | 'uint32' | 'int64' | 'uint64' | 'double' | 'string' | 'uuid' }
  | { readonly kind: 'bool' | 'nothing' | 'chars' | 'parameter-value' }
  | { readonly kind: 'optional'; readonly item: Shape }
  | { readonly kind: 'list'; readonly item: Shape; readonly most: number }
  | { readonly kind: 'struct'; readonly fields: Readonly<Record<string, Shape>> }
  | { readonly kind: 'opaque'; readonly most: number };

export type ValueOf<C> = C extends Codec<infer T> ? T : never;

type PrimitiveKind = 'int32' | 'uint32' | 'double';
type WideKind = 'int64' | 'uint64';

function number(kind: PrimitiveKind, leastBytes: number): Codec<number> {
  return {
    encode: (writer, value) => writer[kind](value),
    decode: (reader) => reader[kind](),
    leastBytes,
    shape: { kind },
  };
}

function wide(kind: WideKind): Codec<bigint> {
  return {
    encode: (writer, value) => writer[kind](value),
    decode: (reader) => reader[kind](),
    leastBytes: 8,
    shape: { kind },
  };
}

export const int32 = number('int32', 4);
export const uint32 = number('uint32', 4);
export const double = number('double', 8);
export const int64 = wide('int64');
export const uint64 = wide('uint64');

export const string: Codec<string> = {
  encode: (writer, value) => writer.string(value),
  decode: (reader) => reader.string(),
  leastBytes: 4,
  shape: { kind: 'string' },
};

/** A string of which few different ones come, again and again, such as what a number is called. */
export const fieldName: Codec<string> = { ...string, decode: (reader) => reader.name() };

/** An int32 of which only zero and one have a meaning. */
export const bool: Codec<boolean> = {
  encode: (writer, value) => writer.int32(value ? 1 : 0),
  decode: readBool,
  leastBytes: 4,
  shape: { kind: 'bool' },
};

function readBool(reader: XdrReader): boolean {
  const value = reader.int32();
  if (value !== 0 && value !== 1) throw new ProtocolError(`${value} is not a truth value`);
  return value === 1;
}

/** No value at all: calls without arguments or results. */
export const nothing: Codec<void> = {
  encode: () => undefined,
  decode: () => undefined,
  leastBytes: 0,
  shape: { kind: 'nothing' },
};

/** Bytes with their length in front. */
export function opaque(most: number): Codec<Uint8Array> {
  return {
    encode: (writer, value) => {
      if (value.length > most) throw new ArgumentError(`more than ${most} bytes`);
      writer.uint32(value.length);
      writer.fixedOpaque(value);
    },
    decode: (reader) => Uint8Array.from(reader.fixedOpaque(reader.length(most, 1))),
    leastBytes: 4,
    shape: { kind: 'opaque', most },
  };
}

/** A C character array of fixed size: every character takes four bytes; the text ends at a NUL. */
export function chars(size: number): Codec<string> {
  return {
    encode: (writer, value) => {
      const bytes = Buffer.from(value, 'latin1');
      if (bytes.length >= size)
        throw new ArgumentError(`"${value}" exceeds ${size - 1} characters`);
      for (let index = 0; index < size; index += 1) writer.int32(bytes[index] ?? 0);
    },
    decode: (reader) => {
      const bytes = Buffer.allocUnsafe(size);
      for (let index = 0; index < size; index += 1) bytes[index] = reader.int32();
      const end = bytes.indexOf(0);
      return bytes.toString('latin1', 0, end < 0 ? size : end);
    },
    leastBytes: size * 4,
    shape: { kind: 'chars' },
  };
}

export function optional<T>(item: Codec<T>): Codec<T | undefined> {
  return {
    encode: (writer, value) => {
      writer.int32(value === undefined ? 0 : 1);
      if (value !== undefined) item.encode(writer, value);
    },
    decode: (reader) => (readBool(reader) ? item.decode(reader) : undefined),
    leastBytes: 4,
    shape: { kind: 'optional', item: item.shape },
  };
}

export function list<T>(item: Codec<T>, most: number): Codec<readonly T[]> {
  return {
    encode: (writer, values) => {
      if (values.length > most) throw new ArgumentError(`more than ${most} elements`);
      writer.uint32(values.length);
      for (const value of values) item.encode(writer, value);
    },
    decode: (reader) => {
      const count = reader.length(most, item.leastBytes);
      const values: T[] = [];
      for (let index = 0; index < count; index += 1) values.push(item.decode(reader));
      return values;
    },
    leastBytes: 4,
    shape: { kind: 'list', item: item.shape, most },
  };
}

type Fields = Readonly<Record<string, Codec<unknown>>>;
type StructOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> };

/** Fields in the order in which they are written here. */
export function struct<F extends Fields>(fields: F): Codec<StructOf<F>> {
  const entries = Object.entries(fields);
  return {
    encode: (writer, value) => {
      for (const [name, codec] of entries) codec.encode(writer, value[name]);
    },
    decode: (reader) => {
      const value: Record<string, unknown> = {};
      for (const [name, codec] of entries) value[name] = codec.decode(reader);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- filled from F's own codecs
      return value as StructOf<F>;
    },
    leastBytes: entries.reduce((sum, [, codec]) => sum + codec.leastBytes, 0),
    shape: {
      kind: 'struct',
      fields: Object.fromEntries(entries.map(([name, codec]) => [name, codec.shape])),
    },
  };
}
