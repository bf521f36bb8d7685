/** More than the names that one daemon uses in its answers; a power of two. */
const places = 512;
/** Longer ones come once. */
const longestBytes = 64;

/** Each name has one place; of two that share one, the latter stays. So a peer cannot make it grow. */
const names = Array.from({ length: places }, () => '');

/**
 * The text of these bytes, one that came before if there is: to compare takes half the time of making a
 * string anew, and a map finds it without computing its hash.
 */
export function rememberedName(buffer: Buffer, start: number, bytes: number): string {
  if (bytes > longestBytes) return buffer.toString('utf8', start, start + bytes);
  const place = placeOf(buffer, start, bytes);
  const known = names[place] ?? '';
  if (isAt(buffer, start, bytes, known)) return known;
  const name = buffer.toString('utf8', start, start + bytes);
  // Only of such a name each character is a byte: as many of them are ASCII, or no UTF-8 at all.
  if (name.length === bytes) names[place] = name;
  return name;
}

function placeOf(buffer: Buffer, start: number, bytes: number): number {
  let hash = bytes;
  for (let at = start; at < start + bytes; at += 1) {
    hash = (Math.imul(hash, 31) + (buffer[at] ?? 0)) | 0;
  }
  return (hash ^ (hash >>> 9)) & (places - 1);
}

function isAt(buffer: Buffer, start: number, bytes: number, text: string): boolean {
  if (text.length !== bytes) return false;
  for (let index = 0; index < bytes; index += 1) {
    if (text.charCodeAt(index) !== buffer[start + index]) return false;
  }
  return true;
}
