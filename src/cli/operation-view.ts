import type { Operation } from '../client/client.ts';
import { formatDuration } from '../units/format.ts';
import { type Io, type Style, styleFor } from './io.ts';
import { partColumns, titleOf } from './operation-text.ts';
import { formatTable } from './table.ts';

const defaultColumns = 80;
const defaultRows = 24;
const barCells = 30;
/** Where no terminal repaints, how it stands is said again after this, ms. */
const plainEveryMs = 10_000;
const eraseLine = '\r\u001b[2K';
const eraseLineAbove = '\u001b[1A\u001b[2K';

/**
 * Shows an operation on stderr while it is carried out: on a terminal a table that is painted anew, below
 * it a bar; elsewhere a line whenever something has happened to a VM.
 */
export class OperationView {
  readonly #io: Io;
  readonly #style: Style;
  readonly #told = new Map<string, string>();
  #painted = 0;
  #plainAt = 0;

  constructor(io: Io) {
    this.#io = io;
    this.#style = styleFor(io.err, io.env);
  }

  show(operation: Operation): void {
    if (this.#io.err.isTTY) this.#paint(operation);
    else this.#tell(operation);
  }

  /** A line that stays. */
  note(text: string): void {
    this.clear();
    this.#io.err.write(`${text}\n`);
  }

  /** Takes what is painted away. */
  clear(): void {
    if (this.#painted > 0) this.#io.err.write(eraseLine + eraseLineAbove.repeat(this.#painted));
    this.#painted = 0;
  }

  #paint(operation: Operation): void {
    this.clear();
    const { columns = defaultColumns, rows = defaultRows } = this.#io.err;
    const lines = [...this.#table(operation, rows - 3), bar(operation)];
    this.#io.err.write(lines.map((line) => `${line.slice(0, columns - 1)}\n`).join(''));
    this.#painted = lines.length;
  }

  #table({ report, requestedAt }: Operation, most: number): readonly string[] {
    if (report === null) return [];
    const columns = partColumns(Date.parse(requestedAt));
    const lines = formatTable(columns, report.parts, (title) => this.#style('dim', title))
      .trimEnd()
      .split('\n');
    if (lines.length <= most) return lines;
    return [...lines.slice(0, most - 1), `... and ${lines.length - most + 1} more`];
  }

  #tell(operation: Operation): void {
    const { report, requestedAt } = operation;
    if (report === null) return;
    const sinceMs = Date.parse(report.at) - Date.parse(requestedAt);
    const time = formatDuration(Math.max(0, sinceMs)).padStart(8);
    for (const { uuid, vm, state, to, why } of report.parts) {
      const text = `${state}${to === null ? '' : ` to ${to}`}${state === 'moved' ? '' : whyText(why)}`;
      if (this.#told.get(uuid) === state) continue;
      this.#told.set(uuid, state);
      this.#io.err.write(`${vm}  ${time}  ${text}\n`);
    }
    if (sinceMs - this.#plainAt < plainEveryMs) return;
    this.#plainAt = sinceMs;
    this.#io.err.write(`${bar(operation)}\n`);
  }
}

function whyText(why: string): string {
  return why === '' ? '' : `: ${why}`;
}

function bar(operation: Operation): string {
  const share = operation.report?.share ?? 0;
  const full = Math.floor(share * barCells);
  const cells = `${'#'.repeat(full)}${'-'.repeat(barCells - full)}`;
  const says = operation.report?.says ?? 'looking at the hosts';
  return `${titleOf(operation)} [${cells}] ${Math.floor(share * 100)} %  ${says}`;
}
