import { styleText } from 'node:util';
import { expect, it } from 'vitest';
import { formatTable } from './table.ts';

const columns = [
  { title: 'NAME', cell: (row: { name: string; sent: string }) => row.name },
  { title: 'SENT', cell: (row: { name: string; sent: string }) => row.sent, align: 'right' },
] as const;

it('pads every column to its widest cell and leaves no blanks at the end of a line', () => {
  const table = formatTable(columns, [
    { name: 'a', sent: '1 MiB' },
    { name: 'billing-db', sent: '128 MiB' },
  ]);
  expect(table).toBe('NAME           SENT\na             1 MiB\nbilling-db  128 MiB\n');
});

it('does not count colours as width', () => {
  const red = styleText('red', 'x', { validateStream: false });
  const [, plain] = formatTable(columns, [{ name: 'x', sent: '1' }]).split('\n');
  const [, coloured] = formatTable(columns, [{ name: red, sent: '1' }]).split('\n');
  expect(coloured).toBe(plain?.replace('x', red));
});

it('shows its headings when there are no rows', () => {
  expect(formatTable(columns, [])).toBe('NAME  SENT\n');
});
