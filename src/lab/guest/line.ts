/**
 * One line of a guest's serial port without its checksum's verdict being lost: every line ends in
 * `*` and a CRC-16, so a line that arrives in part is recognised.
 */
export type GuestLine =
  | { readonly kind: 'beat'; readonly beat: LineBeat }
  /** The guest began: its memory, its beats each second, ms from power on to here. */
  | {
      readonly kind: 'start';
      readonly ramPages: number;
      readonly hz: number;
      readonly bootMs: number;
    }
  /** It took up this workload (in the guest's own words). */
  | { readonly kind: 'workload'; readonly text: string }
  /** It did not understand its options from here on. */
  | { readonly kind: 'rejected'; readonly text: string }
  | { readonly kind: 'damage'; readonly damage: Damage }
  | { readonly kind: 'torn'; readonly text: string };

export interface LineBeat {
  /** Rises by one with each beat. */
  readonly seq: number;
  /** The guest's own clock, which stands still while it is stopped. */
  readonly guestMs: number;
  /** Pages written since it started. */
  readonly pages: number;
  /** How often it wrote as many pages as the working set has. */
  readonly laps: number;
  /** Pages that were not as it had left them. */
  readonly errors: number;
  /** How often the scrub has read and checked the whole memory. */
  readonly scrubLap: number;
  /** Pages that the scrub has read and checked since the guest started. */
  readonly scrubbedPages: number;
  readonly ramPages: number;
  /** What the workload asks for now. */
  readonly ratePagesPerSecond: number | 'full';
}

/** What the guest found: a page, or the sum over all pages, that was not as it had left it. */
export interface Damage {
  /** `write`: before rewriting the page; `scrub`: in the background; `sum`: over all pages. */
  readonly found: 'write' | 'scrub' | 'sum';
  readonly page: number;
  /** The stamp (or the sum) that should have stood there, and that did. */
  readonly expectedStamp: number;
  readonly foundStamp: number;
  /** Which of the page's eight 512-byte sectors are wrong: bit 0 is the first. */
  readonly badSectors: number;
}

/** CRC-16/CCITT-FALSE of the text's bytes, as four hexadecimal digits. */
export function lineChecksum(text: string): string {
  let crc = 0xffff;
  for (const byte of Buffer.from(text, 'latin1')) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++)
      crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc.toString(16).padStart(4, '0');
}

/** The text as it goes over the line: with its checksum, without the line's end. */
export function withChecksum(text: string): string {
  return `${text}*${lineChecksum(text)}`;
}

/** The text without its checksum; `undefined` when that is missing or wrong. */
export function withoutChecksum(line: string): string | undefined {
  const at = line.length - 5;
  const text = line.slice(0, Math.max(at, 0));
  return at >= 0 && line[at] === '*' && line.slice(at + 1) === lineChecksum(text)
    ? text
    : undefined;
}

/** Reads a line without its end. Whatever is not a whole line of a guest is `torn`. */
export function parseGuestLine(line: string): GuestLine {
  const text = withoutChecksum(line);
  const parsed = text === undefined ? undefined : parseText(text);
  return parsed ?? { kind: 'torn', text: line };
}

function parseText(text: string): GuestLine | undefined {
  const [letter = '', ...words] = text.split(' ');
  switch (letter) {
    case 'H':
      return beatLine(words);
    case 'B':
      return startLine(words);
    case 'E':
      return damageLine(words);
    case 'W':
      return { kind: 'workload', text: words.join(' ') };
    case 'X':
      return { kind: 'rejected', text: words.join(' ') };
    default:
      return undefined;
  }
}

/** Exactly `count` decimal numbers, or nothing. */
function numbers(words: readonly string[], count: number): number[] | undefined {
  const fit = words.length === count && words.every((word) => /^\d+$/.test(word));
  return fit ? words.map(Number) : undefined;
}

function beatLine(words: readonly string[]): GuestLine | undefined {
  const read = numbers(words.slice(0, 8), 8);
  const [rate = '', ...more] = words.slice(8);
  if (read === undefined || more.length > 0 || !/^(\d+|full)$/.test(rate)) return undefined;
  const [seq = 0, guestMs = 0, pages = 0, laps = 0, errors = 0, scrubLap = 0, ...rest] = read;
  const [scrubbedPages = 0, ramPages = 0] = rest;
  const ratePagesPerSecond = rate === 'full' ? rate : Number(rate);
  const counts = { seq, guestMs, pages, laps, errors, scrubLap, scrubbedPages, ramPages };
  return { kind: 'beat', beat: { ...counts, ratePagesPerSecond } };
}

/** The first number is the version of this language. */
function startLine(words: readonly string[]): GuestLine | undefined {
  const [version, ramPages = 0, hz = 0, bootMs = 0] = numbers(words, 4) ?? [];
  return version === 1 ? { kind: 'start', ramPages, hz, bootMs } : undefined;
}

function damageLine([found, ...words]: readonly string[]): GuestLine | undefined {
  const read = numbers(words, 4);
  if (read === undefined || (found !== 'write' && found !== 'scrub' && found !== 'sum'))
    return undefined;
  const [page = 0, expectedStamp = 0, foundStamp = 0, badSectors = 0] = read;
  return { kind: 'damage', damage: { found, page, expectedStamp, foundStamp, badSectors } };
}
