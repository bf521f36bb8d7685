import { LibvirtError } from '../../../libvirt/index.ts';

/** A machine of which it is known where memory lies: 256 MiB of it. */
export const q35 = {
  architecture: 'x86_64',
  machineType: 'pc-q35-10.0',
  memoryBytes: 256 * 2 ** 20,
  definition: '<domain/>',
};

/** What a daemon says that does not let its guest's memory be read. */
export const refusal = new LibvirtError('domainMemoryPeek', {
  code: 1,
  domain: 10,
  message: 'cannot be read',
  level: 2,
});
