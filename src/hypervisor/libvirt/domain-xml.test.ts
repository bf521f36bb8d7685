import { describe, expect, test } from 'vitest';
import { readDomainXml } from './domain-xml.ts';
import { parseXml } from './xml.ts';

const domain = (devices = '', more = '', vcpu = "<vcpu placement='static'>2</vcpu>"): string =>
  `<domain type='kvm' id='3'><name>vm</name>
  <memory unit='KiB'>524288</memory><currentMemory unit='KiB'>262144</currentMemory>${vcpu}
  <os><type arch='x86_64' machine='pc-q35-10.0'>hvm</type></os>${more}
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>${devices}</devices></domain>`;

describe('a domain definition', () => {
  test('says size, machine and emulator', () => {
    expect(readDomainXml(domain())).toMatchObject({
      memoryBytes: 256 * 2 ** 20,
      virtualCpus: 2,
      machineType: 'pc-q35-10.0',
      architecture: 'x86_64',
      virtualisation: 'kvm',
      emulator: '/usr/bin/qemu-system-x86_64',
      immovable: [],
      postCopyObstacles: [],
      doubts: [],
    });
  });

  test.each([
    [
      "<hostdev mode='subsystem' type='pci'><alias name='hostdev0'/></hostdev>",
      '',
      /pci, hostdev0/,
    ],
    ["<interface type='hostdev'><mac address='52:54:00:00:00:01'/></interface>", '', /52:54:00/],
    ["<filesystem type='mount'><target dir='share'/></filesystem>", '', /shared into it \(share\)/],
    ["<disk type='nvme'><target dev='vda'/></disk>", '', /vda is an NVMe/],
    ["<disk type='file'><mirror/><target dev='vdb'/></disk>", '', /block job copies its disk vdb/],
    ["<shmem name='pool'/>", '', /shares memory/],
    ["<tpm><backend type='passthrough'/></tpm>", '', /TPM/],
    ['', "<launchSecurity type='sev'/>", /encrypted/],
    ['', "<cpu><feature policy='require' name='invtsc'/></cpu>", /invtsc/],
  ])('names what cannot move: %s%s', (devices, more, message) => {
    expect(readDomainXml(domain(devices, more)).immovable).toEqual([
      expect.stringMatching(message),
    ]);
  });

  test.each([
    "<interface type='hostdev'><teaming type='transient'/></interface>",
    "<interface type='network'/>",
    "<disk type='network'><source protocol='rbd'/><target dev='vda'/></disk>",
    "<disk type='file' device='cdrom'><target dev='sda'/></disk>",
    "<shmem name='pool' role='master'/>",
    "<tpm><backend type='emulator'/></tpm>",
  ])('lets move and does not doubt: %s', (devices) => {
    expect(readDomainXml(domain(devices))).toMatchObject({ immovable: [], doubts: [] });
  });

  test('an invariant time stamp counter of a fixed rate can move', () => {
    const cpu = "<cpu><feature policy='require' name='invtsc'/></cpu>";
    const clock = "<clock><timer name='tsc' frequency='3000000000'/></clock>";
    expect(readDomainXml(domain('', cpu + clock)).immovable).toEqual([]);
  });

  test('a disk in a file is a doubt: only libvirt sees whether it is shared', () => {
    const disk = "<disk type='file'><source file='/a'/><target dev='vda'/></disk>";
    expect(readDomainXml(domain(disk)).doubts).toEqual([expect.stringContaining('vda')]);
  });

  test.each([
    ["<memoryBacking><hugepages><page size='1048576' unit='KiB'/></hugepages></memoryBacking>", 1],
    ["<memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages></memoryBacking>", 0],
    ["<memoryBacking><source type='file'/></memoryBacking>", 1],
    ["<memoryBacking><source type='memfd'/></memoryBacking>", 0],
  ])('knows what rules post-copy out: %s', (backing, obstacles) => {
    expect(readDomainXml(domain('', backing)).postCopyObstacles).toHaveLength(obstacles);
  });
});

test.each([
  ['<!DOCTYPE d [<!ENTITY a "b">]><d>&a;</d>', /document type/],
  ['<!doctype d><d/>', /document type/],
  ['<d>&a;</d>', /./],
  ['<d', /./],
  ['', /./],
  ['<a></b>', /./],
])('refused as XML: %s', (text, message) => {
  expect(() => parseXml(text)).toThrow(message);
});

test('a guest that was given the CPU of its host is a doubt', () => {
  const cpu = "<cpu mode='host-passthrough' check='none'/>";
  expect(readDomainXml(domain('', cpu)).doubts).toEqual([expect.stringContaining('same CPU')]);
});
