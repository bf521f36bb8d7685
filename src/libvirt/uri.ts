import { ArgumentError } from './errors.ts';

export type LibvirtTransport = 'unix' | 'tcp' | 'tls' | 'ssh';

/** A libvirt URI, taken apart: who is called, how, and what the daemon is asked to open. */
export interface LibvirtUri {
  readonly driver: string;
  readonly transport: LibvirtTransport;
  /** Empty for a local socket. An IPv6 address stands without its brackets. */
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  /** Such as `/system`. */
  readonly path: string;
  readonly parameters: UriParameters;
  /** What the daemon is asked to open, such as `qemu:///system`. */
  readonly remoteUri: string;
}

/** Those of libvirt's URI parameters that mean something to this client. */
export interface UriParameters {
  /** The daemon's socket, here or, with ssh, at the far side. */
  readonly socket?: string;
  /** Which local daemon: the modular one, the monolithic one, or whichever is there. */
  readonly mode?: 'auto' | 'direct' | 'legacy';
  /** How ssh reaches the daemon's socket at the far side. */
  readonly proxy?: 'auto' | 'netcat' | 'native';
  readonly netcat?: string;
  /** The ssh program. */
  readonly command?: string;
  readonly keyfile?: string;
  readonly known_hosts?: string;
  readonly known_hosts_verify?: 'normal' | 'auto' | 'ignore';
  /** `1`: ssh asks no questions. */
  readonly no_tty?: string;
  /** `1`: whoever answers is trusted: TLS checks no certificate, ssh accepts a new host key. */
  readonly no_verify?: string;
  /** The folder of the TLS certificates. */
  readonly pkipath?: string;
  /** The URI that the daemon opens, where it is not the one that follows from this one. */
  readonly name?: string;
}

/** Parameters by name, with what they may say where that is a short list. */
const known: Readonly<Record<keyof UriParameters, readonly string[] | undefined>> = {
  socket: undefined,
  mode: ['auto', 'direct', 'legacy'],
  proxy: ['auto', 'netcat', 'native'],
  netcat: undefined,
  command: undefined,
  keyfile: undefined,
  known_hosts: undefined,
  known_hosts_verify: ['normal', 'auto', 'ignore'],
  no_tty: ['0', '1'],
  no_verify: ['0', '1'],
  pkipath: undefined,
  name: undefined,
};

const transports: readonly string[] = ['unix', 'tcp', 'tls', 'ssh'] satisfies LibvirtTransport[];

/**
 * Takes a libvirt URI apart: `qemu:///system`, `qemu+tls://host/system`,
 * `qemu+ssh://user@host:port/system?socket=/run/libvirt/libvirt-sock`. Without a transport, a host
 * means TLS and no host the local socket. Throws ArgumentError, naming the part that is wrong.
 */
export function parseLibvirtUri(text: string): LibvirtUri {
  const url = urlOf(text);
  const [driver = '', ...rest] = url.protocol.slice(0, -1).split('+');
  const host = decoded(text, url.hostname).replace(/^\[(.*)\]$/, '$1');
  const transport = transportOf(text, rest, host);
  const path = url.pathname === '' ? '/' : url.pathname;
  const parameters = parametersOf(text, url.search.slice(1));
  if (transport !== 'unix' && host === '') throw wrong(text, `${transport} needs a host`);
  if (transport === 'unix' && host !== '') throw wrong(text, 'a unix socket has no host');
  return {
    driver,
    transport,
    host,
    port: url.port === '' ? undefined : Number(url.port),
    user: url.username === '' ? undefined : decoded(text, url.username),
    path,
    parameters,
    remoteUri: parameters.name ?? `${driver}://${path}`,
  };
}

function urlOf(text: string): URL {
  if (!URL.canParse(text)) throw wrong(text, 'it is no URI; an example is qemu:///system');
  const url = new URL(text);
  if (url.password !== '') {
    const shown = text.replace(/:[^:@/]*@/, ':...@');
    throw wrong(shown, 'a password does not belong in a URI');
  }
  if (url.hash !== '') throw wrong(text, `a '#' in it is written %23`);
  return url;
}

function transportOf(text: string, rest: readonly string[], host: string): LibvirtTransport {
  const [named] = rest;
  if (rest.length > 1) throw wrong(text, 'it names more than one transport');
  if (named === undefined) return host === '' ? 'unix' : 'tls';
  if (isTransport(named)) return named;
  throw wrong(text, `the transport '${named}' is not known; there are ${transports.join(', ')}`);
}

function isTransport(name: string): name is LibvirtTransport {
  return transports.includes(name);
}

/** As libvirt reads them: a plus sign is a plus sign, and not the space that it is in a web form. */
function parametersOf(text: string, query: string): UriParameters {
  const parameters: Record<string, string> = {};
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const [name = '', ...rest] = pair.split('=');
    const value = decoded(text, rest.join('='));
    if (!isParameter(name)) {
      const names = Object.keys(known).join(', ');
      throw wrong(text, `the parameter '${name}' is not supported; there are ${names}`);
    }
    if (value === '') throw wrong(text, `the parameter '${name}' has no value`);
    if (Object.hasOwn(parameters, name)) throw wrong(text, `it says '${name}' twice`);
    const allowed = known[name];
    if (allowed !== undefined && !allowed.includes(value)) {
      throw wrong(text, `${name} is '${value}'; it can be ${allowed.join(', ')}`);
    }
    parameters[name] = value;
  }
  return parameters;
}

function decoded(text: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw wrong(text, `'${part}' is not well encoded; a percent sign is written %25`, cause);
  }
}

function isParameter(name: string): name is keyof UriParameters {
  return Object.hasOwn(known, name);
}

function wrong(text: string, because: string, cause?: unknown): ArgumentError {
  return new ArgumentError(`'${text}' is not a usable libvirt URI: ${because}`, { cause });
}
