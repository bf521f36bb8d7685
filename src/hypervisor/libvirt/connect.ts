import type { Host } from '../port.ts';
import { LibvirtHost, type LibvirtHostOptions } from './host.ts';

/** A host that is connected to when it is first asked, and again whenever that was lost. */
export function libvirtHost(address: string, options: LibvirtHostOptions): Host {
  return new LibvirtHost(address, options);
}

/** Connects to a host. Rejects with `host.unreachable` where that fails. */
export async function connectHost(address: string, options: LibvirtHostOptions): Promise<Host> {
  const host = libvirtHost(address, options);
  try {
    await host.reach();
    return host;
  } catch (error) {
    await host.close();
    throw error;
  }
}
