import type { MemoryMarks } from '../forecast/in-turn.ts';
import {
  type GuestModel,
  type Region,
  regionsOf,
  sweptBytes,
  writtenBy,
} from './simulated-guest.ts';
import { unitAt } from './simulated-random.ts';

/** As a real host reads it: so many pieces, evenly spread, of so many pages. */
const pieces = 32;
const pagesPerPiece = 16;
const pageBytes = 4096;
const pieceBytes = pagesPerPiece * pageBytes;

/** A mark of each page that is read: how often the guest has written it by an instant. */
export function marksOf(guest: GuestModel, atMs: number): MemoryMarks {
  const regions = regionsOf(guest);
  return Array.from({ length: pieces }, (_, index) => {
    const middle = ((index + 0.5) / pieces) * guest.memoryBytes;
    const from = Math.floor(middle / pieceBytes) * pieceBytes;
    return Array.from({ length: pagesPerPiece }, (_page, page) =>
      timesWritten(guest, regions, from + page * pageBytes, atMs),
    );
  });
}

function timesWritten(
  guest: GuestModel,
  regions: readonly Region[],
  address: number,
  atMs: number,
): number {
  let offset = address;
  for (const region of regions) {
    if (offset < region.bytes) return timesIn(guest, region, offset, atMs);
    offset -= region.bytes;
  }
  return 0;
}

/** What writes anywhere comes to each page again after the time that it takes for as much as all of them. */
function timesIn(guest: GuestModel, region: Region, offset: number, atMs: number): number {
  switch (region.writes) {
    case 'never':
      return 0;
    case 'sequential':
      return Math.floor((sweptBytes(guest, region, atMs) - offset - pageBytes) / region.bytes);
    case 'random': {
      const page = Math.floor(offset / pageBytes);
      return Math.floor(writtenBy(guest, region, atMs) / region.bytes + unitAt(0, page));
    }
  }
}
