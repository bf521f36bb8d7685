import { ArgumentError, ProtocolError } from '../errors.ts';
import {
  bool,
  type Codec,
  double,
  fieldName,
  int32,
  int64,
  optional,
  string,
  struct,
  uint32,
  uint64,
  type ValueOf,
} from '../wire/codec.ts';
import type { XdrReader } from '../wire/xdr-reader.ts';
import type { XdrWriter } from '../wire/xdr-writer.ts';

const uuidBytes = 16;
const uuidCharacters = 36;
const dash = 0x2d;

/** 16 bytes on the wire, `8-4-4-4-12` hexadecimal digits for people. */
export const uuid: Codec<string> = {
  encode: encodeUuid,
  decode: (reader) => {
    const hex = reader.fixedOpaque(uuidBytes).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  },
  leastBytes: uuidBytes,
  shape: { kind: 'uuid' },
};

/** It goes with almost every call: in words, and without the detour over a pattern and a copy. */
function encodeUuid(writer: XdrWriter, value: string): void {
  if (value.length !== uuidCharacters) refuseUuid(value);
  let [word, digits] = [0, 0];
  for (let index = 0; index < uuidCharacters; index += 1) {
    const code = value.charCodeAt(index);
    if (index === 8 || index === 13 || index === 18 || index === 23) {
      if (code !== dash) refuseUuid(value);
      continue;
    }
    const digit = hexDigit(code);
    if (digit === undefined) refuseUuid(value);
    word = (word << 4) | digit;
    digits += 1;
    if (digits % 8 === 0) writer.uint32(word >>> 0);
  }
}

function hexDigit(code: number): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : undefined;
}

function refuseUuid(value: string): never {
  throw new ArgumentError(`"${value}" is no UUID`);
}

/** How a domain is named in calls and answers. The id is -1 while it is not running. */
export interface DomainReference {
  readonly name: string;
  readonly uuid: string;
  readonly id: number;
}

export const domain = struct({ name: string, uuid, id: int32 });

/** A value whose type travels with it; libvirt refuses one of another type than it expects. */
export type ParameterValue =
  | { readonly type: 'int' | 'uint' | 'double'; readonly value: number }
  | { readonly type: 'llong' | 'ullong'; readonly value: bigint }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string };

const parameterTypes = {
  int: 1,
  uint: 2,
  llong: 3,
  ullong: 4,
  double: 5,
  boolean: 6,
  string: 7,
} as const satisfies Record<ParameterValue['type'], number>;

function encodeParameterValue(writer: XdrWriter, parameter: ParameterValue): void {
  writer.int32(parameterTypes[parameter.type]);
  switch (parameter.type) {
    case 'int':
      return int32.encode(writer, parameter.value);
    case 'uint':
      return uint32.encode(writer, parameter.value);
    case 'llong':
      return int64.encode(writer, parameter.value);
    case 'ullong':
      return uint64.encode(writer, parameter.value);
    case 'double':
      return double.encode(writer, parameter.value);
    case 'boolean':
      return bool.encode(writer, parameter.value);
    case 'string':
      return string.encode(writer, parameter.value);
  }
}

function decodeParameterValue(reader: XdrReader): ParameterValue {
  const type = reader.int32();
  switch (type) {
    case parameterTypes.int:
      return { type: 'int', value: int32.decode(reader) };
    case parameterTypes.uint:
      return { type: 'uint', value: uint32.decode(reader) };
    case parameterTypes.llong:
      return { type: 'llong', value: int64.decode(reader) };
    case parameterTypes.ullong:
      return { type: 'ullong', value: uint64.decode(reader) };
    case parameterTypes.double:
      return { type: 'double', value: double.decode(reader) };
    case parameterTypes.boolean:
      return { type: 'boolean', value: bool.decode(reader) };
    case parameterTypes.string:
      return { type: 'string', value: string.decode(reader) };
    default:
      throw new ProtocolError(`${type} is no type of a parameter`);
  }
}

export const parameterValue: Codec<ParameterValue> = {
  encode: encodeParameterValue,
  decode: decodeParameterValue,
  leastBytes: 8,
  shape: { kind: 'parameter-value' },
};

export const typedParameter = struct({ field: fieldName, value: parameterValue });

export type TypedParameter = ValueOf<typeof typedParameter>;

/** One of the node's statistics. */
export const namedCount = struct({ field: fieldName, value: uint64 });

/** What a failed call answers. All but the first four fields repeat the message or are unused. */
export const errorReply = struct({
  code: int32,
  domain: int32,
  message: optional(string),
  level: int32,
  about: optional(domain),
  text1: optional(string),
  text2: optional(string),
  text3: optional(string),
  number1: int32,
  number2: int32,
  network: optional(struct({ name: string, uuid })),
});
