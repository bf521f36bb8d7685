import type { Lab } from '../lab/index.ts';

/** Which hosts run each guest, as every host's own libvirt says at this moment. */
export async function takeCensus(lab: Lab): Promise<ReadonlyMap<string, readonly string[]>> {
  const answers = await Promise.all(
    lab.hosts.map(async ({ name }) => ({ host: name, guests: await runningOn(lab, name) })),
  );
  const census = new Map<string, string[]>();
  for (const { host, guests } of answers) {
    for (const guest of guests) census.set(guest, [...(census.get(guest) ?? []), host]);
  }
  return census;
}

async function runningOn(lab: Lab, host: string): Promise<readonly string[]> {
  const command = ['virsh', '--quiet', 'list', '--state-running', '--name'];
  const { code, stdout, stderr } = await lab.exec(host, command, { timeoutMs: 20_000 });
  if (code !== 0) throw new Error(`${host} does not say what it runs: ${stderr.trim()}`);
  return stdout.split('\n').flatMap((line) => line.trim() || []);
}
