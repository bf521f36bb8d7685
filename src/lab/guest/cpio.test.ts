import { describe, expect, it } from 'vitest';
import { cpioArchive } from './cpio.ts';

describe('an archive for a kernel', () => {
  const archive = cpioArchive([
    { kind: 'directory', path: 'bin' },
    { kind: 'file', path: 'bin/a', content: Buffer.from('hello') },
  ]);
  const text = archive.toString('latin1');

  it('has a record for each entry and a last one, each beginning at a multiple of four bytes', () => {
    const starts = [...text.matchAll(/070701/g)].map((match) => match.index);
    expect(starts).toHaveLength(3);
    expect(starts.filter((start) => start % 4 !== 0)).toEqual([]);
    expect(archive.length % 4).toBe(0);
  });

  it('holds mode, size and length of the name where the format has them', () => {
    const header = text.slice(text.indexOf('bin/a') - 110, text.indexOf('bin/a'));
    const field = (index: number) =>
      Number.parseInt(header.slice(6 + index * 8, 14 + index * 8), 16);
    expect([field(1).toString(8), field(6), field(11)]).toEqual(['100755', 5, 6]);
  });
});
