import * as fc from 'fast-check';
import { slaClasses } from '../../policy/vocabulary.ts';
import { type Host, type Inventory, plainHost, type Vm } from '../inventory.ts';

export const gib = 2 ** 30;

/** A host that can do everything, but for what is said. */
export function hostOf(name: string, said: Partial<Host> = {}): Host {
  return {
    name,
    memoryBytes: 16 * gib,
    vcpus: 16,
    vcpuOvercommit: 1,
    ...plainHost,
    bandwidthBytesPerSecond: 100e6,
    maxOutgoing: undefined,
    maxIncoming: undefined,
    link: undefined,
    postCopy: true,
    draining: false,
    ...said,
  };
}

/** A small idle VM, but for what is said. */
export function vmOf(name: string, host: string, said: Partial<Vm> = {}): Vm {
  const memoryBytes = said.memoryBytes ?? 4 * gib;
  return {
    name,
    host,
    memoryBytes,
    touchedBytes: memoryBytes / 2,
    vcpus: 1,
    hugePages: undefined,
    workingSet: undefined,
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
    ...said,
  };
}

export function inventoryOf(hosts: readonly Host[], vms: readonly Vm[]): Inventory {
  const limits = { maxAtOnce: undefined, maxOutgoing: undefined, maxIncoming: undefined };
  return { hosts, links: [], vms, limits };
}

export interface Size {
  readonly hosts: number;
  readonly vms: number;
}

const rarely = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(one, { freq: 3, nil: undefined });
const few = (...words: readonly string[]): fc.Arbitrary<string[]> =>
  fc.subarray([...words], { maxLength: 1 });

const hostArbitrary = fc.record({
  memoryBytes: fc.integer({ min: 4, max: 16 }).map((n) => n * gib),
  vcpus: fc.integer({ min: 2, max: 8 }),
  vcpuOvercommit: fc.constantFrom(1, 2),
  hugePageBytes: fc.constantFrom({}, {}, { '2 MiB': 4 * gib }),
  cpuModels: rarely(fc.constantFrom(['a'], ['a', 'b'])).map((found) => found ?? undefined),
  storage: fc.constantFrom(['s', 't'], ['s', 't'], ['s']),
  tags: few('gpu'),
  bandwidthBytesPerSecond: fc.constantFrom(50e6, 100e6, 1e9),
  maxOutgoing: rarely(fc.integer({ min: 1, max: 3 })),
  maxIncoming: rarely(fc.integer({ min: 1, max: 3 })),
  link: rarely(fc.constantFrom('r1', 'r2')),
  postCopy: fc.boolean(),
});

const vmArbitrary = (hosts: number): fc.Arbitrary<Partial<Vm> & { readonly place: number }> =>
  fc.record({
    place: fc.nat({ max: hosts - 1 }),
    memoryBytes: fc.integer({ min: 1, max: 6 }).map((n) => n * gib),
    vcpus: fc.integer({ min: 1, max: 2 }),
    hugePages: fc.constantFrom(undefined, undefined, undefined, undefined, '2 MiB'),
    workingSet: rarely(
      fc.record({
        rateBytesPerSecond: fc.integer({ min: 1, max: 200 }).map((n) => n * 1e6),
        setBytes: fc.integer({ min: 10, max: 900 }).map((n) => n * 1e6),
        errorShare: fc.constant(0.1),
      }),
    ),
    slaClass: fc.constantFrom(...slaClasses),
    cpuModel: fc.constantFrom(undefined, undefined, undefined, 'a', 'b'),
    storage: fc.constantFrom([], ['s'], ['s'], ['t']),
    affinity: few('pair', 'twin'),
    antiAffinity: few('x', 'y'),
    needsTags: fc.constantFrom([], [], [], [], [], ['gpu']),
    avoidsTags: fc.constantFrom([], [], [], [], ['gpu']),
    pinnedTo: fc.constantFrom(undefined, undefined, undefined, undefined, ['h0', 'h1']),
  });

/** Random fleets, tight ones among them. A host may hold more than it should: that is how fleets are. */
export function fleets(size: Size): fc.Arbitrary<Inventory> {
  return fc.integer({ min: 2, max: size.hosts }).chain((count) =>
    fc
      .record({
        hosts: fc.array(hostArbitrary, { minLength: count, maxLength: count }),
        vms: fc.array(vmArbitrary(count), { minLength: 1, maxLength: size.vms }),
        racks: fc.array(rarely(fc.constantFrom(80e6, 500e6)), { minLength: 2, maxLength: 2 }),
        maxAtOnce: rarely(fc.integer({ min: 1, max: 4 })),
      })
      .map(({ hosts, vms, racks, maxAtOnce }) => ({
        hosts: hosts.map((host, index) => hostOf(`h${index}`, host)),
        links: racks.map((rate, index) => ({
          name: `r${index + 1}`,
          bandwidthBytesPerSecond: rate,
          maxAtOnce: undefined,
        })),
        vms: vms.map(({ place, ...vm }, index) => vmOf(`v${index}`, `h${place}`, vm)),
        limits: { maxAtOnce, maxOutgoing: undefined, maxIncoming: undefined },
      })),
  );
}
