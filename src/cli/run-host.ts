import type { HostSettings } from '../api/hosts.ts';
import type { Host } from '../client/client.ts';
import { DroverError } from '../errors/catalogue.ts';
import { formatRate } from '../units/format.ts';
import { confirm } from './confirm.ts';
import type { AskFlags, HostSetFlags, ListFlags, RemoveFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print, render } from './output.ts';
import { shown } from './repeat.ts';
import { withSession } from './session.ts';
import { type Column, formatRecord, formatTable } from './table.ts';

/** `drover host list`. */
export async function runHostList(io: Io, flags: ListFlags): Promise<void> {
  await withSession(io, flags, ({ client }) =>
    shown(io, flags, async () =>
      render(flags.output, await client.hosts(), {
        table: (all) => formatTable(columns, all),
        wide: (all) => formatTable([...columns, ...wideColumns], all),
        name: (all) => all.map(({ name }) => `${name}\n`).join(''),
      }),
    ),
  );
}

/** `drover host show`. */
export async function runHostShow(io: Io, name: string, flags: AskFlags): Promise<void> {
  const host = await withSession(io, flags, ({ client }) => client.host(name));
  await print(io, flags.output, host, { table: hostText });
}

/** `drover host add`. */
export async function runHostAdd(io: Io, name: string, flags: HostSetFlags): Promise<void> {
  const settings = settingsWith({ postCopy: 'allowed' }, flags);
  const host = await withSession(io, flags, ({ client }) => client.putHost(name, settings, 0));
  await print(io, flags.output, host, hostViews);
}

/** `drover host set`: changes what is named. */
export async function runHostSet(io: Io, name: string, flags: HostSetFlags): Promise<void> {
  refuseNothing(flags);
  const host = await withSession(io, flags, async ({ client }) => {
    const before = await client.host(name);
    return client.putHost(name, settingsWith(settingsOf(before), flags), before.revision);
  });
  await print(io, flags.output, host, hostViews);
}

/** `drover host remove`. */
export async function runHostRemove(io: Io, name: string, flags: RemoveFlags): Promise<void> {
  await withSession(io, flags, async ({ client }) => {
    await client.host(name);
    await confirm(io, flags, `Forget the host ${name}?`);
    await client.removeHost(name);
  });
  io.out.write(`${name} is forgotten; nothing happened to it.\n`);
}

function refuseNothing(flags: HostSetFlags): void {
  const { uri, peerUri, postCopy, bandwidth, maxOutgoing, maxIncoming, link } = flags;
  const named = [uri, peerUri, postCopy, bandwidth, maxOutgoing, maxIncoming, link];
  if (named.some((one) => one !== undefined)) return;
  throw new DroverError('usage.invalid', 'nothing to set: name one of the settings', {
    hint: 'see drover host set --help',
  });
}

function settingsOf(host: Host): HostSettings {
  return {
    uri: host.uri,
    peerUri: host.peerUri ?? undefined,
    postCopy: host.postCopy,
    bandwidthBytesPerSecond: host.bandwidthBytesPerSecond ?? undefined,
    maxOutgoing: host.maxOutgoing ?? undefined,
    maxIncoming: host.maxIncoming ?? undefined,
    link: host.link ?? undefined,
  };
}

function settingsWith(
  before: Partial<HostSettings> & Pick<HostSettings, 'postCopy'>,
  flags: HostSetFlags,
): HostSettings {
  const uri = flags.uri ?? before.uri;
  if (uri === undefined) throw new DroverError('usage.invalid', 'a host has a --uri');
  return {
    uri,
    peerUri: said(flags.peerUri, before.peerUri),
    postCopy: flags.postCopy ?? before.postCopy,
    bandwidthBytesPerSecond: said(flags.bandwidth, before.bandwidthBytesPerSecond),
    maxOutgoing: said(flags.maxOutgoing, before.maxOutgoing),
    maxIncoming: said(flags.maxIncoming, before.maxIncoming),
    link: said(flags.link, before.link),
  };
}

/** `none` takes a setting away; not to name it leaves it. */
function said<T>(now: T | 'none' | undefined, before: T | undefined): T | undefined {
  return now === undefined ? before : now === 'none' ? undefined : now;
}

const columns: readonly Column<Host>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'ARRIVALS', cell: arrivalsText },
  { title: 'POST-COPY', cell: ({ postCopy }) => postCopy },
  {
    title: 'BANDWIDTH',
    cell: ({ bandwidthBytesPerSecond: rate }) => (rate === null ? '-' : formatRate(rate)),
    align: 'right',
  },
  { title: 'OUT', cell: ({ maxOutgoing }) => numberOrDash(maxOutgoing), align: 'right' },
  { title: 'IN', cell: ({ maxIncoming }) => numberOrDash(maxIncoming), align: 'right' },
  { title: 'LINK', cell: ({ link }) => link ?? '-' },
  { title: 'SET IN', cell: ({ origin }) => (origin === 'config' ? 'config file' : 'store') },
];

const wideColumns: readonly Column<Host>[] = [
  { title: 'URI', cell: ({ uri }) => uri },
  { title: 'PEER URI', cell: ({ peerUri }) => peerUri ?? '-' },
];

function hostText(host: Host): string {
  return formatRecord([...columns, ...wideColumns], host);
}

const hostViews = { table: hostText, name: ({ name }: Host) => `${name}\n` };

function numberOrDash(value: number | null): string {
  return value === null ? '-' : String(value);
}

/** Whether it takes VMs in, and who says that it does not. */
export function arrivalsText({ arrivals, closedBy }: Pick<Host, 'arrivals' | 'closedBy'>): string {
  if (arrivals === 'open') return 'open';
  return closedBy === null ? 'closed' : `closed by ${closedBy}`;
}
