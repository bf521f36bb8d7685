import { type Random, randomFrom } from '../../src/hypervisor/simulated-random.ts';
import { type Host, plainHost, type Vm } from '../../src/planner/inventory.ts';
import { slaClasses } from '../../src/policy/vocabulary.ts';
import type { Instance } from './mvm.ts';

const gib = 2 ** 30;
const hostsPerRack = 20;
/** A rack's cards together carry so many times what its uplink does. */
const oversubscription = 4;
const cardBytesPerSecond = 0.941 * 3.125e9;

/**
 * Sizes of VMs and how common they are. The shape is that of published fleets (Cortez et al., Resource
 * Central, SOSP 2017: most VMs have one or two cores and little memory, few are large); the shares
 * themselves are our own round figures.
 */
const sizes = [
  { share: 0.45, vcpus: 2, memoryGib: 4 },
  { share: 0.25, vcpus: 2, memoryGib: 8 },
  { share: 0.18, vcpus: 4, memoryGib: 16 },
  { share: 0.09, vcpus: 8, memoryGib: 32 },
  { share: 0.03, vcpus: 16, memoryGib: 64 },
] as const;

/** A fleet of racks, of which every tenth host is to be emptied. */
export function fleetInstance(vms: number, hosts: number, seed: number): Instance {
  const random = randomFrom(seed);
  const made = Array.from({ length: hosts }, (_, index) => hostAt(index));
  const racks = Math.ceil(hosts / hostsPerRack);
  return {
    group: `fleet, ${vms} VMs on ${hosts} hosts`,
    name: `fleet-${vms}-${hosts}-${seed}`,
    inventory: {
      hosts: made,
      links: Array.from({ length: racks }, (_, rack) => ({
        name: `r${rack}`,
        bandwidthBytesPerSecond: (cardBytesPerSecond * hostsPerRack) / oversubscription,
        maxAtOnce: undefined,
      })),
      vms: Array.from({ length: vms }, (_, index) => vmAt(index, hosts, random)),
      limits: { maxAtOnce: undefined, maxOutgoing: undefined, maxIncoming: undefined },
    },
    wanted: {
      drain: made.filter((_, index) => index % 10 === 0).map(({ name }) => name),
      importance: 'high',
    },
  };
}

function hostAt(index: number): Host {
  return {
    name: `h${index}`,
    memoryBytes: 512 * gib,
    vcpus: 64,
    vcpuOvercommit: 4,
    ...plainHost,
    bandwidthBytesPerSecond: cardBytesPerSecond,
    maxOutgoing: undefined,
    maxIncoming: undefined,
    link: `r${Math.floor(index / hostsPerRack)}`,
    postCopy: true,
    draining: false,
  };
}

function vmAt(index: number, hosts: number, random: Random): Vm {
  const size = drawnSize(random());
  const memoryBytes = size.memoryGib * gib;
  const touchedBytes = memoryBytes * (0.3 + 0.6 * random());
  return {
    name: `vm${index}`,
    host: `h${Math.floor(random() * hosts)}`,
    memoryBytes,
    touchedBytes,
    vcpus: size.vcpus,
    hugePages: undefined,
    // Most guests write slowly, a few very fast.
    workingSet: {
      rateBytesPerSecond: 1e6 * 10 ** (3 * random()),
      setBytes: touchedBytes * (0.01 + 0.1 * random()),
      errorShare: 0.1,
    },
    slaClass: slaClasses[random() < 0.3 ? 0 : random() < 0.85 ? 1 : 2] ?? 'pet',
    cpuModel: undefined,
    machineType: undefined,
    storage: [],
    networks: [],
    affinity: [],
    antiAffinity: [],
    pinnedTo: undefined,
    needsTags: [],
    avoidsTags: [],
    moving: undefined,
  };
}

function drawnSize(drawn: number): (typeof sizes)[number] {
  let sum = 0;
  for (const size of sizes) {
    sum += size.share;
    if (drawn < sum) return size;
  }
  return sizes[0];
}
