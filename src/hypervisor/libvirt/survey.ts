import { type Element, XMLSerializer } from '@xmldom/xmldom';
import type { Connection } from '../../libvirt/index.ts';
import type { HostSurvey } from '../port.ts';
import { unless } from './errors.ts';
import { compressionOf, parallelStreamsOf } from './versions.ts';
import { at, attribute, children, parseXml, textOf } from './xml.ts';

/** See HostSurvey. Two documents and two versions, whatever the host has. */
export async function surveyOf(connection: Connection): Promise<HostSurvey> {
  const [capabilities, usual, libvirt, qemu] = await Promise.all([
    connection.capabilities(),
    connection.domainCapabilities(),
    connection.libvirtVersion(),
    connection.hypervisorVersion(),
  ]);
  return {
    ...readSurvey(capabilities, usual),
    parallelStreams: parallelStreamsOf(libvirt, qemu),
    compression: compressionOf(libvirt, qemu),
  };
}

/** From the host's capabilities and from those that a domain has when nothing is said of its kind. */
export function readSurvey(
  capabilities: string,
  usual: string,
): Pick<HostSurvey, 'architecture' | 'accelerator' | 'machineTypes' | 'cpu'> {
  const domain = parseXml(usual);
  const architecture = textOf(at(domain, 'arch'));
  return {
    architecture,
    accelerator: textOf(at(domain, 'domain')) === 'kvm' ? 'kvm' : 'emulation',
    machineTypes: machineTypesOf(parseXml(capabilities), architecture),
    cpu: cpuOf(domain),
  };
}

/**
 * The host's answer, where it has one. Libvirt compares with the CPU that it gives to guests, by KVM
 * where there is KVM.
 */
export async function offersCpu(connection: Connection, definition: string): Promise<boolean> {
  const verdict = await unless(['cpu-incompatible'], () => connection.compareCpu(definition));
  return verdict === 'identical' || verdict === 'superset';
}

/** An alias names its `canonical` type; what has no family is one of a kind, and x- is on trial. */
function machineTypesOf(capabilities: Element, architecture: string): readonly string[] {
  const guest = children(capabilities, 'guest').find(
    (one) => attribute(at(one, 'arch'), 'name') === architecture,
  );
  const own = at(guest, 'arch');
  const machines = [own, ...children(own, 'domain')].flatMap((from) => children(from, 'machine'));
  const names = machines
    .filter((machine) => attribute(machine, 'canonical') === undefined)
    .map(textOf)
    .filter((name) => name.includes('-') && !name.startsWith('x-'));
  return [...new Set(names)].toSorted();
}

/** The mode `host-model`, said as the definition of a CPU: what such a guest would get here. */
function cpuOf(domain: Element): HostSurvey['cpu'] {
  const mode = children(at(domain, 'cpu'), 'mode').find(
    (one) => attribute(one, 'name') === 'host-model' && attribute(one, 'supported') === 'yes',
  );
  const model = textOf(at(mode, 'model'));
  if (mode === undefined || model === '') return undefined;
  const parts = children(mode).map((part) => new XMLSerializer().serializeToString(part));
  return { model, definition: `<cpu mode="custom" match="exact">${parts.join('')}</cpu>` };
}
