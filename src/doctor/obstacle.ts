import type { DroverError } from '../errors/catalogue.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import type { Finding } from './finding.ts';
import { placeOf } from './place.ts';

/** Two hosts of which one does not get through to the other. */
export interface Blocked {
  readonly from: ResolvedHost;
  readonly to: ResolvedHost;
  /** The name that the destination has for itself, to which memory is sent unless it is told otherwise. */
  readonly calledItself: string;
}

/** How far a guest had come when it was waited for no longer. */
export type Stage =
  | 'destination waits for memory'
  | 'destination knows nothing of it'
  | 'not known';

export const memoryPorts = '49152 to 49215';

type Obstacle = Pick<Finding, 'check' | 'message' | 'hint'>;

/** Where libvirt, or QEMU, says that it did not get through: `'10.0.0.2:49152'`. */
const namedPlace = /'(\S+):(\d+)'/;
const noName = /resolve address|address resolution failed|name resolution/i;
const noTrust = /certificate|handshake|\bTLS\b/i;
const noWay = /failed to connect|unable to connect|no route to host|cannot recv data/i;

/** What kept a guest from moving, in libvirt's words, and what to do about it. */
export function obstacleOf({ from, to, calledItself }: Blocked, error: DroverError): Obstacle {
  const words = wordsOf(error);
  const failed = `${from.name} cannot send guests to ${to.name}: ${words}`;
  if (noName.test(words))
    return {
      check: 'names',
      message: failed,
      hint: `Memory goes to the name ${calledItself}, or to migrationAddress: have ${from.name} resolve it (getent hosts ${calledItself}), or set migrationAddress of ${to.name} to an address.`,
    };
  if (noTrust.test(words))
    return {
      check: 'certificate',
      message: failed,
      hint: `What counts are the certificates that the daemons, and the QEMUs, of ${from.name} and ${to.name} show each other.`,
    };
  if (!noWay.test(words))
    return { check: 'migration', message: failed, hint: error.hint ?? logs(from, to) };
  const [, address, port] = namedPlace.exec(words) ?? [];
  const daemon = daemonOf(to);
  if (port === undefined || port === String(daemon?.port))
    return daemonBlocked(from, to, `: ${words}`);
  return memoryBlocked(from, to, `${address}, port ${port}: ${words}`);
}

/** The same where nobody said no: a firewall that answers nothing is waited for for minutes. */
export function silenceOf(
  { from, to, calledItself }: Blocked,
  stage: Stage,
  waited: string,
): Obstacle {
  const late = `no answer within ${waited}`;
  const [way] = to.ways;
  if (stage === 'destination waits for memory')
    return memoryBlocked(
      from,
      to,
      `${way?.address ?? calledItself}, ports ${memoryPorts}: ${late}`,
    );
  if (stage === 'destination knows nothing of it') return daemonBlocked(from, to, `: ${late}`);
  const message = `a guest from ${from.name} did not arrive on ${to.name} within ${waited}`;
  return { check: 'migration', message, hint: logs(from, to) };
}

function daemonBlocked(from: ResolvedHost, to: ResolvedHost, why: string): Obstacle {
  const uri = to.ways[0]?.uri ?? to.uri;
  const daemon = daemonOf(to);
  const place = daemon === undefined ? '' : ` (port ${daemon.port})`;
  return {
    check: 'way',
    message: `the daemon of ${from.name} does not reach that of ${to.name} at ${uri}${place}${why}`,
    hint:
      daemon === undefined
        ? `Try from ${from.name}: virsh -c ${uri} version`
        : `Let ${from.name} through to port ${daemon.port} of ${to.name}, and try there: nc -vz ${daemon.host} ${daemon.port}`,
  };
}

function memoryBlocked(from: ResolvedHost, to: ResolvedHost, why: string): Obstacle {
  return {
    check: 'migration ports',
    message: `the QEMU of ${from.name} does not reach that of ${to.name} at ${why}`,
    hint: `Let ${from.name} through to ports ${memoryPorts} of ${to.name} (or those of migration_port_min and _max in its qemu.conf).`,
  };
}

function daemonOf(to: ResolvedHost): ReturnType<typeof placeOf> {
  const [way] = to.ways;
  return way === undefined ? undefined : placeOf(way.uri);
}

function logs(from: ResolvedHost, to: ResolvedHost): string {
  return `The logs of libvirt on ${from.name} and ${to.name} say more.`;
}

/** Libvirt's own, without what our error put before them. */
function wordsOf({ cause, message }: DroverError): string {
  return cause instanceof Error ? cause.message : message;
}
