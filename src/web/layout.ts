/** What a window onto a grid of equal cells shows. */
export interface Window {
  readonly columns: number;
  /** Rows, from the first to before the last. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/** Rows above and below that are ready before they are scrolled to. */
const ahead = 1;

/** Which rows of a grid have to be drawn. All sizes in px, `top` from the grid's own beginning. */
export function windowOn(
  grid: { readonly cells: number; readonly cellWidth: number; readonly cellHeight: number },
  seen: { readonly width: number; readonly top: number; readonly height: number },
): Window {
  const columns = Math.max(1, Math.floor(seen.width / grid.cellWidth));
  const rows = Math.ceil(grid.cells / columns);
  const first = Math.floor(seen.top / grid.cellHeight) - ahead;
  const last = Math.ceil((seen.top + seen.height) / grid.cellHeight) + ahead;
  const from = Math.min(Math.max(0, first), rows);
  return { columns, rows, from, to: Math.max(from, Math.min(rows, last)) };
}
