import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { Sounding } from '../../forecast/shrinking.ts';
import { type Domain, LibvirtError } from '../../libvirt/index.ts';
import type { Clock } from '../clock.ts';
import { type Machine, memoryRangesOf, piecesIn } from './guest-memory.ts';

/** 2 MiB in all, whatever the guest has: 32 pieces took 60 to 90 ms on the lab, and each is read by itself. */
const pieces = 32;
const pieceBytes = 64 * 1024;
const pageBytes = 4096;
/** After so long no further piece is asked for, and after that the last one is not waited for, ms. */
const mostMs = 300;
const lastMs = 500;

/** QEMU's own level. */
const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const compress = promisify(zstdCompress);
const zeros = Buffer.alloc(pageBytes);

type Readable = Pick<Domain, 'peekMemory'>;
type Watch = Pick<Clock, 'nowMs'>;

/**
 * Reads pieces of the guest's memory, spread over it, and compresses them. Pages of zeros are left out: QEMU sends
 * them for next to nothing either way. Rejects where nothing could be read.
 */
export async function soundMemory(
  domain: Readable,
  machine: Machine,
  clock: Watch,
): Promise<Sounding | undefined> {
  const ranges = memoryRangesOf(machine);
  if (ranges.length === 0) return undefined;
  const read = await readPieces(domain, piecesIn(ranges, pieces, pieceBytes), clock);
  const content = Buffer.concat(read.flatMap(pagesWithContent));
  if (content.length === 0) return { contentBytes: 0, compressedBytes: 0 };
  const { length } = await compress(content, level);
  return { contentBytes: content.length, compressedBytes: length };
}

/** One after the other, as the domain's job lets one read at a time; what cannot be read is passed over. */
async function readPieces(
  domain: Readable,
  addresses: readonly number[],
  clock: Watch,
): Promise<readonly Uint8Array[]> {
  const untilMs = clock.nowMs() + mostMs;
  const read: Uint8Array[] = [];
  let refused: LibvirtError | undefined;
  for (const address of inScatteredOrder(addresses)) {
    if (clock.nowMs() >= untilMs) break;
    try {
      read.push(await domain.peekMemory(address, pieceBytes, { timeoutMs: lastMs }));
    } catch (error) {
      if (!(error instanceof LibvirtError)) throw error;
      refused = error;
    }
  }
  if (read.length === 0 && refused !== undefined) throw refused;
  return read;
}

/** Where time runs out before all were read, those that were lie all over the memory. */
function inScatteredOrder(addresses: readonly number[]): readonly number[] {
  const stride = 4;
  return Array.from({ length: stride }, (_, first) =>
    addresses.filter((_address, index) => index % stride === first),
  ).flat();
}

function pagesWithContent(piece: Uint8Array): readonly Uint8Array[] {
  const pages: Uint8Array[] = [];
  for (let at = 0; at < piece.length; at += pageBytes) {
    const page = piece.subarray(at, at + pageBytes);
    if (zeros.compare(page) !== 0) pages.push(page);
  }
  return pages;
}
