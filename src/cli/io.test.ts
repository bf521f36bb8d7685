import { expect, it } from 'vitest';
import { styleFor, wantsColour } from './io.ts';

const terminal = { isTTY: true, write: () => true };
const pipe = { write: () => true };

it.each([
  ['a terminal', terminal, {}, true],
  ['a pipe', pipe, {}, false],
  ['a terminal under NO_COLOR', terminal, { NO_COLOR: '1' }, false],
  ['a terminal under an empty NO_COLOR', terminal, { NO_COLOR: '' }, true],
  ['a pipe under FORCE_COLOR', pipe, { FORCE_COLOR: '1' }, true],
  ['a pipe under an empty FORCE_COLOR', pipe, { FORCE_COLOR: '' }, true],
  ['a terminal under FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
  ['both, where NO_COLOR wins', terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ['a terminal that can nothing', terminal, { TERM: 'dumb' }, false],
])('colours: %s', (_name, stream, env, expected) => {
  expect(wantsColour(stream, env)).toBe(expected);
  expect(styleFor(stream, env)('red', 'x') !== 'x').toBe(expected);
});
