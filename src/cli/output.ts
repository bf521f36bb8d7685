import { Option } from 'commander';
import type { Io } from './io.ts';

/** The ways in which a command can print its result. */
export type OutputFormat = 'table' | 'wide' | 'json' | 'yaml' | 'name';

/** How a result reads in each text format; `json` and `yaml` print the result as it is. */
export interface TextViews<T> {
  readonly table: (result: T) => string;
  /** With what the table has no room for. */
  readonly wide?: (result: T) => string;
  /** Only what names the thing, one a line: for other commands to read. */
  readonly name?: (result: T) => string;
}

/** The `-o` option of a command that can print in these formats; the first is its default. */
export function outputOption(...formats: readonly [OutputFormat, ...OutputFormat[]]): Option {
  return new Option('-o, --output <format>', 'how to print the result')
    .choices(formats)
    .default(formats[0]);
}

/** Prints a command's result on stdout. With `json` that is one document and nothing else. */
export async function print<T>(
  io: Io,
  format: OutputFormat,
  result: T,
  views: TextViews<T>,
): Promise<void> {
  io.out.write(await render(format, result, views));
}

/** A command's result as text. */
export async function render<T>(
  format: OutputFormat,
  result: T,
  views: TextViews<T>,
): Promise<string> {
  switch (format) {
    case 'json':
      return `${JSON.stringify(result, null, 2)}\n`;
    case 'yaml': {
      const { stringify } = await import('yaml');
      return stringify(result, { aliasDuplicateObjects: false });
    }
    case 'name':
      return (views.name ?? views.table)(result);
    case 'wide':
      return (views.wide ?? views.table)(result);
    case 'table':
      return views.table(result);
  }
}
