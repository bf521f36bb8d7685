import type { HostSurvey } from '../hypervisor/port.ts';
import type { ProbeGuest } from '../hypervisor/probe.ts';

/** What a guest is made of that several hosts can run. */
export type Kind = Pick<ProbeGuest, 'architecture' | 'machineType' | 'accelerator'>;

/** What the most hosts can run, of that the newest; `undefined`: they have no machine to tell of. */
export function kindFor(surveys: readonly HostSurvey[]): Kind | undefined {
  const offered = surveys.flatMap(({ architecture, machineTypes }) =>
    machineTypes.map((machineType) => ({ architecture, machineType })),
  );
  const kinds = Map.groupBy(
    offered,
    ({ architecture, machineType }) => `${architecture} ${machineType}`,
  );
  const [best] = [...kinds.values()].toSorted(
    (a, b) => b.length - a.length || newestFirst(a[0]?.machineType, b[0]?.machineType),
  );
  const [kind] = best ?? [];
  if (kind === undefined) return undefined;
  const able = surveys.filter((survey) => canRun(survey, kind));
  // Emulated guests run everywhere; one that began under KVM does not.
  const accelerator = able.every((one) => one.accelerator === 'kvm') ? 'kvm' : 'emulation';
  return { ...kind, accelerator };
}

export function canRun(
  { architecture, machineTypes }: HostSurvey,
  kind: Pick<Kind, 'architecture' | 'machineType'>,
): boolean {
  return architecture === kind.architecture && machineTypes.includes(kind.machineType);
}

function newestFirst(a = '', b = ''): number {
  return version(b).localeCompare(version(a), 'en', { numeric: true }) || a.localeCompare(b, 'en');
}

/** Of `pc-q35-10.0`. */
function version(machineType: string): string {
  return machineType.slice(machineType.lastIndexOf('-') + 1);
}
