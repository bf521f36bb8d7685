/** One entry of an archive from which a kernel fills its first root. */
export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly content: Uint8Array };

const directoryMode = 0o040755;
const executableMode = 0o100755;

/**
 * An archive in the "new ASCII" format of cpio (magic 070701), which kernels read: a header of 110
 * characters with thirteen numbers of eight hexadecimal digits, the name, the content; header with
 * name, and content, each padded with zeros to a multiple of four bytes. Every file is executable.
 */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) =>
    entry.kind === 'directory'
      ? record(entry.path, index + 1, directoryMode, new Uint8Array())
      : record(entry.path, index + 1, executableMode, entry.content),
  );
  return Buffer.concat([...parts, ...record('TRAILER!!!', 0, 0, new Uint8Array())]);
}

function record(path: string, inode: number, mode: number, content: Uint8Array): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const [owner, group, links, time, device, checksum] = [0, 0, 1, 0, 0, 0];
  const identity = [inode, mode, owner, group, links, time];
  const numbers = identity.concat(
    content.length,
    device,
    device,
    device,
    device,
    name.length,
    checksum,
  );
  const digits = numbers.map((number) => number.toString(16).padStart(8, '0'));
  return [padded(Buffer.concat([Buffer.from(`070701${digits.join('')}`), name])), padded(content)];
}

function padded(content: Uint8Array): Uint8Array {
  return Buffer.concat([content, Buffer.alloc((4 - (content.length % 4)) % 4)]);
}
