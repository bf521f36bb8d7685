import { expect, test } from 'vitest';
import { labFolder } from '../lab/machine.ts';
import { playSurely } from './cell.ts';
import { cells, type Phase } from './matrix.ts';

/** A part of the matrix; `npm run faults` plays all of it. */
const some: readonly (readonly [Phase, string, 'kept' | 'lost'])[] = [
  ['first pass', 'source libvirtd killed, begun again', 'kept'],
  ['first pass', 'disk full for 6 s', 'kept'],
  ['throttled', 'store gone for 8 s', 'kept'],
  ['switching over', 'controller killed, link cut for 3 s', 'kept'],
  ['post-copy', 'destination libvirtd killed, begun again', 'kept'],
  ['post-copy', 'source QEMU killed', 'lost'],
  ['just completed', 'both libvirtds killed', 'kept'],
];

test.each(some)(
  '%s, %s: the guest is %s, and what is told is true',
  async (phase, name, verdict) => {
    const cell = cells.find((one) => one.phase === phase && one.fault.name === name);
    if (cell === undefined) throw new Error('there is no such cell');
    const found = await playSurely(cell, labFolder);
    expect(found).toMatchObject({ verdict, problem: undefined });
  },
  600_000,
);
