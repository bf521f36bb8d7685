import { readdir } from 'node:fs/promises';
import { DroverError } from '../errors/catalogue.ts';
import {
  hostAddress,
  hostNamespace,
  namespacePath,
  namespacePrefix,
  switchNamespace,
  switchPort,
} from './names.ts';
import { killMembers, namespaceInode } from './processes.ts';
import { burstBytes, type Rate } from './rate.ts';
import { must, orNothing, run } from './run.ts';
import type { Cut, HostState, LabState } from './state.ts';

/** The switch is a bridge in a namespace of its own: nothing is added to the machine's network. */
export async function createSwitch(id: string): Promise<void> {
  const namespace = switchNamespace(id);
  await must(['ip', 'netns', 'add', namespace]);
  await must(['ip', '-n', namespace, 'link', 'add', 'name', 'br0', 'type', 'bridge']);
  await must(['ip', '-n', namespace, 'link', 'set', 'br0', 'up']);
}

/** Creates the host's network namespace and plugs it into the switch. */
export async function plugIn(id: string, host: HostState): Promise<void> {
  const [namespace, hub] = [hostNamespace(id, host.name), switchNamespace(id)];
  const port = switchPort(host.index);
  await must(['ip', 'netns', 'add', namespace]);
  const hostEnd = ['name', 'eth0', 'address', hardwareAddress(host.uuid), 'netns', namespace];
  await must(['ip', '-n', hub, 'link', 'add', 'name', port, 'type', 'veth', 'peer', ...hostEnd]);
  await must(['ip', '-n', hub, 'link', 'set', port, 'master', 'br0', 'up']);
  await must(['ip', '-n', namespace, '-batch', '-'], {
    input: `addr add ${hostAddress(id, host.index)}/24 dev eth0\nlink set eth0 up\nlink set lo up\n`,
  });
  await failFastOnDeadPeers(namespace);
  await shapeLink(id, host.name, host.index, host.link ?? undefined);
}

/** A network card keeps its address when the power goes: its peers remember it. */
function hardwareAddress(uuid: string): string {
  const digits = uuid.replaceAll('-', '').slice(-10);
  // 02: locally administered, one station.
  return `02:${(digits.match(/../g) ?? []).join(':')}`;
}

/** Unplugs the host: what it says from now on, nobody hears, not even that its connections end. */
export async function unplug(id: string, host: HostState): Promise<void> {
  await must(['ip', '-n', switchNamespace(id), 'link', 'delete', switchPort(host.index)]);
}

/**
 * Gives the host's link this rate in both directions: the host's own end is what it sends, the
 * switch's end what it receives.
 */
export async function shapeLink(
  id: string,
  host: string,
  index: number,
  rate: Rate | undefined,
): Promise<void> {
  await shapeDevice(hostNamespace(id, host), 'eth0', rate);
  await shapeDevice(switchNamespace(id), switchPort(index), rate);
}

async function shapeDevice(namespace: string, device: string, rate: Rate | undefined) {
  const qdisc = ['tc', '-n', namespace, 'qdisc'];
  if (rate !== undefined) {
    const bucket = ['rate', `${rate}bit`, 'burst', `${burstBytes(rate)}`, 'latency', '50ms'];
    await must([...qdisc, 'replace', 'dev', device, 'root', 'handle', '1:', 'tbf', ...bucket]);
  } else if ((await must([...qdisc, 'show', 'dev', device])).includes(' tbf ')) {
    await must([...qdisc, 'del', 'dev', device, 'root']);
  }
}

/** Makes the switch drop exactly the traffic that is cut, in one transaction. */
export async function applyCuts(state: LabState): Promise<void> {
  await must(['nsenter', `--net=${namespacePath(switchNamespace(state.id))}`, 'nft', '-f', '-'], {
    input: renderCuts(state.hosts, state.cuts),
  });
}

/** The switch's rules for these cuts; each works in both directions. */
export function renderCuts(
  hosts: readonly Pick<HostState, 'name' | 'index'>[],
  cuts: readonly Cut[],
): string {
  const port = (name: string) => {
    const host = hosts.find((each) => each.name === name);
    if (host === undefined) throw new TypeError(`no host ${name}`);
    return `"${switchPort(host.index)}"`;
  };
  const rules = cuts.flatMap(({ host, from }) =>
    from === null
      ? [`iifname ${port(host)} drop`, `oifname ${port(host)} drop`]
      : [
          `iifname ${port(host)} oifname ${port(from)} drop`,
          `iifname ${port(from)} oifname ${port(host)} drop`,
        ],
  );
  return [
    // Created first, so that there is one to delete.
    'table bridge cuts',
    'delete table bridge cuts',
    'table bridge cuts {',
    '  chain forward {',
    '    type filter hook forward priority 0; policy accept;',
    ...rules.map((rule) => `    ${rule}`),
    '  }',
    '}',
    '',
  ].join('\n');
}

/** The first and the last port of QEMU's migration streams (libvirt's default range). */
export const migrationPorts = { first: 49152, last: 49215 };

/**
 * Kills the TCP connections of the migrations that come to or leave this host; both ends notice at
 * once. Returns how many there were.
 */
export async function killMigrationConnections(id: string, host: string): Promise<number> {
  const { first, last } = migrationPorts;
  const range = (end: string) => `( ${end} >= :${first} and ${end} <= :${last} )`;
  const enter = ['nsenter', `--net=${namespacePath(hostNamespace(id, host))}`];
  const kill = ['ss', '--kill', '--no-header', '--tcp', '--numeric'];
  const output = await must([...enter, ...kill, `${range('dport')} or ${range('sport')}`]);
  return output.split('\n').filter((line) => line.trim() !== '').length;
}

/** The network namespaces of this lab and of no other. */
export async function namespacesOf(id: string): Promise<readonly string[]> {
  const names = await orNothing(readdir('/run/netns'), []);
  return names.filter((name) => name.startsWith(namespacePrefix(id))).toSorted();
}

/** Removes a namespace with its processes and its interfaces. */
export async function removeNamespace(namespace: string): Promise<void> {
  const inode = await namespaceInode(namespacePath(namespace));
  if (inode === undefined) return;
  await killMembers(inode);
  await deleteName(namespace);
  // Once more: a process may have come in by the name before that was gone.
  await killMembers(inode);
}

async function deleteName(namespace: string): Promise<void> {
  const result = await run(['ip', 'netns', 'delete', namespace]);
  if (result.code === 0 || !(await orNothing(readdir('/run/netns'), [])).includes(namespace))
    return;
  throw new DroverError('lab.failed', `namespace ${namespace} stays: ${result.stderr.trim()}`);
}

/**
 * TCP gives a silent peer up after 4 repeats (some 7 s) instead of 15 (some 15 minutes), so that a
 * broken migration link is noticed within a test's patience. Per namespace: the machine keeps its own.
 */
async function failFastOnDeadPeers(namespace: string): Promise<void> {
  await must(
    ['nsenter', `--net=${namespacePath(namespace)}`, 'tee', '/proc/sys/net/ipv4/tcp_retries2'],
    { input: '4' },
  );
}
