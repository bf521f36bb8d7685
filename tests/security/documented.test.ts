import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** The documents that name, for each danger, the tests that show what becomes of it. */
const documents = ['docs/security.md', 'docs/libvirt-traps.md'];
/** A link to a file of tests, or of their scenarios; its text is the name of one. */
const proof = /\[([^\]]+)\]\(\.\.\/((?:src|tests)\/[^)]+\.ts)\)/g;

const root = join(import.meta.dirname, '../..');

describe.each(documents)('%s', (document) => {
  test('has a test in every row, and each is there', async () => {
    const rows = (await readFile(join(root, document), 'utf8'))
      .split('\n')
      .filter(
        (line) =>
          line.startsWith('| ') &&
          !line.startsWith('| what ') &&
          !line.startsWith('| | ') &&
          !line.startsWith('| `'),
      );
    expect(rows.length).toBeGreaterThan(5);
    for (const row of rows) {
      const proofs = [...row.matchAll(proof)];
      expect(proofs.length, `a test in: ${row}`).toBeGreaterThan(0);
      for (const [, name = '', file = ''] of proofs) {
        const text = (await readFile(join(root, file), 'utf8')).replace(/([([])\s+/g, '$1');
        expect(isNamedIn(text, name), `${file} has '${name}'`).toBe(true);
      }
    }
  });
});

/** As the first argument of a test or the name of a scenario, in whichever quotes. */
function isNamedIn(text: string, name: string): boolean {
  return ["'", '"', '`'].some((quote) =>
    [`(${quote}${name}${quote}`, `name: ${quote}${name}${quote}`, `[${quote}${name}${quote}`].some(
      (literal) => text.includes(literal),
    ),
  );
}
