import { readFile } from 'node:fs/promises';
import type { ResolvedHost } from '../fleet/hosts.ts';
import type { Host } from '../hypervisor/port.ts';
import { ownCertificates } from './certificates.ts';
import { compareHosts } from './comparison.ts';
import type { Finding } from './finding.ts';
import { clashes, examineHost, findingsAt } from './hosts.ts';
import { probeFleet } from './probe.ts';
import { probeFindings, unprobed, withoutSeen } from './probe-report.ts';
import type { Probing } from './probing.ts';
import { examineWays } from './ways.ts';

const userfaultfd = '/proc/sys/vm/unprivileged_userfaultfd';

/**
 * Looks at all hosts, one by one and together, from this machine. Changes nothing, unless it is to send
 * probe guests around, of which none is left.
 */
export async function examineFleet(
  hosts: readonly ResolvedHost[],
  hostAt: (host: ResolvedHost) => Host,
  probing?: Probing,
): Promise<readonly Finding[]> {
  const examined = await Promise.all(hosts.map((host) => examineHost(host, hostAt(host))));
  const ways = await Promise.all(hosts.map(examineWays));
  const answering = examined.filter(({ facts }) => facts !== undefined);
  const compared = await compareHosts(answering, hostAt);
  const local = await Promise.all(hosts.filter(isLocal).map(examineKernel));
  const probed =
    probing === undefined
      ? unprobed(hosts.map(({ name }) => name))
      : probeFindings(await probeFleet(hosts, hostAt, probing));
  // What a guest met counts for more than what a setting says.
  const settings = local.filter((one) => !probed.some((seen) => isAbout(seen, one)));
  const looked = [
    ...examined.flatMap(({ findings }, index) => [...findings, ...(ways[index] ?? [])]),
    ...(await ownCertificates(hosts)),
    ...clashes(examined),
    ...compared,
  ];
  const told = [...settings, ...probed];
  return [...withoutSeen(looked, told), ...told];
}

function isAbout(seen: Finding, { check, where }: Finding): boolean {
  return seen.check === check && seen.where === where;
}

/** Whether its URI is this machine's own. */
function isLocal({ uri }: ResolvedHost): boolean {
  return /^[a-z]+(\+unix)?:\/\/\//i.test(uri);
}

/** Whether QEMU, where it does not run as root, may serve pages from afar. */
async function examineKernel({ name }: ResolvedHost): Promise<Finding> {
  const found = findingsAt(name);
  try {
    const value = (await readFile(userfaultfd, 'utf8')).trim();
    if (value === '1') return found('ok', 'userfaultfd', 'open to every user');
    return {
      ...found('warning', 'userfaultfd', `${userfaultfd} is ${value}`),
      hint: 'Post-copy to this host works only where QEMU runs as root: sysctl vm.unprivileged_userfaultfd=1',
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return found('unseen', 'userfaultfd', `what the kernel allows: ${why}`);
  }
}
