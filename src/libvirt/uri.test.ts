import { describe, expect, test } from 'vitest';
import { ArgumentError } from './errors.ts';
import { parseLibvirtUri } from './uri.ts';

const good: readonly [uri: string, expected: object][] = [
  ['qemu:///system', { transport: 'unix', host: '', path: '/system', remoteUri: 'qemu:///system' }],
  [
    'qemu+unix:///system?socket=/run/x/libvirt-sock',
    {
      transport: 'unix',
      parameters: { socket: '/run/x/libvirt-sock' },
      remoteUri: 'qemu:///system',
    },
  ],
  ['qemu+tcp://10.0.0.1/system', { transport: 'tcp', host: '10.0.0.1', port: undefined }],
  ['qemu+tcp://h:1234/system', { transport: 'tcp', host: 'h', port: 1234 }],
  ['qemu+tls://[fd00::1]:16514/system', { transport: 'tls', host: 'fd00::1', port: 16514 }],
  ['qemu://h/system', { transport: 'tls', host: 'h', remoteUri: 'qemu:///system' }],
  [
    'qemu+ssh://ann@h:2222/system?socket=/s&keyfile=/k',
    { transport: 'ssh', user: 'ann', port: 2222, parameters: { socket: '/s', keyfile: '/k' } },
  ],
  ['qemu+unix:///system?socket=/a+b%20c%26d', { parameters: { socket: '/a+b c&d' } }],
  ['qemu+tls://h/system?pkipath=/p&no_verify=1', { parameters: { pkipath: '/p', no_verify: '1' } }],
  ['qemu+ssh://a%40b@h/system', { user: 'a@b', host: 'h' }],
  ['qemu+tcp://h', { path: '/', remoteUri: 'qemu:///' }],
  ['qemu:///session', { transport: 'unix', path: '/session', remoteUri: 'qemu:///session' }],
  ['qemu+tcp://h/system?name=qemu:///session', { remoteUri: 'qemu:///session' }],
  ['test:///default', { driver: 'test', remoteUri: 'test:///default' }],
];

const bad: readonly [uri: string, names: RegExp][] = [
  ['', /no URI/],
  ['system', /no URI/],
  ['qemu+tcp:///system', /tcp needs a host/],
  ['qemu+unix://h/system', /unix socket has no host/],
  ['qemu+carrier-pigeon://h/system', /'carrier-pigeon' is not known; there are unix, tcp/],
  ['qemu+tcp+ssh://h/system', /more than one transport/],
  ['qemu+ssh://ann:secret@h/system', /^(?!.*secret).*password does not belong/],
  ['qemu+tcp://h:65536/system', /no URI/],
  ['qemu+ssh://%zz@h/system', /'%zz' is not well encoded/],
  ['qemu+unix:///system?socket=/a%', /not well encoded/],
  ['qemu+unix:///system?socket=', /'socket' has no value/],
  ['qemu+unix:///system?socket=/a#b', /'#' in it is written %23/],
  ['qemu+unix:///system?socket=/a&socket=/b', /says 'socket' twice/],
  ['qemu+ssh://h/system?sokcet=/s', /parameter 'sokcet' is not supported; there are socket,/],
  ['qemu+ssh://h/system?proxy=maybe', /proxy is 'maybe'; it can be auto, netcat, native/],
];

describe('a libvirt URI', () => {
  test.each(good)('%s', (uri, expected) => {
    expect(parseLibvirtUri(uri)).toMatchObject(expected);
  });

  test.each(bad)('%s is refused, with the reason', (uri, names) => {
    expect(() => parseLibvirtUri(uri)).toThrow(ArgumentError);
    expect(() => parseLibvirtUri(uri)).toThrow(names);
  });
});
