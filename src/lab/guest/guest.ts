import { DroverError } from '../../errors/catalogue.ts';
import { type Connection, connect, LibvirtClientError } from '../../libvirt/index.ts';
import type { LabHost } from '../host.ts';
import { tellGuest } from './control.ts';
import { type DomainPaths, guestDomainXml } from './domain.ts';
import { shareBeat } from './image.ts';
import { shareLinux } from './linux.ts';
import { checkSpec, type GuestSpec } from './spec.ts';
import { HeartbeatWatcher } from './watcher.ts';
import { type Workload, workloadForGuest } from './workload.ts';

/** A guest as the lab has started it. */
export interface GuestRecord {
  readonly spec: GuestSpec;
  /** The host on which it was started. */
  readonly host: string;
  readonly definition: string;
}

/** Starts a guest on the host. Throws `usage.invalid` for a spec that cannot be, `lab.failed` otherwise. */
export async function addGuest(host: LabHost, spec: GuestSpec): Promise<GuestRecord> {
  checkSpec(spec);
  const paths: DomainPaths = {
    ...(spec.kind === 'beat'
      ? { kernel: await shareBeat(host.shareDirectory) }
      : await shareLinux(host.shareDirectory)),
    serial: host.serialPathInside(spec.name),
    control: controlPath(host.serialPathInside(spec.name)),
  };
  const definition = guestDomainXml(spec, paths, host.accelerator);
  await onHost(host, (connection) => connection.createDomain(definition));
  return { spec, host: host.name, definition };
}

/** Switches the guest off, which ends it. */
export async function removeGuest(host: LabHost, name: string): Promise<void> {
  await onHost(host, async (connection) => (await connection.lookupByName(name)).destroy());
}

/** Gives a running guest another workload; it must be on this host. It takes effect at its next beat. */
export async function setWorkload(host: LabHost, name: string, workload: Workload): Promise<void> {
  await tellGuest(controlPath(host.serialPath(name)), `w ${workloadForGuest(workload)}`);
}

/** Changes one word of a page behind the guest's back, to see that it is found. */
export async function damagePage(host: LabHost, name: string, page: number): Promise<void> {
  await tellGuest(controlPath(host.serialPath(name)), `d page=${page}`);
}

/** Watches the guest wherever it is among these hosts. */
export function watchGuest(hosts: readonly LabHost[], name: string): HeartbeatWatcher {
  return new HeartbeatWatcher(
    hosts.map((host) => ({ host: host.name, path: host.serialPath(name) })),
  );
}

/** The socket behind the guest's second serial port lies beside the file behind the first. */
function controlPath(serialPath: string): string {
  return `${serialPath}.control`;
}

/** Speaks to the host's daemon; what that refuses is a `lab.failed`. */
async function onHost(
  host: LabHost,
  action: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  try {
    const connection = await connect(host.uri);
    try {
      await action(connection);
    } finally {
      await connection.close();
    }
  } catch (cause) {
    if (!(cause instanceof LibvirtClientError)) throw cause;
    throw new DroverError('lab.failed', `${host.name}: ${cause.message}`, { cause });
  }
}
