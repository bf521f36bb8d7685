import type { Client } from '../client/client.ts';

/** The host that is named; else the one where the VM is, as all hosts are asked now. */
export async function hostOf(
  client: Pick<Client, 'vm'>,
  vm: string,
  named: string | undefined,
): Promise<string> {
  return named ?? (await client.vm(vm, { look: true })).host;
}
