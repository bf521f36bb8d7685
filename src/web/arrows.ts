/** What each arrow means among tiles that stand in columns: how many columns on, how many tiles. */
const steps: Readonly<Record<string, readonly [columns: number, tiles: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Goes from the tile that has the focus to the one beside it. */
export function stepByArrow(event: KeyboardEvent): void {
  const step = steps[event.key];
  if (step === undefined || !(event.target instanceof Element)) return;
  const next = tileBeside(event.target, step);
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function tileBeside(
  from: Element,
  [columns, tiles]: readonly [number, number],
): HTMLElement | undefined {
  const column = from.closest('.column');
  const tile = from.closest('.tile');
  if (column === null || tile === null) return undefined;
  const here = tilesOf(column).indexOf(tile);
  if (columns === 0) return linkIn(tilesOf(column)[here + tiles]);
  const beside = columns > 0 ? column.nextElementSibling : column.previousElementSibling;
  const there = beside === null ? [] : tilesOf(beside);
  return linkIn(there[Math.min(here, there.length - 1)]);
}

function tilesOf(column: Element): readonly Element[] {
  return [...column.querySelectorAll('.tile')];
}

function linkIn(tile: Element | undefined): HTMLElement | undefined {
  return tile?.querySelector('a') ?? undefined;
}
