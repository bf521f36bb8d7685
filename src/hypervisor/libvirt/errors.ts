import { DroverError } from '../../errors/catalogue.ts';
import { LibvirtClientError, LibvirtError } from '../../libvirt/index.ts';

/** What libvirt says where the destination cannot serve pages from afar. */
const noPostCopy = /post-?copy is not supported|post-?copy.*not supported/i;
/**
 * What libvirt says where it does not know zstd, and QEMU where it, on either host, was built without it or has no
 * multifd.
 */
const noCompression =
  /unsupported compression method|multifd-compression|multifd-zstd|multifd is not supported|compression.*(not supported|does not support)/i;
/** What it says where a post-copy is to be resumed that QEMU has never stopped. */
const stillRunning = /migration is still running/i;
/** What the source's daemon says when it does not get through to the destination's. */
const noPeer =
  /unable to connect to server at|failed to connect to remote libvirt|cannot recv data|no route to host/i;

/** What it says where 64 migrations, or whatever its qemu.conf allows, take all ports there are. */
const noPort = /unable to find an unused port/i;
/** What it says, after 30 s, to whoever wants to change a domain that another job holds. */
const lockHeld = /cannot acquire state change lock/i;

/** The client's error in terms of the catalogue; anything else as it is. */
export function translated(error: unknown, host: string): unknown {
  if (error instanceof LibvirtError) return refused(error, host);
  if (!(error instanceof LibvirtClientError)) return error;
  return new DroverError('host.unreachable', `${host}: ${error.message}`, { cause: error });
}

function refused(error: LibvirtError, host: string): DroverError {
  const cause = error;
  const message = `${host}: ${error.message}`;
  if (noPostCopy.test(error.message)) {
    return new DroverError('hypervisor.no-post-copy', message, { cause });
  }
  if (noCompression.test(error.message)) {
    return new DroverError('hypervisor.no-compression', message, { cause });
  }
  if (stillRunning.test(error.message)) {
    return new DroverError('hypervisor.still-running', message, { cause });
  }
  if (noPeer.test(error.message)) {
    return new DroverError('host.peer-unreachable', message, {
      cause,
      hint: `It is the libvirt daemon of ${host} that connects to the destination, with its own certificate or key: try from there.`,
    });
  }
  if (noPort.test(error.message)) {
    return new DroverError('host.busy', message, {
      cause,
      hint: 'All ports for guests that arrive are taken (49152 to 49215, unless qemu.conf says otherwise): let fewer arrive at once with maxIncoming, or give it more with migration_port_max.',
    });
  }
  if (lockHeld.test(error.message)) {
    return new DroverError('domain.busy', message, {
      cause,
      hint: 'Another job holds the VM: try again when it has ended.',
    });
  }
  if (error.code === 'migrate-unsafe') {
    return new DroverError('preflight.refused', message, {
      cause,
      hint: 'Its disks have to be on storage that both hosts share.',
    });
  }
  return new DroverError('hypervisor.failed', message, { cause });
}

/** Runs a request and gives its errors our names. */
export async function asOurs<T>(host: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translated(error, host);
  }
}

/** The answer, or `undefined` where the daemon refuses with one of these codes. */
export async function unless<T>(
  codes: readonly LibvirtError['code'][],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LibvirtError && codes.includes(error.code)) return undefined;
    throw error;
  }
}
