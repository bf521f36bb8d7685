import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtImage } from './image.ts';

const images = ['beat.elf', 'workload'] as const;
const guestDirectory = dirname(dirname(builtImage('beat.elf')));

/** What `guest/build.sh` wrote down beside the images. */
function readRecord(directory: string): ReadonlyMap<string, string> {
  const lines = readFileSync(join(directory, 'built/record'), 'utf8').trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [key = '', value = ''] = line.split(' ');
      return [key, value];
    }),
  );
}

const hash = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

function output(program: string, ...args: string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8' }).trim();
  } catch {
    // Not installed: the images cannot be rebuilt here, their record is compared all the same.
    return undefined;
  }
}

/** The tools of the record give the same images byte for byte; others may not. */
function canRebuild(record: ReadonlyMap<string, string>): boolean {
  const linker = output('ld', '--version')?.split('\n')[0]?.split(' ').at(-1);
  return (
    output('gcc', '-dumpfullversion') === record.get('compiler') && linker === record.get('linker')
  );
}

/** The same list as in `guest/build.sh`. */
function sourceHash(directory: string): string | undefined {
  const list =
    'cd "$1" && LC_ALL=C && export LC_ALL && cat build.sh beat/* core/* linux/* | sha256sum';
  return output('sh', '-c', list, 'sh', directory)?.split(' ')[0];
}

/** Every way in which the images in `directory` and their sources differ from their record. */
function recordedDifferences(directory: string): string[] {
  const record = readRecord(directory);
  const found: string[] = images.filter(
    (image) => hash(join(directory, 'built', image)) !== record.get(image),
  );
  return sourceHash(directory) === record.get('sources') ? found : [...found, 'sources'];
}

/** The images in `directory` that its sources, built anew, do not give. */
function rebuiltDifferences(directory: string, rebuilt: string): string[] {
  execFileSync(join(directory, 'build.sh'), [rebuilt]);
  return images.filter(
    (image) => hash(join(rebuilt, image)) !== hash(join(directory, 'built', image)),
  );
}

/** A copy of the sources and images in which one file has something more at its end. */
function alteredCopy(file: string): string {
  const copy = join(work, 'guest');
  cpSync(guestDirectory, copy, { recursive: true });
  appendFileSync(join(copy, file), '\n');
  return copy;
}

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'drover-guest-'));
});
afterEach(() => rmSync(work, { recursive: true }));

describe('the built guest images', () => {
  it('are those of their record, and so are the sources', () => {
    expect(recordedDifferences(guestDirectory)).toEqual([]);
  });

  it.each([
    ['a source', 'core/memory.c', ['sources']],
    ['the build', 'build.sh', ['sources']],
    ['an image', 'built/beat.elf', ['beat.elf']],
  ])('are told from others when %s is changed', (_name, file, expected) => {
    expect(recordedDifferences(alteredCopy(file))).toEqual(expected);
  });

  describe.skipIf(!canRebuild(readRecord(guestDirectory)))('with the tools of the record', () => {
    it('are built again byte for byte', () => {
      expect(rebuiltDifferences(guestDirectory, work)).toEqual([]);
    });

    it('are told from images that the sources do not give', () => {
      const copy = alteredCopy('built/workload');
      expect(rebuiltDifferences(copy, join(work, 'out'))).toEqual(['workload']);
    });
  });

  it('are small enough to be kept with their sources', () => {
    const bytes = images.map((image) => readFileSync(builtImage(image)).length);
    expect(Math.max(...bytes)).toBeLessThan(32 * 1024);
  });
});
