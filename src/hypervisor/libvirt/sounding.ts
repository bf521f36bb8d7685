import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { Sounding } from '../../forecast/shrinking.ts';
import type { Machine } from './guest-memory.ts';
import { pageBytes, pagesOf, type Readable, readPieces, type Watch } from './memory-pieces.ts';

/** QEMU's own level. */
const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const compress = promisify(zstdCompress);
const zeros = Buffer.alloc(pageBytes);

/**
 * Reads pieces of the guest's memory, spread over it, and compresses them. Pages of zeros are left out: QEMU sends
 * them for next to nothing either way. Rejects where nothing could be read.
 */
export async function soundMemory(
  domain: Readable,
  machine: Machine,
  clock: Watch,
): Promise<Sounding | undefined> {
  const read = await readPieces(domain, machine, clock);
  if (read === undefined) return undefined;
  const content = Buffer.concat(
    read.flatMap((piece) => (piece === undefined ? [] : pagesOf(piece).filter(hasContent))),
  );
  if (content.length === 0) return { contentBytes: 0, compressedBytes: 0 };
  const { length } = await compress(content, level);
  return { contentBytes: content.length, compressedBytes: length };
}

function hasContent(page: Uint8Array): boolean {
  return zeros.compare(page) !== 0;
}
