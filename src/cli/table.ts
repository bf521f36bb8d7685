import { stripVTControlCharacters } from 'node:util';

/** One column of a table: its heading and what stands in it for one row. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: 'left' | 'right';
}

/** A table as text: columns padded to their widest cell, two blanks apart, no line of its own for borders. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  styleTitle: (title: string) => string = (title) => title,
): string {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((line) => visibleLength(line[index] ?? ''))),
  );
  const pad = (text: string, index: number): string => {
    const blanks = ' '.repeat(Math.max(0, (widths[index] ?? 0) - visibleLength(text)));
    return columns[index]?.align === 'right' ? blanks + text : text + blanks;
  };
  const lines = [columns.map((column) => styleTitle(column.title)), ...cells];
  return lines.map((line) => `${line.map(pad).join('  ').trimEnd()}\n`).join('');
}

/** One row as text: a line for each column, its heading before it. */
export function formatRecord<Row>(columns: readonly Column<Row>[], row: Row): string {
  const width = Math.max(...columns.map(({ title }) => title.length));
  return columns.map(({ title, cell }) => `${title.padEnd(width)}  ${cell(row)}\n`).join('');
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}
