import { geometricMean } from '../averages.ts';
import { shareOf, shareText } from './standings.ts';
import { hasDoneAsAsked, isKept, type PeerCell, type Result, standingOf } from './verdict.ts';

/** What one arm does in one cell, as if it stood there instead of Drover. */
interface Place {
  readonly arm: string;
  /** Its cost over that of the cheapest arm that the budget allows. */
  readonly regret: number;
  readonly didAsAsked: boolean;
  /** Beside the systems that are not its own. */
  readonly meetings: readonly Meeting[];
}

interface Meeting {
  readonly system: string;
  readonly isKept: boolean;
}

/** What each arm would keep of the pairs, and cost, if it were to move all guests instead of Drover; the best first. */
export function league(cells: readonly PeerCell[]): string {
  const places = cells.flatMap((cell) =>
    [cell.drover, ...cell.others].map((result) => placeOf(cell, result)),
  );
  const systems = [...new Set(cells.flatMap(({ peers }) => peers.map(systemOf)))].toSorted();
  const rows = [...Map.groupBy(places, ({ arm }) => arm)]
    .map(([arm, ones]) => ({ arm, ones, meetings: ones.flatMap((one) => one.meetings) }))
    .toSorted((a, b) => shareOf(b.meetings, wasKept) - shareOf(a.meetings, wasKept))
    .map(({ arm, ones, meetings }) => {
      const regret = geometricMean(ones.map((one) => one.regret)).toFixed(2);
      const failed = ones.filter(({ didAsAsked }) => !didAsAsked).length;
      const beside = [meetings, ...systems.map((name) => meetings.filter(isWith(name)))];
      const shares = beside.map((some) => shareText(some, wasKept));
      return `| ${[arm, ones.length, ...shares, regret, failed].join(' | ')} |`;
    });
  return [
    "## In Drover's place",
    '',
    'The same pairs, by the same rule, for each arm as if it moved all guests of all classes: better than the system, or equal to it. An arm is not held against its own system. Beside that the geometric mean of its cost over the cheapest that the budget allows, and in how many cells it did not do as asked.',
    '',
    `| arm | cells | win or equal | ${systems.map((system) => `beside ${system}`).join(' | ')} | regret | not as asked |`,
    `|---|---|---|${systems.map(() => '---|').join('')}---|---|`,
    ...rows,
  ].join('\n');
}

function placeOf({ drover, peers, regret, pair }: PeerCell, mine: Result): Place {
  const others = peers.filter((peer) => systemOf(peer) !== mine.system);
  return {
    arm: mine === drover ? 'Drover' : mine.arm,
    regret: regret * (mine.cost / drover.cost),
    didAsAsked: hasDoneAsAsked(mine, pair),
    meetings: others.map((peer) => ({
      system: systemOf(peer),
      isKept: isKept(standingOf(mine.figures, peer.result.figures)),
    })),
  };
}

function systemOf({ result }: PeerCell['peers'][number]): string {
  return result.system;
}

function isWith(name: string): (meeting: Meeting) => boolean {
  return ({ system }) => system === name;
}

function wasKept(meeting: Meeting): boolean {
  return meeting.isKept;
}
