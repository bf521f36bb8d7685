import type { Vm } from '../client/client.ts';

/** Whoever knows where VMs are. */
interface Asked {
  vm(wanted: string, where: { readonly look: boolean }): Promise<Pick<Vm, 'host'>>;
}

/** The host that is named; else the one where the VM is, as all hosts are asked now. */
export async function hostOf(
  client: Asked,
  vm: string,
  named: string | undefined,
): Promise<string> {
  return named ?? (await client.vm(vm, { look: true })).host;
}
