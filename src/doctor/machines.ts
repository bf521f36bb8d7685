import type { Finding } from './finding.ts';
import { findingsAt } from './hosts.ts';
import { namesOf, orderedPairs, type Surveyed } from './surveyed.ts';

/** As many names as one reads. */
const mostNamed = 3;

/** Hosts whose guests can have the same machines. */
interface Group {
  readonly members: readonly Surveyed[];
  readonly architecture: string;
  readonly types: readonly string[];
}

/** A guest keeps its machine type when it moves: the destination must have that one. */
export function compareMachines(surveyed: readonly Surveyed[]): readonly Finding[] {
  if (surveyed.length < 2) return [];
  const groups = groupsOf(surveyed);
  const [only] = groups;
  if (only !== undefined && groups.length === 1) {
    const newest = newestOf(only.types).join(', ');
    const message = `the same on all, up to ${newest} (${only.architecture})`;
    return [findingsAt(namesOf(surveyed))('ok', 'machine types', message)];
  }
  return orderedPairs(groups).flatMap(([from, to]) => difference(from, to));
}

function kindOf({ survey }: Surveyed): string {
  return [survey.architecture, ...survey.machineTypes].join(' ');
}

function groupsOf(surveyed: readonly Surveyed[]): readonly Group[] {
  return [...Map.groupBy(surveyed, kindOf).values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { architecture, machineTypes: types } = first.survey;
    return [{ members, architecture, types }];
  });
}

function difference(from: Group, to: Group): readonly Finding[] {
  const found = findingsAt(`${namesOf(from.members)} to ${namesOf(to.members)}`);
  if (from.architecture !== to.architecture) {
    const message = `${from.architecture} is not ${to.architecture}: no guest can move`;
    return [found('warning', 'machine types', message)];
  }
  const missing = newestFirst(from.types.filter((type) => !to.types.includes(type)));
  if (missing.length === 0) return [];
  const common = newestOf(from.types.filter((type) => to.types.includes(type)));
  const named = missing.slice(0, mostNamed).join(', ');
  const more = missing.length > mostNamed ? ` and ${missing.length - mostNamed} more` : '';
  const hint =
    common.length === 0
      ? 'They have none in common.'
      : `Guests that are to move there need one that both have: ${common.join(', ')} or older.`;
  return [{ ...found('warning', 'machine types', `guests of ${named}${more} cannot move`), hint }];
}

/** The newest of each family, such as `pc-q35`. */
function newestOf(types: readonly string[]): readonly string[] {
  const families = Map.groupBy(types, (type) => type.slice(0, type.lastIndexOf('-')));
  return [...families.values()].flatMap((family) => newestFirst(family).slice(0, 1));
}

function newestFirst(types: readonly string[]): readonly string[] {
  return types.toSorted((a, b) =>
    versionOf(b).localeCompare(versionOf(a), 'en', { numeric: true }),
  );
}

function versionOf(type: string): string {
  return type.slice(type.lastIndexOf('-') + 1);
}
