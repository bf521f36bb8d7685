import { crc32 } from 'node:zlib';
import type { MemoryMarks } from '../../forecast/in-turn.ts';
import type { Machine } from './guest-memory.ts';
import { pagesOf, type Readable, readPieces, type Watch } from './memory-pieces.ts';

/**
 * Reads pieces of the guest's memory, spread over it, and keeps a checksum of each page: two that differ in anything
 * have the same once in 4 thousand million times. Rejects where nothing could be read.
 */
export async function markMemory(
  domain: Readable,
  machine: Machine,
  clock: Watch,
): Promise<MemoryMarks | undefined> {
  const read = await readPieces(domain, machine, clock);
  return read?.map((piece) =>
    piece === undefined ? undefined : pagesOf(piece).map((page) => crc32(page)),
  );
}
