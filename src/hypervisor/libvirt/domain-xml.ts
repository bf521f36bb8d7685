import type { Element } from '@xmldom/xmldom';
import { probeMark } from './probe.ts';
import { at, attribute, children, parseXml, textOf } from './xml.ts';

/** What a domain's definition says about its migration. */
export interface DomainDefinition {
  readonly memoryBytes: number;
  readonly virtualCpus: number;
  readonly machineType: string;
  readonly architecture: string;
  /** `kvm`, `qemu`, ... */
  readonly virtualisation: string;
  readonly emulator: string | undefined;
  /** The guest's CPU as XML, to ask a host about; `undefined` where the definition has none. */
  readonly cpuMode: string | undefined;
  readonly cpuModel: string | undefined;
  readonly immovable: readonly string[];
  readonly postCopyObstacles: readonly string[];
  /** What could stop it and can only be seen by trying, in words. */
  readonly doubts: readonly string[];
  /** It is a guest of Drover's own, and no VM of the fleet. */
  readonly probe: boolean;
}

/** Libvirt's units of memory in bytes; it writes KiB and reads all of these. */
const memoryUnits: Readonly<Record<string, number>> = {
  b: 1,
  bytes: 1,
  KB: 1e3,
  KiB: 2 ** 10,
  k: 2 ** 10,
  MB: 1e6,
  MiB: 2 ** 20,
  M: 2 ** 20,
  GB: 1e9,
  GiB: 2 ** 30,
  G: 2 ** 30,
};
const largestPlainHugePage = 2 ** 30;

export function readDomainXml(xml: string): DomainDefinition {
  const domain = parseXml(xml);
  const type = at(domain, 'os', 'type');
  const cpu = at(domain, 'cpu');
  return {
    memoryBytes: memoryBytes(at(domain, 'currentMemory') ?? at(domain, 'memory')),
    virtualCpus: Number(textOf(at(domain, 'vcpu'))) || 1,
    machineType: attribute(type, 'machine') ?? '',
    architecture: attribute(type, 'arch') ?? '',
    virtualisation: attribute(domain, 'type') ?? '',
    emulator: textOf(at(domain, 'devices', 'emulator')) || undefined,
    cpuMode: attribute(cpu, 'mode'),
    cpuModel: textOf(at(cpu, 'model')) || undefined,
    immovable: [...immovableDevices(domain), ...immovableCpu(domain)],
    postCopyObstacles: postCopyObstacles(domain),
    doubts: doubts(domain),
    probe: probeMark(domain) !== undefined,
  };
}

function memoryBytes(element: Element | undefined): number {
  return Number(textOf(element)) * (memoryUnits[attribute(element, 'unit') ?? 'KiB'] ?? 1024);
}

function immovableDevices(domain: Element): string[] {
  return children(at(domain, 'devices')).flatMap((device) => {
    const because = immovableBecause(device);
    return because === undefined ? [] : [because];
  });
}

function immovableBecause(device: Element): string | undefined {
  const type = attribute(device, 'type') ?? '';
  switch (device.localName ?? '') {
    case 'hostdev':
      return `a host device is passed through to it (${deviceName(device)})`;
    case 'interface':
      return type === 'hostdev' && !leavesForMigration(device)
        ? `a host network device is passed through to it (${macOf(device)})`
        : undefined;
    case 'filesystem':
      return `a directory of the host is shared into it (${attribute(at(device, 'target'), 'dir') ?? 'unnamed'})`;
    case 'disk':
      return immovableDisk(device, type);
    case 'shmem':
      return attribute(device, 'role') === 'master'
        ? undefined
        : `it shares memory with other guests (${attribute(device, 'name') ?? 'unnamed'})`;
    case 'tpm':
      return attribute(at(device, 'backend'), 'type') === 'passthrough'
        ? "the host's TPM is passed through to it"
        : undefined;
    default:
      return undefined;
  }
}

function immovableDisk(disk: Element, type: string): string | undefined {
  const name = targetOf(disk);
  if (at(disk, 'mirror') !== undefined) return `a block job copies its disk ${name}`;
  if (type === 'nvme') return `its disk ${name} is an NVMe device of the host`;
  if (type === 'dir') return `its disk ${name} is a directory of the host`;
  return undefined;
}

function immovableCpu(domain: Element): string[] {
  const found: string[] = [];
  if (at(domain, 'launchSecurity') !== undefined) {
    found.push('its memory is encrypted by this very machine (launch security)');
  }
  const invariant = children(at(domain, 'cpu'), 'feature').some(
    (feature) =>
      attribute(feature, 'name') === 'invtsc' && attribute(feature, 'policy') === 'require',
  );
  const fixedRate = children(at(domain, 'clock'), 'timer').some(
    (timer) => attribute(timer, 'name') === 'tsc' && attribute(timer, 'frequency') !== undefined,
  );
  if (invariant && !fixedRate) {
    found.push('it was promised an invariant time stamp counter (invtsc) without a fixed rate');
  }
  return found;
}

function postCopyObstacles(domain: Element): string[] {
  const backing = at(domain, 'memoryBacking');
  const found: string[] = [];
  const pages = children(at(backing, 'hugepages'), 'page').map((page) => {
    const unit = memoryUnits[attribute(page, 'unit') ?? 'KiB'] ?? 1024;
    return Number(attribute(page, 'size')) * unit;
  });
  if (pages.some((bytes) => bytes >= largestPlainHugePage)) {
    found.push('it has 1 GiB pages, and would stand still for each one that is fetched');
  }
  if (attribute(at(backing, 'source'), 'type') === 'file') {
    found.push('its memory is backed by files, which cannot be filled page by page');
  }
  return found;
}

/** What only libvirt sees when it starts, or only the guest afterwards. */
function doubts(domain: Element): string[] {
  const found = children(at(domain, 'devices'), 'disk')
    .filter(isOfThisHost)
    .map((disk) => `whether both hosts share the storage of its disk ${targetOf(disk)}`);
  if (attribute(at(domain, 'cpu'), 'mode') === 'host-passthrough') {
    found.push("whether both hosts have the same CPU: it was given all of its host's");
  }
  return found;
}

function isOfThisHost(disk: Element): boolean {
  const type = attribute(disk, 'type');
  const stored = type === 'file' || type === 'block' || type === 'volume';
  return stored && at(disk, 'source') !== undefined;
}

function leavesForMigration(device: Element): boolean {
  return attribute(at(device, 'teaming'), 'type') === 'transient';
}

function deviceName(device: Element): string {
  const mode = attribute(device, 'mode') ?? 'subsystem';
  const type = attribute(device, 'type') ?? 'unknown';
  const alias = attribute(at(device, 'alias'), 'name');
  return alias === undefined ? `${mode} ${type}` : `${type}, ${alias}`;
}

function macOf(device: Element): string {
  return attribute(at(device, 'mac'), 'address') ?? 'no address';
}

function targetOf(disk: Element): string {
  return attribute(at(disk, 'target'), 'dev') ?? 'unnamed';
}
