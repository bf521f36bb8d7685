import { type Domain, LibvirtError } from '../../libvirt/index.ts';
import type { Clock } from '../clock.ts';
import { type Machine, memoryRangesOf, piecesIn } from './guest-memory.ts';

/** 2 MiB in all, whatever the guest has: 32 pieces took 60 to 90 ms on the lab, and each is read by itself. */
const pieces = 32;
const pieceBytes = 64 * 1024;
export const pageBytes = 4096;
/** After so long no further piece is asked for, and after that the last one is not waited for, ms. */
const mostMs = 300;
const lastMs = 500;

export type Readable = Pick<Domain, 'peekMemory'>;
export type Watch = Pick<Clock, 'nowMs'>;

/**
 * Pieces of the guest's memory, spread over it, the same ones each time; `undefined` in it: that one could not be read
 * in time. `undefined` where it is not known where memory lies. Rejects where nothing could be read.
 */
export async function readPieces(
  domain: Readable,
  machine: Machine,
  clock: Watch,
): Promise<readonly (Uint8Array | undefined)[] | undefined> {
  const addresses = piecesIn(memoryRangesOf(machine), pieces, pieceBytes);
  if (addresses.length === 0) return undefined;
  const untilMs = clock.nowMs() + mostMs;
  const read: (Uint8Array | undefined)[] = addresses.map(() => undefined);
  let refused: LibvirtError | undefined;
  // One after the other, as the domain's job lets one read at a time; what cannot be read is passed over.
  for (const [address, index] of inScatteredOrder(addresses)) {
    if (clock.nowMs() >= untilMs) break;
    try {
      read[index] = await domain.peekMemory(address, pieceBytes, { timeoutMs: lastMs });
    } catch (error) {
      if (!(error instanceof LibvirtError)) throw error;
      refused = error;
    }
  }
  if (refused !== undefined && read.every((piece) => piece === undefined)) throw refused;
  return read;
}

/** Where time runs out before all were read, those that were lie all over the memory. */
function inScatteredOrder(addresses: readonly number[]): readonly (readonly [number, number])[] {
  const stride = 4;
  const numbered = addresses.map((address, index) => [address, index] as const);
  return Array.from({ length: stride }, (_, first) =>
    numbered.filter(([, index]) => index % stride === first),
  ).flat();
}

/** A piece of memory, page by page. */
export function pagesOf(piece: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(piece.length / pageBytes) }, (_, page) =>
    piece.subarray(page * pageBytes, (page + 1) * pageBytes),
  );
}
