import { XMLSerializer } from '@xmldom/xmldom';
import { type Connection, type GuestKind, LibvirtError } from '../../libvirt/index.ts';
import { formatBytes } from '../../units/format.ts';
import type { ArrivalProblem, DomainFacts } from '../port.ts';
import { type DomainDefinition, readDomainXml } from './domain-xml.ts';
import { unless } from './errors.ts';
import { at, attribute, children, parseXml, textOf } from './xml.ts';

/** Every reason why the host could not run the domain. Asks, and changes nothing. */
export async function judgeArrival(
  connection: Connection,
  host: string,
  domain: DomainFacts,
): Promise<readonly ArrivalProblem[]> {
  const definition = readDomainXml(domain.definition);
  const judgements = await Promise.all([
    judgeNames(connection, host, domain),
    judgeMemory(connection, host, domain),
    judgeHardware(connection, host, domain, definition),
  ]);
  return judgements.flat();
}

/** About the CPU only a host can be asked that runs such machines at all. */
async function judgeHardware(
  connection: Connection,
  host: string,
  domain: DomainFacts,
  definition: DomainDefinition,
): Promise<ArrivalProblem[]> {
  const problems = await judgeMachine(connection, host, definition);
  return problems.length > 0 ? problems : judgeCpu(connection, host, domain, definition);
}

/** Memory that a new guest could have: what only caches files is given up for it. */
export async function availableMemoryBytes(connection: Connection): Promise<number> {
  const stats = await connection.nodeMemoryStats();
  return (stats.freeBytes ?? 0) + (stats.buffersBytes ?? 0) + (stats.cachedBytes ?? 0);
}

async function judgeNames(
  connection: Connection,
  host: string,
  { name, uuid }: DomainFacts,
): Promise<ArrivalProblem[]> {
  const [namesake, twin] = await Promise.all([
    unless(['no-domain'], () => connection.lookupByName(name)),
    unless(['no-domain'], () => connection.lookupByUuid(uuid)),
  ]);
  if (namesake !== undefined && namesake.uuid !== uuid) {
    return [taken(`${host} has another VM of the name ${name}`)];
  }
  if (twin === undefined) return [];
  if (twin.name !== name) return [taken(`${host} has ${twin.name} with the same UUID`)];
  const { state } = await twin.state();
  // An inactive definition of the very same domain is what a persistent migration replaces.
  return state === 'shut-off' ? [] : [taken(`${host} runs ${name} already (${state})`)];
}

async function judgeMemory(
  connection: Connection,
  host: string,
  domain: DomainFacts,
): Promise<ArrivalProblem[]> {
  const available = await availableMemoryBytes(connection);
  if (available >= domain.memoryBytes) return [];
  const message = `${host} has ${formatBytes(available)} of memory left, and ${domain.name} has ${formatBytes(domain.memoryBytes)}`;
  return [{ code: 'memory', message }];
}

async function judgeMachine(
  connection: Connection,
  host: string,
  definition: DomainDefinition,
): Promise<ArrivalProblem[]> {
  try {
    const capabilities = await connection.domainCapabilities(guestKind(definition));
    return judgeModel(capabilities, host, definition);
  } catch (error) {
    if (!(error instanceof LibvirtError)) throw error;
    const wanted = `${definition.machineType} on ${definition.architecture} (${definition.virtualisation})`;
    return [{ code: 'machine', message: `${host} does not run ${wanted}: ${error.message}` }];
  }
}

/** The emulator is left to the host: its path may differ from the source's. */
function guestKind({ architecture, machineType, virtualisation }: DomainDefinition): GuestKind {
  return { architecture, machine: machineType, virtType: virtualisation };
}

/**
 * Whether the host's QEMU knows the CPU model; whether it can keep its word is asked below. To parse `capabilities` takes
 * 12 ms: it is done only for a guest that names a model.
 */
function judgeModel(
  capabilities: string,
  host: string,
  { cpuMode, cpuModel }: DomainDefinition,
): ArrivalProblem[] {
  if (cpuMode !== 'custom' || cpuModel === undefined) return [];
  const modes = children(at(parseXml(capabilities), 'cpu'), 'mode');
  const custom = modes.find((mode) => attribute(mode, 'name') === 'custom');
  const known = children(custom, 'model').map(textOf);
  if (known.includes(cpuModel)) return [];
  return [{ code: 'cpu', message: `${host} does not know the CPU model ${cpuModel}` }];
}

/** A guest under KVM needs a CPU that has all that it was promised; emulation brings its own. */
async function judgeCpu(
  connection: Connection,
  host: string,
  domain: DomainFacts,
  definition: DomainDefinition,
): Promise<ArrivalProblem[]> {
  if (definition.virtualisation !== 'kvm' || definition.cpuMode !== 'custom') return [];
  const cpu = at(parseXml(domain.definition), 'cpu');
  if (cpu === undefined) return [];
  const verdict = await unless(['no-support', 'cpu-incompatible'], () =>
    connection.compareCpu(new XMLSerializer().serializeToString(cpu), guestKind(definition)),
  );
  if (verdict !== 'incompatible') return [];
  const message = `The CPU of ${host} lacks features that ${domain.name} was started with (${definition.cpuModel ?? 'its CPU'})`;
  return [{ code: 'cpu', message }];
}

function taken(message: string): ArrivalProblem {
  return { code: 'taken', message };
}
