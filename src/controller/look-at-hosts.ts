import type { Config } from '../fleet/config.ts';
import { resolveHost } from '../fleet/hosts.ts';
import { standingOf } from '../fleet/rules.ts';
import type { DomainSummary } from '../hypervisor/port.ts';
import type { VmRow } from '../store/rows.ts';
import type { BusyWatch } from './busy.ts';
import type { World } from './world.ts';

/** A host that does not answer within this time is passed over, ms. */
const answerMs = 10_000;

/** What one host was seen to have; `undefined`: it did not answer. */
export interface HostSeen {
  readonly host: string;
  readonly at: number;
  readonly vms: readonly VmRow[] | undefined;
}

/** How hosts are looked at. */
export interface Looking {
  readonly config: Config;
  readonly world: World;
  /** UUIDs of the VMs that are Drover's to move; a migration of any other is somebody else's. */
  readonly moving: ReadonlySet<string>;
  readonly busy: BusyWatch;
}

/** Looks at hosts, all at once. */
export async function lookAtHosts(
  names: readonly string[],
  looking: Looking,
): Promise<readonly HostSeen[]> {
  looking.busy.forgetOld(looking.world.wallMs());
  return Promise.all(names.map((name) => lookAt(name, looking)));
}

async function lookAt(name: string, looking: Looking): Promise<HostSeen> {
  const { config, world } = looking;
  const host = world.hostAt(resolveHost(config, name), () => undefined);
  const enough = new AbortController();
  const late = world.clock.sleep(answerMs, enough.signal).then(() => undefined);
  try {
    // A host that cannot be asked is told as silent: whoever looks wants the others, too.
    const domains = await Promise.race([host.domains().catch(() => undefined), late]);
    const seenAt = world.wallMs();
    const vms = domains
      ?.filter(({ arriving }) => !arriving)
      .map((domain) => vmOf(domain, name, seenAt, looking));
    return { host: name, at: seenAt, vms };
  } finally {
    // A process that ends would wait for it.
    enough.abort();
    await host.close();
  }
}

function vmOf(
  domain: DomainSummary,
  host: string,
  seenAt: number,
  { config, moving, busy }: Looking,
): VmRow {
  const { uuid, name, state, memoryBytes, virtualCpus, cpuMs, tags, outgoingJob } = domain;
  const { slaClass } = standingOf(config, name, tags);
  const foreignJob = outgoingJob && !moving.has(uuid);
  const busyShare =
    cpuMs === undefined ? undefined : busy.share({ host, uuid, virtualCpus, cpuMs, atMs: seenAt });
  const size = { memoryBytes, virtualCpus };
  return {
    uuid,
    name,
    host,
    state,
    ...size,
    busyShare,
    slaClass,
    foreignJob,
    split: false,
    seenAt,
  };
}
