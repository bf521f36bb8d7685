import { ProtocolError } from '../errors.ts';
import type { XdrReader } from './xdr-reader.ts';
import type { XdrWriter } from './xdr-writer.ts';

/** Every frame begins with its own length (4 bytes, counted in) and this header. */
export const lengthBytes = 4;
export const headerBytes = 24;
export const leastFrameBytes = lengthBytes + headerBytes;
/** libvirt's largest message (32 MiB) and its length word. */
export const mostFrameBytes = 32 * 1024 * 1024 + lengthBytes;

/** Beside libvirt's own, which every hypervisor speaks, there is one that only QEMU's speaks. */
export const programs = { remote: 0x20008086, qemu: 0x20008087, keepAlive: 0x6b656570 } as const;

const messageTypes = [
  'call',
  'reply',
  'message',
  'stream',
  'call-with-fds',
  'reply-with-fds',
  'stream-hole',
] as const;
const statuses = ['ok', 'error', 'continue'] as const;

export type MessageType = (typeof messageTypes)[number];
export type Status = (typeof statuses)[number];

export interface Header {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly type: MessageType;
  readonly serial: number;
  readonly status: Status;
}

export function writeHeader(writer: XdrWriter, header: Header): void {
  writer.uint32(header.program);
  writer.uint32(header.version);
  writer.int32(header.procedure);
  writer.int32(messageTypes.indexOf(header.type));
  writer.uint32(header.serial);
  writer.int32(statuses.indexOf(header.status));
}

export function readHeader(reader: XdrReader): Header {
  return {
    program: reader.uint32(),
    version: reader.uint32(),
    procedure: reader.int32(),
    type: named(messageTypes, reader.int32(), 'message type'),
    serial: reader.uint32(),
    status: named(statuses, reader.int32(), 'status'),
  };
}

function named<T>(names: readonly T[], index: number, what: string): T {
  const name = names[index];
  if (name === undefined) throw new ProtocolError(`${index} is no ${what}`);
  return name;
}
