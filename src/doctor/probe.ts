import { DroverError } from '../errors/catalogue.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import type { Host } from '../hypervisor/port.ts';
import type { Finding } from './finding.ts';
import { findingsAt } from './hosts.ts';
import { kindFor } from './kind.ts';
import { isLeftOver } from './left-over.ts';
import type { ProbeReport } from './probe-report.ts';
import { type Absent, isPlace, type Place, type Probing } from './probing.ts';
import { Round } from './round.ts';

type Opened = Pick<Place, 'resolved' | 'host'>;

/**
 * Sends a guest of its own by every way from host to host, one after the other, and reads each host's
 * clock by it. Whatever happens, in the end no such guest is left, as far as the hosts answer.
 */
export async function probeFleet(
  hosts: readonly ResolvedHost[],
  hostAt: (host: ResolvedHost) => Host,
  probing: Probing,
): Promise<ProbeReport> {
  const opened = hosts.map((resolved) => ({ resolved, host: hostAt(resolved) }));
  try {
    const tidied = (await Promise.all(opened.map((one) => endLeftOvers(one, probing)))).flat();
    const visited = await Promise.all(opened.map(visit));
    const places = visited.filter(isPlace);
    const round = new Round(visited, kindFor(places.map(({ survey }) => survey)), probing);
    let left: readonly Finding[] = [];
    try {
      await round.walk();
    } finally {
      // Half-way through a migration there may be one on each side.
      left = (await Promise.all(places.map((one) => endOwn(one, probing)))).flat();
    }
    return { ...round.seen, besides: [...tidied, ...left] };
  } finally {
    await Promise.all(opened.map(({ host }) => host.close()));
  }
}

async function visit({ resolved, host }: Opened): Promise<Place | Absent> {
  const { name, arrivals } = resolved;
  if (arrivals?.allowed === false) return { resolved, because: arrivals.because };
  try {
    const [facts, survey] = await Promise.all([host.facts(), host.survey()]);
    return { resolved, host, facts, survey };
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    return { resolved, because: `${name} does not answer` };
  }
}

/** What earlier runs left behind when they were killed. On hosts that take no VM in, too. */
async function endLeftOvers(
  { resolved, host }: Opened,
  { mark: { machine }, lives, wallMs }: Probing,
): Promise<readonly Finding[]> {
  const found = findingsAt(resolved.name);
  try {
    const looker = { machine, lives, nowMs: wallMs() };
    return await Promise.all(
      (await host.probes()).map(async ({ uuid, name, mark }) => {
        if (!isLeftOver(mark, looker))
          return found('ok', 'probe', `${name} of another run (${mark.machine}) is left to it`);
        await host.endProbe(uuid);
        return found('ok', 'probe', `${name} was left behind by an earlier run, and is ended`);
      }),
    );
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    return error.code === 'host.unreachable' ? [] : [notEnded(resolved, error)];
  }
}

async function endOwn(
  { resolved, host }: Opened,
  { mark: { run } }: Probing,
): Promise<readonly Finding[]> {
  try {
    const own = (await host.probes()).filter(({ mark }) => mark.run === run);
    await Promise.all(own.map(({ uuid }) => host.endProbe(uuid)));
    return [];
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    return [notEnded(resolved, error)];
  }
}

function notEnded({ name }: ResolvedHost, { message }: DroverError): Finding {
  return {
    ...findingsAt(name)('warning', 'probe', `a probe guest may be left there: ${message}`),
    hint: 'The next drover doctor --probe ends it, as does virsh destroy: its name begins with drover-probe-.',
  };
}
