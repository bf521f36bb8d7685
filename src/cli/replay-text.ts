import type { Recording } from '../recording/recording.ts';
import { plain } from '../recording/text.ts';
import { actsOf, atTheSameReading, type Replay, type Terms } from '../replay/replay.ts';
import type { Action, Decision } from '../steering/decision.ts';
import { formatDuration, formatRate } from '../units/format.ts';
import { type Column, formatTable } from './table.ts';

const guessed = 'From there on the readings are no longer what would have been read.';

/** A replay as `-o json` prints it: both lists of decisions whole, and where they part. */
export function replayDocument(recording: Recording, terms: Terms, result: Replay): unknown {
  const { id, vm, slaClass, importance } = recording;
  const { recorded, replayed, firstDifference } = result;
  return plain({
    id,
    vm: vm.name,
    recorded: { class: slaClass, importance, decisions: recorded },
    replayed: { class: terms.slaClass, importance: terms.importance, decisions: replayed },
    firstDifference:
      firstDifference === undefined
        ? null
        : {
            recorded: firstDifference.recorded ?? null,
            replayed: firstDifference.replayed ?? null,
            caution: guessed,
          },
  });
}

/** The acts of then and of now side by side, and why they part where they do. */
export function replayText(recording: Recording, terms: Terms, result: Replay): string {
  const { id, vm, slaClass, importance } = recording;
  const acts = rowsOf(result);
  return [
    `${id}: ${vm.name}, recorded as ${slaClass}, ${importance}; replayed as ${terms.slaClass}, ${terms.importance}\n\n`,
    acts.length === 0 ? 'Nothing is done but to wait.\n' : formatTable(columns, acts),
    `\n${differenceText(result)}\n`,
  ].join('');
}

/** What was done at one reading, then and now. */
interface Row {
  readonly recorded: Decision | undefined;
  readonly replayed: Decision | undefined;
  readonly isFirstDifference: boolean;
}

const columns: readonly Column<Row>[] = [
  { title: 'AT', cell: (row) => formatDuration(timeOf(row)), align: 'right' },
  { title: 'RECORDED', cell: ({ recorded }) => actText(recorded) },
  { title: 'REPLAYED', cell: ({ replayed }) => actText(replayed) },
  { title: '', cell: ({ isFirstDifference }) => (isFirstDifference ? '<- first difference' : '') },
];

function rowsOf({ recorded, replayed, firstDifference }: Replay): Row[] {
  const now = [...actsOf(replayed)];
  const rows: Omit<Row, 'isFirstDifference'>[] = actsOf(recorded).map((then) => {
    const index = now.findIndex((one) => atTheSameReading(then, one));
    const [same] = index < 0 ? [] : now.splice(index, 1);
    return { recorded: then, replayed: same };
  });
  rows.push(...now.map((one) => ({ recorded: undefined, replayed: one })));
  const sorted = rows.toSorted((a, b) => timeOf(a) - timeOf(b));
  const first = sorted.findIndex((row) => holds(row, firstDifference));
  return sorted.map((row, index) => ({ ...row, isFirstDifference: index === first }));
}

function timeOf({ recorded, replayed }: Omit<Row, 'isFirstDifference'>): number {
  return recorded?.atMs ?? replayed?.atMs ?? 0;
}

/** Whether one of the two acts that differ stands in this row; the ways part at the earlier one. */
function holds(
  row: Omit<Row, 'isFirstDifference'>,
  difference: Replay['firstDifference'],
): boolean {
  const differing = [difference?.recorded, difference?.replayed];
  return [row.recorded, row.replayed].some((one) => one !== undefined && differing.includes(one));
}

function differenceText({ firstDifference }: Replay): string {
  if (firstDifference === undefined) return 'The same is done at the same moments.';
  const { recorded, replayed } = firstDifference;
  return [
    'First difference:',
    `  then, ${reasonOf(recorded)}`,
    `  now,  ${reasonOf(replayed)}`,
    guessed,
  ].join('\n');
}

function reasonOf(decision: Decision | undefined): string {
  if (decision === undefined) return 'nothing more was done';
  return `at ${formatDuration(decision.atMs)} ${actText(decision)}: ${decision.why}`;
}

function actText(decision: Decision | undefined): string {
  return decision === undefined
    ? '-'
    : [decision.action.kind, ...amountOf(decision.action)].join(' ');
}

function amountOf(action: Action): string[] {
  switch (action.kind) {
    case 'set-max-downtime':
      return [formatDuration(action.ms)];
    case 'set-max-speed':
    case 'set-post-copy-speed':
      return [formatRate(action.bytesPerSecond)];
    case 'freeze':
      return [`some ${formatDuration(action.expectedMs)}`];
    case 'start-post-copy':
    case 'begin-again':
    case 'stay':
    case 'wait':
      return [];
  }
}
