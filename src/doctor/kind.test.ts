import { expect, test } from 'vitest';
import type { HostSurvey } from '../hypervisor/port.ts';
import { canRun, kindFor } from './kind.ts';

function host(survey: Partial<HostSurvey>): HostSurvey {
  return {
    architecture: 'x86_64',
    accelerator: 'kvm',
    machineTypes: ['pc-i440fx-9.2', 'pc-q35-9.2', 'pc-q35-10.0'],
    cpu: undefined,
    parallelStreams: { allowed: true },
    compression: { allowed: true },
    ...survey,
  };
}

test('the newest machine that all have', () => {
  const older = host({ machineTypes: ['pc-i440fx-9.2', 'pc-q35-9.2'] });
  const kind = { architecture: 'x86_64', machineType: 'pc-i440fx-9.2', accelerator: 'kvm' };
  expect(kindFor([host({}), older])).toEqual(kind);
  expect(kindFor([host({}), host({})])).toMatchObject({ machineType: 'pc-q35-10.0' });
});

test('where one has none in common with the others, these go without it', () => {
  const odd = host({ architecture: 'aarch64', machineTypes: ['virt-11.1'] });
  const kind = kindFor([odd, host({}), host({ accelerator: 'emulation' })]);
  expect(kind).toMatchObject({ machineType: 'pc-q35-10.0', accelerator: 'emulation' });
  expect(kind && canRun(odd, kind)).toBe(false);
});

test('hosts without machines', () => {
  expect(kindFor([])).toBeUndefined();
  expect(kindFor([host({ machineTypes: [] })])).toBeUndefined();
});
