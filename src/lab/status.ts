import { describeHost, type HostProcesses } from './host.ts';
import type { Rate } from './rate.ts';
import type { HostState, LabState } from './state.ts';

/** How a host does at this moment. */
export interface HostStatus {
  readonly name: string;
  readonly ip: string;
  readonly uri: string;
  readonly suite: string;
  readonly qemuVersion: string;
  readonly libvirtVersion: string;
  readonly power: 'on' | 'off';
  readonly daemon: 'running' | 'stopped';
  /** The guests whose QEMU runs on the host. */
  readonly guests: readonly string[];
  /** Bits per second; `null` is an unlimited link. */
  readonly link: Rate | null;
  /** From whom the host is cut off: names of hosts, or everybody. */
  readonly cutFrom: readonly string[] | 'everybody';
}

/** What is known of a host and what was found running on it. */
export function hostStatus(
  dir: string,
  state: LabState,
  host: HostState,
  { init, daemon, guests }: HostProcesses,
): HostStatus {
  const { ip, uri, suite, qemuVersion, libvirtVersion } = describeHost(dir, state, host);
  return {
    name: host.name,
    ip,
    uri,
    suite,
    qemuVersion,
    libvirtVersion,
    power: init === undefined ? 'off' : 'on',
    daemon: daemon === undefined ? 'stopped' : 'running',
    guests: guests.map(({ name }) => name).toSorted(),
    link: host.link,
    cutFrom: cutFrom(state, host.name),
  };
}

function cutFrom(state: LabState, name: string): readonly string[] | 'everybody' {
  if (state.cuts.some((cut) => cut.host === name && cut.from === null)) return 'everybody';
  const peers = state.cuts.flatMap(({ host, from }) => {
    if (host === name) return from ?? [];
    // A peer that is cut off from everybody is cut off from this host too.
    return from === name || from === null ? host : [];
  });
  return [...new Set(peers)].toSorted();
}
