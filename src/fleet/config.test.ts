import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DroverError } from '../errors/catalogue.ts';
import { emptyConfig, loadConfig, parseConfig } from './config.ts';
import { resolveHost } from './hosts.ts';

const full = `hosts:
  h1:
    uri: qemu+unix:///system?socket=/run/h1
    peerUri: qemu+tcp://10.0.0.1/system
    postCopy: forbidden
    bandwidth: 500 MiB/s
  h2:
    uri: qemu+ssh://root@h2/system
rules:
  - name: 'db-*'
    class: panda
  - label: realtime
    never: [throttle]
`;
/** Eight levels of nine aliases each: 43 million entries, were they unfolded. */
const aliasBomb = 'a b c d e f g h'
  .split(' ')
  .map((name, level, names) => {
    const item = level === 0 ? 'x' : `*${names[level - 1]}`;
    return `${name}: &${name} [${Array(9).fill(item).join(', ')}]\n`;
  })
  .join('');
const config = parseConfig(full, 'drover.yaml');

describe('a file that means harm', () => {
  test.each([
    ['aliases that unfold without end', aliasBomb, /^drover.yaml: .*alias/i],
    ['an alias of nothing', 'hosts: *nobody\n', /^drover.yaml.*: .*alias/i],
    ['lists in lists without end', '['.repeat(20_000), /^drover.yaml:1: /],
    ['a tag that makes objects', 'hosts: !!js/function "x"\n', /^drover.yaml:1: hosts: /],
    ['a prototype', '__proto__:\n  uri: x\n', /Unrecognized key: "__proto__"/],
    [
      'a prototype of a host',
      'hosts:\n  h1:\n    uri: qemu:///system\n    __proto__: { uri: x }\n',
      /Unrecognized key: "__proto__"/,
    ],
  ])('is refused that has %s', (_, text, says) => {
    expect(() => parseConfig(text, 'drover.yaml')).toThrow(DroverError);
    expect(() => parseConfig(text, 'drover.yaml')).toThrow(says);
  });

  test('cannot give all objects a property', () => {
    const { hosts } = parseConfig('hosts:\n  __proto__:\n    uri: qemu:///x\n', 'drover.yaml');
    expect(Object.keys(hosts)).toEqual([]);
    expect(hosts['h1']).toBeUndefined();
    expect('uri' in {}).toBe(false);
    expect('uri' in hosts).toBe(false);
  });
});

describe('the configuration', () => {
  test('of nothing is empty', () => {
    expect(parseConfig('', 'drover.yaml')).toEqual(emptyConfig);
  });

  test.each([
    ['hosts:\n  h1:\n    uri: [', /^drover.yaml:3: /],
    [
      'hosts:\n  h1:\n    peerUri: qemu+tcp://h1/system\n',
      /^drover.yaml:3: hosts.h1.uri: expected a libvirt URI/,
    ],
    ['hosts:\n  h1:\n    uri: h1\n', /^drover.yaml:3: hosts.h1.uri: expected a libvirt URI/],
    [
      'hosts:\n  h1:\n    uri: qemu:///system\n    postCopy: no\n',
      /^drover.yaml:4: hosts.h1.postCopy: .*allowed.*forbidden/,
    ],
    [
      'hosts:\n  h1:\n    uri: qemu:///system\n    compression: zstd\n',
      /^drover.yaml:4: hosts.h1.compression: .*allowed.*forbidden/,
    ],
    [
      'hosts:\n  h1:\n    uri: qemu:///system\n    memoryReading: never\n',
      /^drover.yaml:4: hosts.h1.memoryReading: .*allowed.*forbidden/,
    ],
    [
      'hosts:\n  h1:\n    uri: qemu:///system\n    bandwidth: fast\n',
      /^drover.yaml:4: hosts.h1.bandwidth: expected a rate such as 500 MiB\/s/,
    ],
    ['host:\n  h1: {}\n', /^drover.yaml:1: .*host/],
    [
      'policy:\n  panda:\n    high:\n      otherwise: stay\n',
      /^drover.yaml:4: policy.panda.high.otherwise: .*only finish is allowed/,
    ],
    [
      'policy:\n  pet:\n    low:\n      blackout: 3\n',
      /^drover.yaml:4: policy.pet.low: .*blackout/,
    ],
    ['rules:\n  - name: x\n    class: zebra\n', /^drover.yaml:3: rules.0.class: .*cattle/],
    [
      'rules:\n  - name: x\n    never:\n      - postcopy\n',
      /^drover.yaml:4: rules.0.never.0: .*post-copy.*throttle/,
    ],
    [
      'rules:\n  - name: x\n    never: throttle\n',
      /^drover.yaml:3: rules.0.never: expected a list of post-copy, throttle/,
    ],
    ['rules:\n  - label: x\n    never: []\n', /^drover.yaml:3: rules.0.never: expected a list/],
    ['rules:\n  - class: pet\n', /^drover.yaml:2: rules.0: .*name, label or both/],
    ['rules:\n  - name: x\n', /^drover.yaml:2: rules.0: .*class, never, apart, together or hosts/],
    ['rules:\n  - nam: x\n    class: pet\n', /^drover.yaml:2: rules.0: .*nam/],
  ])('that is wrong names line, field and what is allowed: %j', (text, message) => {
    expect(() => parseConfig(text, 'drover.yaml')).toThrow(message);
  });
});

describe('where the configuration is found', () => {
  const folders: string[] = [];
  const write = async (text: string): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'drover-config-'));
    folders.push(folder);
    const path = join(folder, 'config.yaml');
    await writeFile(path, text);
    return path;
  };
  afterEach(async () => {
    vi.unstubAllEnvs();
    await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
  });

  test('the named file comes before DROVER_CONFIG', async () => {
    vi.stubEnv('DROVER_CONFIG', await write(full));
    expect(Object.keys((await loadConfig()).hosts)).toEqual(['h1', 'h2']);
    expect((await loadConfig(await write(''))).hosts).toEqual({});
  });

  test('a named file that is not there is an error', async () => {
    await expect(loadConfig('/nowhere/config.yaml')).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining('/nowhere/config.yaml'),
    });
  });
});

describe('a host', () => {
  test.each([
    ['h1', 'h1', 'qemu+tcp://10.0.0.1/system', false, 500 * 2 ** 20],
    [
      'qemu+unix:///system?socket=/run/h1',
      'h1',
      'qemu+tcp://10.0.0.1/system',
      false,
      500 * 2 ** 20,
    ],
    ['h2', 'h2', 'qemu+ssh://root@h2/system', true, undefined],
    ['qemu+tls://h3/system', 'qemu+tls://h3/system', 'qemu+tls://h3/system', true, undefined],
    ['qemu:///system', 'qemu:///system', undefined, true, undefined],
  ])('%s', (nameOrUri, name, peerUri, postCopy, bandwidthBytesPerSecond) => {
    const host = resolveHost(config, nameOrUri);
    expect(host).toMatchObject({ name, bandwidthBytesPerSecond });
    expect(host.ways.map((way) => way.uri)).toEqual(peerUri === undefined ? [] : [peerUri]);
    expect(host.postCopy.allowed).toBe(postCopy);
  });

  test('that nobody knows is refused with the known ones', () => {
    expect(() => resolveHost(config, 'h9')).toThrow(
      expect.objectContaining({ code: 'host.not-found', hint: expect.stringContaining('h1, h2') }),
    );
  });
});
