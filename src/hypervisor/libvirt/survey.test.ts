import { expect, test } from 'vitest';
import { readSurvey } from './survey.ts';

const capabilities = `<capabilities>
  <guest><os_type>hvm</os_type><arch name='aarch64'><machine>virt-11.1</machine></arch></guest>
  <guest><os_type>hvm</os_type>
    <arch name='x86_64'>
      <machine maxCpus='288'>pc-q35-11.1</machine>
      <machine canonical='pc-q35-11.1' maxCpus='288'>q35</machine>
      <machine maxCpus='1'>isapc</machine>
      <machine maxCpus='1'>x-remote</machine>
      <domain type='qemu'/>
      <domain type='kvm'><machine>pc-i440fx-noble</machine><machine>pc-q35-11.1</machine></domain>
    </arch>
  </guest>
</capabilities>`;

function usual(domain: string, supported: string): string {
  return `<domainCapabilities><domain>${domain}</domain><arch>x86_64</arch>
    <cpu>
      <mode name='host-passthrough' supported='yes'/>
      <mode name='host-model' supported='${supported}'>
        <model fallback='forbid'>EPYC</model><vendor>AMD</vendor>
        <feature policy='require' name='vaes'/>
      </mode>
    </cpu>
  </domainCapabilities>`;
}

test('a host says what its guests can be made of', () => {
  expect(readSurvey(capabilities, usual('kvm', 'yes'))).toEqual({
    architecture: 'x86_64',
    accelerator: 'kvm',
    machineTypes: ['pc-i440fx-noble', 'pc-q35-11.1'],
    cpu: {
      model: 'EPYC',
      definition:
        '<cpu mode="custom" match="exact"><model fallback="forbid">EPYC</model><vendor>AMD</vendor><feature policy="require" name="vaes"/></cpu>',
    },
  });
});

test('one that only emulates, and knows no model of its CPU, says that', () => {
  expect(readSurvey(capabilities, usual('qemu', 'no'))).toMatchObject({
    accelerator: 'emulation',
    cpu: undefined,
  });
});
