import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { catalogue, exitCodes } from '../errors/catalogue.ts';

/** The rows of the table in docs/cli.md: an exit code, its meaning, the error codes that end with it. */
function documentedRows(): readonly (readonly [number, string, readonly string[]])[] {
  const text = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  return [...text.matchAll(/^\| (\d+) \| (.+?) \|(.*)\|$/gm)].map(
    ([, code, meaning = '', errors = '']) => [
      Number(code),
      meaning,
      [...errors.matchAll(/`([^`]+)`/g)].map(([, error = '']) => error),
    ],
  );
}

it('docs/cli.md lists every exit code with the errors that end with it', () => {
  const expected = Object.values(exitCodes).map((code) => [
    code,
    Object.entries(catalogue).flatMap(([error, its]) => (its === code ? [error] : [])),
  ]);
  expect(documentedRows().map(([code, , errors]) => [code, errors])).toEqual(expected);
});
