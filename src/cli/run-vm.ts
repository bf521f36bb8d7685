import type { Migration, Tags, Vm } from '../client/client.ts';
import { DroverError } from '../errors/catalogue.ts';
import { formatBytes, formatRate } from '../units/format.ts';
import type { AskFlags, VmListFlags } from './flags.ts';
import { shownInstant } from './instants.ts';
import { type Io, styleFor } from './io.ts';
import { print, render } from './output.ts';
import { shown } from './repeat.ts';
import { type Session, withSession } from './session.ts';
import { type Column, formatRecord, formatTable } from './table.ts';
import { type TagsDocument, tagsDocument, tagsText } from './tags-view.ts';

/** `drover vm list`. */
export async function runVmList(io: Io, flags: VmListFlags): Promise<void> {
  await withSession(io, flags, (session) =>
    shown(io, flags, async () => {
      const vms = await seen(io, session, { host: flags.host }, flags.look);
      return render(flags.output, vms, {
        table: (all) => formatTable(columns, all),
        wide: (all) => formatTable([...columns, ...wideColumns], all),
        name: (all) => all.map(({ name }) => `${name}\n`).join(''),
      });
    }),
  );
}

/** Nobody looks at the hosts where there is no server: then they are asked now. */
async function seen(
  io: Io,
  { client, own }: Session,
  filter: { readonly host?: string | undefined; readonly name?: string | undefined },
  look: true | undefined,
): Promise<readonly Vm[]> {
  const { items, silent } = await client.vms({ ...filter, look: look ?? own !== undefined });
  if (silent.length > 0) io.err.write(`Not answering, shown as last seen: ${silent.join(', ')}\n`);
  for (const line of splitText(items)) io.err.write(`${styleFor(io.err, io.env)('red', line)}\n`);
  return items;
}

/** One guest that two hosts run is the worst that there is: it is not left to a column. */
export function splitText(
  vms: readonly Pick<Vm, 'uuid' | 'name' | 'host' | 'alsoRunsOn'>[],
): readonly string[] {
  const once = new Map(vms.map((vm) => [vm.uuid, vm]));
  return [...once.values()].flatMap(({ name, host, alsoRunsOn }) =>
    alsoRunsOn.length === 0
      ? []
      : [
          `DANGER: ${name} runs on ${[host, ...alsoRunsOn].toSorted().join(' and on ')} at once: both write to its disks. Look which one is whole, and stop the other.`,
        ],
  );
}

interface Shown {
  readonly vm: Vm;
  readonly tags: TagsDocument;
  /** `null`: none is kept. */
  readonly latestMigration: Migration | null;
  /** How fast it was seen to write, newest first. */
  readonly writes: readonly { readonly at: string; readonly bytesPerSecond: number }[];
}

/** `drover vm show`. */
export async function runVmShow(io: Io, wanted: string, flags: AskFlags): Promise<void> {
  const whole = await withSession(io, flags, async (session): Promise<Shown> => {
    const { client } = session;
    const vm = theOnly(wanted, await seen(io, session, { name: wanted }, true));
    const tags: Tags = await client.tags(vm.uuid, vm.host);
    const [latestMigration = null] = await client.migrations({ vm: vm.uuid }, 1);
    const writes = await client.writes(vm.uuid);
    return { vm, tags: tagsDocument(tags, vm.host), latestMigration, writes };
  });
  await print(io, flags.output, whole, { table: shownText });
}

export function theOnly<T extends Pick<Vm, 'uuid' | 'seenAt'>>(
  wanted: string,
  vms: readonly T[],
): T {
  const [latest, ...others] = vms.toSorted((a, b) => Date.parse(b.seenAt) - Date.parse(a.seenAt));
  if (latest === undefined) throw unknownVm(wanted);
  const uuids = new Set([latest, ...others].map(({ uuid }) => uuid));
  if (uuids.size === 1) return latest;
  throw new DroverError('usage.invalid', `Several VMs are called ${wanted}`, {
    hint: `Name one by its UUID: ${[...uuids].join(', ')}.`,
  });
}

function unknownVm(wanted: string): DroverError {
  return new DroverError('domain.not-found', `No host is known to have a VM ${wanted}`, {
    hint: '`drover vm list` shows those that there are.',
  });
}

function shownText({ vm, tags, latestMigration, writes }: Shown): string {
  const [latest] = writes;
  const wrote =
    latest === undefined
      ? ''
      : `Seen to write ${formatRate(latest.bytesPerSecond)} (${shownInstant(latest.at)})\n`;
  const moved =
    latestMigration === null
      ? 'No migration of it is kept.\n'
      : `Its latest migration: ${latestMigration.id}, ${latestMigration.from} to ${latestMigration.to}, ${latestMigration.phase}\n`;
  return [formatRecord([...columns, ...wideColumns], vm), '\n', tagsText(tags), moved, wrote].join(
    '',
  );
}

const columns: readonly Column<Vm>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'HOST', cell: ({ host }) => host },
  {
    title: 'STATE',
    cell: ({ state, alsoRunsOn }) =>
      alsoRunsOn.length === 0 ? state : `${state}, also on ${alsoRunsOn.join(', ')}`,
  },
  { title: 'CLASS', cell: (vm) => vm.class },
  { title: 'MEMORY', cell: ({ memoryBytes }) => formatBytes(memoryBytes), align: 'right' },
  { title: 'CPUS', cell: ({ virtualCpus }) => String(virtualCpus), align: 'right' },
  {
    title: 'BUSY',
    cell: ({ busyShare }) => (busyShare === null ? '-' : `${Math.round(busyShare * 100)} %`),
    align: 'right',
  },
  { title: 'FOREIGN JOB', cell: (vm) => (vm.foreignMigration ? 'yes' : '-') },
];

const wideColumns: readonly Column<Vm>[] = [
  { title: 'UUID', cell: ({ uuid }) => uuid },
  { title: 'SEEN', cell: ({ seenAt }) => shownInstant(seenAt) },
];
