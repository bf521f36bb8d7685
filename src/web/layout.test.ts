import { expect, test } from 'vitest';
import { windowOn } from './layout.ts';

const grid = { cells: 200, cellWidth: 100, cellHeight: 400 };

test.each([
  ['at the top', { width: 1_050, top: 0, height: 800 }, { columns: 10, rows: 20, from: 0, to: 3 }],
  [
    'in the middle',
    { width: 1_050, top: 4_000, height: 800 },
    { columns: 10, rows: 20, from: 9, to: 13 },
  ],
  [
    'at the end',
    { width: 1_050, top: 7_600, height: 800 },
    { columns: 10, rows: 20, from: 18, to: 20 },
  ],
  [
    'before its beginning',
    { width: 1_050, top: -900, height: 800 },
    { columns: 10, rows: 20, from: 0, to: 1 },
  ],
  ['on a phone', { width: 90, top: 0, height: 400 }, { columns: 1, rows: 200, from: 0, to: 2 }],
  [
    'that has become shorter than where it is',
    { width: 1_050, top: 90_000, height: 800 },
    { columns: 10, rows: 20, from: 20, to: 20 },
  ],
])('what is drawn of a grid %s', (_where, seen, shown) => {
  expect(windowOn(grid, seen)).toEqual(shown);
});
