import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { ArgumentError, TransportError } from '../errors.ts';
import type { LibvirtUri } from '../uri.ts';
import type { ByteStream } from './transport.ts';
import { socketsOf } from './unix.ts';

/** So much of what ssh says on its error output is kept for an error's text. */
const keptComplaint = 2_000;

/**
 * Runs the system's ssh, so that its configuration, agent, jump hosts and known hosts count, and
 * at the far side libvirt's own helper or netcat. ssh says nothing when it is through: the
 * daemon's first answer does.
 */
export async function openSsh(uri: LibvirtUri, signal: AbortSignal): Promise<ByteStream> {
  const child = spawn(uri.parameters.command ?? 'ssh', sshArguments(uri), {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  try {
    await once(child, 'spawn', { signal });
  } catch (error) {
    child.kill();
    throw error;
  }
  return streamOf(child, uri.host);
}

/** The arguments after `ssh`. Throws ArgumentError for a host or user that ssh would take for an option. */
export function sshArguments(uri: LibvirtUri): readonly string[] {
  const { host, user, port, parameters } = uri;
  for (const [what, text] of [
    ['host', host],
    ['user', user],
  ] as const) {
    if (text?.startsWith('-')) throw new ArgumentError(`the ${what} '${text}' starts with a dash`);
  }
  const options = [
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(parameters.keyfile === undefined ? [] : ['-i', parameters.keyfile]),
    ...(parameters.known_hosts === undefined
      ? []
      : ['-o', `UserKnownHostsFile=${parameters.known_hosts}`]),
    ...hostKeyChecking(parameters.known_hosts_verify),
    ...(parameters.no_tty === '1' ? ['-o', 'BatchMode=yes'] : []),
  ];
  return ['-T', '-e', 'none', ...options, '--', host, remoteCommand(uri)];
}

function hostKeyChecking(verify: LibvirtUri['parameters']['known_hosts_verify']): string[] {
  switch (verify) {
    case 'auto':
      return ['-o', 'StrictHostKeyChecking=accept-new'];
    case 'ignore':
      return ['-o', 'StrictHostKeyChecking=no'];
    case 'normal':
    case undefined:
      return [];
  }
}

/** What the far side's shell runs. A named socket can only be reached by netcat. */
function remoteCommand(uri: LibvirtUri): string {
  const { proxy = 'auto', socket } = uri.parameters;
  const helper = `exec virt-ssh-helper ${quoted(uri.remoteUri)}`;
  if (proxy === 'netcat' || socket !== undefined) return inShell(netcat(uri));
  if (proxy === 'native') return inShell(helper);
  return inShell(
    `if command -v virt-ssh-helper >/dev/null 2>&1; then ${helper}; fi; ${netcat(uri)}`,
  );
}

function netcat(uri: LibvirtUri): string {
  const program = quoted(uri.parameters.netcat ?? 'nc');
  const sockets = uri.parameters.socket === undefined ? socketsOf(uri) : [uri.parameters.socket];
  const attempts = sockets.map(
    (path) => `[ -S ${quoted(path)} ] && exec ${program} -U ${quoted(path)}`,
  );
  const tried = sockets.join(' or ');
  return `${attempts.join('; ')}; echo ${quoted(`no libvirt socket at ${tried}`)} >&2; exit 1`;
}

/** Whatever shell the far side's user has, a POSIX one runs the command. */
function inShell(command: string): string {
  return `sh -c ${quoted(command)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function streamOf(child: ChildProcessWithoutNullStreams, host: string): ByteStream {
  let complaint = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    complaint = (complaint + text).slice(-keptComplaint);
  });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.on('exit', (code) => {
    if (code === 0 || stream.destroyed) return;
    const said = complaint.trim() === '' ? `exit code ${code}` : complaint.trim();
    stream.destroy(new TransportError(`ssh to ${host} ended: ${said}`));
  });
  stream.on('close', () => child.kill());
  return stream;
}
