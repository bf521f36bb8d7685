import { ArgumentError } from '../errors.ts';
import type { Codec } from './codec.ts';
import { type Header, lengthBytes, mostFrameBytes, writeHeader } from './header.ts';
import { XdrWriter } from './xdr-writer.ts';

const writer = new XdrWriter();

/** One whole message as it goes over the wire. */
export function encodeFrame<T>(header: Header, codec: Codec<T>, value: T): Buffer {
  writer.begin();
  writer.uint32(0);
  writeHeader(writer, header);
  codec.encode(writer, value);
  if (writer.length > mostFrameBytes) {
    throw new ArgumentError(`a message of ${writer.length - lengthBytes} bytes is too long`);
  }
  writer.patchUint32(0, writer.length);
  return writer.finish();
}
