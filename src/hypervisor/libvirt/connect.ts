import type { Host } from '../port.ts';
import { LibvirtHost, type LibvirtHostOptions } from './host.ts';

/** Connects to a host. Rejects with `host.unreachable` where that fails. */
export async function connectHost(address: string, options: LibvirtHostOptions): Promise<Host> {
  const host = new LibvirtHost(address, options);
  try {
    await host.reach();
    return host;
  } catch (error) {
    await host.close();
    throw error;
  }
}
