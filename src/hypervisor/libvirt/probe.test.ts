import { expect, test } from 'vitest';
import { readDomainXml } from './domain-xml.ts';
import { probeMark, probeXml } from './probe.ts';
import { parseXml } from './xml.ts';

const guest = {
  name: 'drover-probe-1234',
  machineType: 'pc-q35-10.0',
  architecture: 'x86_64',
  accelerator: 'emulation',
  mark: { run: 'abcd', machine: "anna's <own>", pid: 4711, sinceMs: 1_700_000_000_123.5 },
} as const;

test('what is written into a probe guest is read from it, and it is no VM of the fleet', () => {
  const xml = probeXml(guest);
  expect(probeMark(parseXml(xml))).toEqual(guest.mark);
  expect(readDomainXml(xml)).toMatchObject({
    probe: true,
    machineType: 'pc-q35-10.0',
    virtualisation: 'qemu',
    memoryBytes: 16 * 2 ** 20,
    immovable: [],
  });
});

test.each([
  ['the name alone', '<domain><name>drover-probe-1</name><metadata/></domain>'],
  [
    'the mark alone',
    "<domain><name>vm</name><metadata><p:probe xmlns:p='https://drover.dev/xmlns/probe/1'/></metadata></domain>",
  ],
  [
    'a mark of somebody else',
    "<domain><name>drover-probe-1</name><metadata><p:probe xmlns:p='https://example.org'/></metadata></domain>",
  ],
  [
    'a mark in the wrong place',
    "<domain><name>drover-probe-1</name><p:probe xmlns:p='https://drover.dev/xmlns/probe/1'/></domain>",
  ],
])('%s makes no probe guest', (_, xml) => {
  expect(probeMark(parseXml(xml))).toBeUndefined();
  expect(readDomainXml(xml).probe).toBe(false);
});
