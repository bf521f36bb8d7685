import { expect, test } from 'vitest';
import { labFolder } from '../lab/machine.ts';
import { playSurely } from './cell.ts';
import { quickCells } from './matrix.ts';

/** A part of the matrix; `npm run faults` plays all of it. */
test.each(quickCells)(
  '$phase, $fault.name: the guest is kept unless physics forbids it, and what is told is true',
  async (cell) => {
    const found = await playSurely(cell, labFolder);
    const verdict = cell.fault.physics?.[cell.phase] === undefined ? 'kept' : 'lost';
    expect(found).toMatchObject({ verdict, problem: undefined });
  },
  600_000,
);
