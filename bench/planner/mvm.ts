import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Host, type Inventory, plainHost, type Vm } from '../../src/planner/inventory.ts';
import type { Wanted } from '../../src/planner/wanted.ts';

/** What is to be planned, and the class of instances that it belongs to. */
export interface Instance {
  readonly group: string;
  readonly name: string;
  readonly inventory: Inventory;
  readonly wanted: Wanted;
}

const numbers = z.record(z.string(), z.number());
const running = z.object({ runningVMs: z.array(z.number()) });
const view = z.looseObject({
  id: z.string(),
  rcId: z.string().optional(),
  nodes: numbers.optional(),
  vms: numbers.optional(),
  links: z
    .array(
      z.object({
        capacity: z.number(),
        switch: z.number(),
        physicalElement: z.object({ id: z.number(), type: z.string() }),
      }),
    )
    .optional(),
});
const guest = z.looseObject({
  memUsed: z.number(),
  hotDirtySize: z.number().default(0),
  hotDirtyDuration: z.number().default(1),
  coldDirtyRate: z.number().default(0),
});
const instanceSchema = z.object({
  model: z.object({
    mapping: z.object({ onlineNodes: z.record(z.string(), running) }),
    attributes: z.object({ vms: z.record(z.string(), guest) }),
    views: z.array(view),
  }),
  constraints: z.array(
    z.looseObject({
      id: z.string(),
      vm: z.number().optional(),
      nodes: z.array(z.number()).optional(),
    }),
  ),
});
type Parsed = z.output<typeof instanceSchema>;

/** Capacities are Mbit/s and memory is MB in these files. */
const bytesPerMbit = 125_000;
const mb = 1e6;
const gb = 2 ** 30;

/** Every instance below a folder of BtrPlace's mVM instances; files of another form are passed over. */
export async function readInstances(folder: string): Promise<readonly Instance[]> {
  const files = await readdir(folder, { recursive: true });
  const found: Instance[] = [];
  for (const file of files.filter((name) => name.endsWith('.json')).toSorted()) {
    const json: unknown = JSON.parse(await readFile(join(folder, file), 'utf8'));
    const parsed = instanceSchema.safeParse(json);
    if (!parsed.success) continue;
    const group = file.slice(0, file.lastIndexOf('/'));
    found.push({ group, name: file, ...instanceOf(parsed.data) });
  }
  return found;
}

function instanceOf(parsed: Parsed): Pick<Instance, 'inventory' | 'wanted'> {
  const targets: Record<string, string> = {};
  for (const { id, vm, nodes } of parsed.constraints) {
    const [node, ...others] = nodes ?? [];
    if (id === 'fence' && vm !== undefined && node !== undefined && others.length === 0)
      targets[`vm${vm}`] = `n${node}`;
  }
  const links = parsed.model.views.find(({ id }) => id === 'net')?.links ?? [];
  const uplinks = links.filter(({ physicalElement }) => physicalElement.type === 'switch');
  return {
    inventory: {
      hosts: hostsOf(parsed, links),
      links: uplinks.map(({ physicalElement, capacity }) => ({
        name: `s${physicalElement.id}`,
        bandwidthBytesPerSecond: capacity * bytesPerMbit,
        maxAtOnce: undefined,
      })),
      vms: vmsOf(parsed),
      limits: { maxAtOnce: undefined, maxOutgoing: undefined, maxIncoming: undefined },
    },
    wanted: { drain: [], targets, importance: 'high' },
  };
}

function amounts(
  { model }: Parsed,
  resource: string,
): Pick<z.output<typeof view>, 'nodes' | 'vms'> {
  return model.views.find(({ rcId }) => rcId === resource) ?? {};
}

function hostsOf(parsed: Parsed, links: NonNullable<z.output<typeof view>['links']>): Host[] {
  const [memory, cpu] = [amounts(parsed, 'mem').nodes ?? {}, amounts(parsed, 'cpu').nodes ?? {}];
  const card = new Map(
    links
      .filter(({ physicalElement }) => physicalElement.type === 'node')
      .map((link) => [link.physicalElement.id, link]),
  );
  return Object.entries(memory).map(([node, size]) => ({
    name: `n${node}`,
    memoryBytes: size * gb,
    vcpus: cpu[node] ?? 0,
    vcpuOvercommit: 1,
    ...plainHost,
    bandwidthBytesPerSecond: (card.get(Number(node))?.capacity ?? 1_000) * bytesPerMbit,
    maxOutgoing: undefined,
    maxIncoming: undefined,
    link: `s${card.get(Number(node))?.switch ?? 0}`,
    postCopy: true,
    draining: false,
  }));
}

function vmsOf(parsed: Parsed): Vm[] {
  const [memory, cpu] = [amounts(parsed, 'mem').vms ?? {}, amounts(parsed, 'cpu').vms ?? {}];
  const { mapping, attributes } = parsed.model;
  return Object.entries(mapping.onlineNodes).flatMap(([node, { runningVMs }]) =>
    runningVMs.map((vm): Vm => {
      const one = attributes.vms[vm];
      const hotRate = one === undefined ? 0 : one.hotDirtySize / one.hotDirtyDuration;
      const used = one?.memUsed ?? 0;
      return {
        name: `vm${vm}`,
        host: `n${node}`,
        memoryBytes: (memory[vm] ?? 0) * gb,
        touchedBytes: used * mb,
        vcpus: cpu[vm] ?? 0,
        hugePages: undefined,
        workingSet: {
          rateBytesPerSecond: (hotRate + (one?.coldDirtyRate ?? 0)) * mb,
          setBytes: (one?.hotDirtySize ?? 0) * mb + (one?.coldDirtyRate ?? 0) * coldSeconds * mb,
          errorShare: 0,
        },
        slaClass: 'pet',
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
    }),
  );
}

/** For how long the slow writes of these guests are taken to reach new memory. */
const coldSeconds = 30;
