import { tagsElement } from '../../hypervisor/metadata.ts';
import { escapeXml } from '../../hypervisor/xml-text.ts';
import type { GuestSpec } from './spec.ts';
import { workloadForGuest } from './workload.ts';

/** Where the guest's parts lie, as every host sees them: the same paths on all, so that it can move. */
export interface DomainPaths {
  readonly kernel: string;
  readonly initrd?: string;
  readonly serial: string;
  readonly control: string;
}

/**
 * The oldest machine type that the QEMU of every Debian suite from bookworm on has, and a processor
 * model without anything that one of them lacks: so guests move between hosts of all suites.
 */
const machineType = 'pc-i440fx-7.2';
const cpuModel = 'Nehalem';
const emulator = '/usr/bin/qemu-system-x86_64';

/** The definition from which libvirt creates the guest. */
export function guestDomainXml(
  spec: GuestSpec,
  paths: DomainPaths,
  accelerator: 'tcg' | 'kvm',
): string {
  const initrd = paths.initrd === undefined ? '' : `<initrd>${escapeXml(paths.initrd)}</initrd>`;
  return `<domain type='${accelerator === 'kvm' ? 'kvm' : 'qemu'}'>
  <name>${escapeXml(spec.name)}</name>
  <metadata>
    ${tagsElement({ slaClass: spec.class, never: spec.never ?? [], labels: spec.labels ?? [] })}
  </metadata>
  <memory unit='b'>${spec.memoryBytes}</memory>
  <vcpu>${spec.virtualCpus ?? 1}</vcpu>
  <os>
    <type arch='x86_64' machine='${machineType}'>hvm</type>
    <kernel>${escapeXml(paths.kernel)}</kernel>
    ${initrd}
    <cmdline>${escapeXml(guestOptions(spec))}</cmdline>
  </os>
  <features><acpi/></features>
  <cpu mode='custom' match='exact' check='none'><model fallback='forbid'>${cpuModel}</model></cpu>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>${emulator}</emulator>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
    <video><model type='none'/></video>
    <serial type='file'>
      <source path='${escapeXml(paths.serial)}' append='on'/>
      <target port='0'/>
    </serial>
    <serial type='unix'>
      <source mode='bind' path='${escapeXml(paths.control)}'/>
      <target port='1'/>
    </serial>
  </devices>
</domain>
`;
}

/** The kernel's command line: the guest's options, and behind `--` its workload. */
function guestOptions(spec: GuestSpec): string {
  const forLinux = spec.kind === 'linux' ? 'quiet panic=-1 ' : '';
  return `${forLinux}hz=${spec.heartbeatHz ?? 50} -- ${workloadForGuest(spec.workload)}`;
}
