import { ArgumentError } from '../errors.ts';
import type { LibvirtUri } from '../uri.ts';
import { socketsOf } from './unix.ts';

/** What ssh hands to shells of its own (ProxyCommand, Match exec) and no name needs. */
const unfitForSsh = /^-|[\s\p{Cc}'"`;&<>|(){}]/u;

/** The arguments after `ssh`. Throws ArgumentError for a host or user that is more than a name. */
export function sshArguments(uri: LibvirtUri, readOnly: boolean): readonly string[] {
  const { host, user, port, parameters } = uri;
  for (const name of [host, user ?? '']) {
    if (unfitForSsh.test(name)) throw new ArgumentError(`ssh cannot be given the name '${name}'`);
  }
  const verify =
    parameters.known_hosts_verify ?? (parameters.no_verify === '1' ? 'ignore' : 'normal');
  const options = [
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(parameters.keyfile === undefined ? [] : ['-i', parameters.keyfile]),
    ...(parameters.known_hosts === undefined
      ? []
      : ['-o', `UserKnownHostsFile=${configWord(parameters.known_hosts)}`]),
    ...hostKeyChecking[verify],
    ...(parameters.no_tty === '1' ? ['-o', 'BatchMode=yes'] : []),
  ];
  return ['-T', '-e', 'none', ...options, '--', host, remoteCommand(uri, readOnly)];
}

/** One word in ssh's configuration, where a percent sign has a meaning of its own. */
function configWord(text: string): string {
  return `"${text.replaceAll('%', '%%').replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

const hostKeyChecking = {
  normal: [],
  auto: ['-o', 'StrictHostKeyChecking=accept-new'],
  ignore: ['-o', 'StrictHostKeyChecking=no'],
} as const;

/** What the far side's shell runs. A named socket can only be reached by netcat. */
function remoteCommand(uri: LibvirtUri, readOnly: boolean): string {
  const { proxy = 'auto', socket } = uri.parameters;
  const option = readOnly ? '-r ' : '';
  const helper = `exec virt-ssh-helper ${option}${quoted(uri.remoteUri)}`;
  if (proxy === 'netcat' || socket !== undefined) return inShell(netcat(uri, readOnly));
  if (proxy === 'native') return inShell(helper);
  // Where a session daemon's socket is at the far side, only the helper knows.
  const otherwise = uri.path === '/session' ? helper : netcat(uri, readOnly);
  return inShell(`if command -v virt-ssh-helper >/dev/null 2>&1; then ${helper}; fi; ${otherwise}`);
}

/** Some netcats wait for ever at the end of their input, unless `-q0` tells them not to. */
function netcat(uri: LibvirtUri, readOnly: boolean): string {
  const program = quoted(uri.parameters.netcat ?? 'nc');
  const sockets = farSockets(uri, readOnly);
  const leaving = `if ${program} -h 2>&1 | grep -q -e '-q secs'; then q=-q0; else q=; fi`;
  const attempts = sockets.map(
    (path) => `[ -S ${quoted(path)} ] && exec ${program} $q -U ${quoted(path)}`,
  );
  const complaint = quoted(`no libvirt socket at ${sockets.join(' or ')}`);
  return `${leaving}; ${attempts.join('; ')}; echo ${complaint} >&2; exit 1`;
}

function farSockets(uri: LibvirtUri, readOnly: boolean): readonly string[] {
  if (uri.parameters.socket !== undefined) return [uri.parameters.socket];
  if (uri.path !== '/session') return socketsOf(uri, readOnly);
  throw new ArgumentError('to reach a session daemon by netcat, name its socket (socket=)');
}

/** Whatever shell the far side's user has, a POSIX one runs the command. */
function inShell(command: string): string {
  return `sh -c ${quoted(command)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
