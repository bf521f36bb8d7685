import { DOMParser } from '@xmldom/xmldom';
import { describe, expect, it } from 'vitest';
import { DroverError } from '../../errors/catalogue.ts';
import { metadataNamespace } from '../../hypervisor/metadata.ts';
import { guestDomainXml } from './domain.ts';
import { checkSpec, type GuestSpec } from './spec.ts';
import { parseWorkload } from './workload.ts';

const spec: GuestSpec = {
  name: 'web-1',
  class: 'panda',
  never: ['post-copy'],
  labels: ['db', 'eu'],
  kind: 'beat',
  memoryBytes: 256 * 1024 ** 2,
  workload: parseWorkload('sequential:rate=40MiB/s'),
};
const paths = { kernel: "/share/it's <one> & other", serial: '/log/web-1.ser', control: '/log/c' };

function parse(xml: string) {
  return new DOMParser().parseFromString(xml, 'text/xml');
}

describe("a guest's definition", () => {
  const document = parse(guestDomainXml(spec, paths, 'tcg'));
  const text = (name: string) => document.getElementsByTagName(name)[0]?.textContent;

  it('carries what is said of it in our namespace', () => {
    const [element] = document.getElementsByTagNameNS(metadataNamespace, 'domain');
    const said = ['class', 'never', 'labels'].map((name) => element?.getAttribute(name));
    expect(said).toEqual(['panda', 'post-copy', 'db eu']);
  });

  it('gives the guest its memory, its options and its workload', () => {
    expect(text('memory')).toBe(String(256 * 1024 ** 2));
    expect(text('kernel')).toBe(paths.kernel);
    expect(text('cmdline')).toBe(
      'hz=50 -- pattern=sequential rate=10240 set=0 at=0 content=compressible scrub=10000',
    );
  });

  it('has nothing that keeps it from moving', () => {
    expect(document.getElementsByTagName('disk')).toHaveLength(0);
    expect(document.getElementsByTagName('hostdev')).toHaveLength(0);
    expect(document.documentElement?.getAttribute('type')).toBe('qemu');
  });

  it('is of type kvm where that works', () => {
    const kvm = parse(guestDomainXml(spec, paths, 'kvm'));
    expect(kvm.documentElement?.getAttribute('type')).toBe('kvm');
  });

  it('boots Linux from a kernel and a first root', () => {
    const linux = parse(
      guestDomainXml({ ...spec, kind: 'linux' }, { ...paths, initrd: '/i' }, 'tcg'),
    );
    expect(linux.getElementsByTagName('initrd')[0]?.textContent).toBe('/i');
    expect(linux.getElementsByTagName('cmdline')[0]?.textContent).toMatch(/^quiet .* hz=50 -- /);
  });
});

describe('a guest that cannot be', () => {
  it.each<[string, Partial<GuestSpec>]>([
    ["'../x' cannot be a guest's name", { name: '../x' }],
    ["cannot be a guest's name", { name: 'x'.repeat(41) }],
    ['a beat guest cannot have 1048576 bytes of memory', { memoryBytes: 1024 ** 2 }],
    ['bytes of memory', { memoryBytes: 16 * 1024 ** 2 + 1 }],
    ['bytes of memory', { memoryBytes: 4 * 1024 ** 3 }],
    ['a linux guest cannot have 67108864 bytes', { kind: 'linux', memoryBytes: 64 * 1024 ** 2 }],
    ['cannot have 0 processors', { virtualCpus: 0 }],
    ['cannot beat 200 times', { heartbeatHz: 200 }],
    ["'not one' is no label", { labels: ['not one'] }],
  ])('%s', (message, change) => {
    expect(() => checkSpec({ ...spec, ...change })).toThrow(DroverError);
    expect(() => checkSpec({ ...spec, ...change })).toThrow(message);
  });

  it('is told from one that can', () => {
    expect(() => checkSpec(spec)).not.toThrow();
  });
});
