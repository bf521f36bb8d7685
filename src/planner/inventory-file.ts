import { z } from 'zod';
import { slaClasses } from '../policy/vocabulary.ts';
import { parseSize } from '../units/size.ts';
import type { Inventory } from './inventory.ts';

const sizePattern = /^\d+(\.\d+)?\s*(B|KiB|MiB|GiB|TiB)$/;
const ratePattern = /^\d+(\.\d+)?\s*(B|KiB|MiB|GiB|TiB)\/s$/;
const size = z
  .string()
  .regex(sizePattern, { error: 'expected a size such as 64 GiB' })
  .transform((text) => parseSize(text) ?? 0);
const rate = z
  .string()
  .regex(ratePattern, { error: 'expected a rate such as 500 MiB/s' })
  .transform((text) => parseSize(text.trim().slice(0, -2)) ?? 0)
  .refine((bytes) => bytes > 0, { error: 'expected a rate above 0' });
const atOnce = z.int().min(1);
const words = z.array(z.string().min(1));

const hostSchema = z.strictObject({
  memory: size.describe('What VMs may take of its memory.'),
  vcpus: z.number().positive(),
  vcpuOvercommit: z.number().min(1).default(1).describe('vCPUs of VMs for each of its own.'),
  hugePages: z
    .record(z.string().regex(sizePattern), size)
    .default({})
    .describe('Memory set aside as huge pages, by the size of a page; it is no part of memory.'),
  cpuModels: words.optional().describe('CPU models that it can run; without it: any.'),
  machineTypes: words.optional().describe('Machine types that it can run; without it: any.'),
  storage: words.default([]).describe('Storage that it reaches.'),
  networks: words.default([]).describe('Networks that it reaches.'),
  tags: words.default([]),
  bandwidth: rate.describe('What migrations may take of its card, each way.'),
  maxOutgoing: atOnce.optional().describe('Migrations at once from it.'),
  maxIncoming: atOnce.optional().describe('Migrations at once to it.'),
  link: z.string().optional().describe('One of links: the uplink of its rack.'),
  postCopy: z.enum(['allowed', 'forbidden']).default('allowed'),
  draining: z.boolean().default(false).describe('It takes nobody in.'),
});

const linkSchema = z.strictObject({
  bandwidth: rate.optional().describe('Each way; without it the link holds nothing back.'),
  max: atOnce.optional().describe('Migrations at once that pass it.'),
});

const vmSchema = z.strictObject({
  host: z.string().describe('Where it runs.'),
  memory: size,
  touched: size.optional().describe('Memory with content; without it: all.'),
  vcpus: z.number().positive(),
  hugePages: z.string().regex(sizePattern).optional().describe('The size of its pages.'),
  writes: z
    .strictObject({
      rate: rate.describe('How fast clean memory becomes dirty.'),
      set: size.describe('Over how much memory the writes go.'),
    })
    .optional(),
  class: z.enum(slaClasses).default('pet'),
  cpuModel: z.string().optional(),
  machineType: z.string().optional(),
  storage: words.default([]).describe('Storage that its host must reach.'),
  networks: words.default([]).describe('Networks that its host must reach.'),
  affinity: words.default([]).describe('Groups of VMs that stay together where they are together.'),
  antiAffinity: words.default([]).describe('Groups of VMs of which no two are on one host.'),
  pinnedTo: words.optional().describe('The only hosts where it may run; []: it may not be moved.'),
  needsTags: words.default([]).describe('Tags that its host must have.'),
  avoidsTags: words.default([]).describe('Tags that its host must not have.'),
  moving: z
    .strictObject({ to: z.string(), left: size.describe('What is still to be carried.') })
    .optional()
    .describe('It moves already.'),
});

/** The file that `drover plan` reads: YAML or JSON. docs/inventory.schema.json is made from this. */
export const inventorySchema = z.strictObject({
  hosts: z.record(z.string(), hostSchema),
  links: z.record(z.string(), linkSchema).default({}),
  vms: z.record(z.string(), vmSchema),
  limits: z
    .strictObject({
      maxAtOnce: atOnce.optional().describe('Migrations at once in all.'),
      maxOutgoing: atOnce.optional().describe('From each host that says nothing itself.'),
      maxIncoming: atOnce.optional().describe('To each host that says nothing itself.'),
    })
    .default({}),
});

export type InventoryFile = z.output<typeof inventorySchema>;

/** What a file says, as the planner takes it. */
export function inventoryFrom(file: InventoryFile): Inventory {
  return {
    hosts: Object.entries(file.hosts).map(([name, host]) => hostFrom(name, host)),
    links: Object.entries(file.links).map(([name, { bandwidth, max }]) => ({
      name,
      bandwidthBytesPerSecond: bandwidth,
      maxAtOnce: max,
    })),
    vms: Object.entries(file.vms).map(([name, vm]) => vmFrom(name, vm)),
    limits: {
      maxAtOnce: file.limits.maxAtOnce,
      maxOutgoing: file.limits.maxOutgoing,
      maxIncoming: file.limits.maxIncoming,
    },
  };
}

function hostFrom(name: string, host: InventoryFile['hosts'][string]): Inventory['hosts'][number] {
  return {
    name,
    memoryBytes: host.memory,
    vcpus: host.vcpus,
    vcpuOvercommit: host.vcpuOvercommit,
    hugePageBytes: host.hugePages,
    cpuModels: host.cpuModels,
    machineTypes: host.machineTypes,
    storage: host.storage,
    networks: host.networks,
    tags: host.tags,
    bandwidthBytesPerSecond: host.bandwidth,
    maxOutgoing: host.maxOutgoing,
    maxIncoming: host.maxIncoming,
    link: host.link,
    postCopy: host.postCopy === 'allowed',
    draining: host.draining,
  };
}

function vmFrom(name: string, vm: InventoryFile['vms'][string]): Inventory['vms'][number] {
  const { writes, moving } = vm;
  return {
    name,
    host: vm.host,
    memoryBytes: vm.memory,
    touchedBytes: Math.min(vm.touched ?? vm.memory, vm.memory),
    vcpus: vm.vcpus,
    hugePages: vm.hugePages,
    workingSet: writes && {
      rateBytesPerSecond: writes.rate,
      setBytes: writes.set,
      errorShare: 0,
    },
    slaClass: vm.class,
    cpuModel: vm.cpuModel,
    machineType: vm.machineType,
    storage: vm.storage,
    networks: vm.networks,
    affinity: vm.affinity,
    antiAffinity: vm.antiAffinity,
    pinnedTo: vm.pinnedTo,
    needsTags: vm.needsTags,
    avoidsTags: vm.avoidsTags,
    moving: moving && { to: moving.to, leftBytes: moving.left },
  };
}
