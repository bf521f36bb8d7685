import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DroverError } from '../../errors/catalogue.ts';
import { withLock } from '../lock.ts';
import { cacheDirectory } from '../root-tree.ts';
import { isErrno, must, run } from '../run.ts';
import { type CpioEntry, cpioArchive } from './cpio.ts';
import { builtImage, linuxInit, share } from './image.ts';

const kernelPackage = 'linux-image-cloud-amd64';
const shellPackage = 'busybox-static';

interface LinuxParts {
  readonly kernel: Buffer;
  readonly busybox: Buffer;
}

/** What QEMU boots a Linux guest from, on the lab's shared folder. */
export interface LinuxImages {
  readonly kernel: string;
  readonly initrd: string;
}

/**
 * Debian's kernel for clouds with a first root of a shell and the workload in it. Kernel and shell
 * are downloaded by apt, which checks their signatures, once, into the lab's cache.
 */
export async function shareLinux(shareDirectory: string): Promise<LinuxImages> {
  const { kernel, busybox } = await ensureParts(join(cacheDirectory(), 'linux-guest'));
  const directories = ['bin', 'dev', 'proc', 'sys'];
  const archive = cpioArchive([
    ...directories.map((path): CpioEntry => ({ kind: 'directory', path })),
    { kind: 'file', path: 'bin/busybox', content: busybox },
    { kind: 'file', path: 'bin/workload', content: await readFile(builtImage('workload')) },
    { kind: 'file', path: 'init', content: await readFile(linuxInit) },
  ]);
  return {
    kernel: await share(shareDirectory, 'linux', kernel),
    initrd: await share(shareDirectory, 'initrd', archive),
  };
}

async function ensureParts(directory: string): Promise<LinuxParts> {
  const there = await readParts(directory);
  if (there !== undefined) return there;
  return await withLock(`${directory}.lock`, async () => {
    if ((await readParts(directory)) === undefined) await download(directory);
    const parts = await readParts(directory);
    if (parts !== undefined) return parts;
    throw new DroverError('lab.failed', `${directory} holds no kernel after its download`);
  });
}

async function readParts(directory: string): Promise<LinuxParts | undefined> {
  try {
    const kernel = await readFile(join(directory, 'vmlinuz'));
    return { kernel, busybox: await readFile(join(directory, 'busybox')) };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Works beside the final place and renames: what is there is complete. */
async function download(directory: string): Promise<void> {
  await mkdir(join(directory, '..'), { recursive: true });
  const work = await mkdtemp(`${directory}.`);
  try {
    const kernel = await kernelOf(kernelPackage);
    await downloadPackages(work, [kernel, shellPackage]);
    await unpack(work, kernel, join(work, 'kernel'));
    await unpack(work, shellPackage, join(work, 'shell'));
    const ready = join(work, 'ready');
    await mkdir(ready);
    await rename(await findKernel(join(work, 'kernel/boot')), join(ready, 'vmlinuz'));
    await rename(join(work, 'shell/bin/busybox'), join(ready, 'busybox'));
    await rm(directory, { recursive: true, force: true });
    await rename(ready, directory);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The package behind the name that always means the newest kernel. */
async function kernelOf(name: string): Promise<string> {
  const ask = async () => await run(['apt-cache', 'depends', '--important', name]);
  const known = dependency((await ask()).stdout);
  if (known !== undefined) return known;
  // A fresh container has no package lists.
  await must(['apt-get', 'update']);
  const found = dependency((await ask()).stdout);
  if (found !== undefined) return found;
  throw new DroverError('lab.failed', `apt on this machine knows no package ${name}`, {
    hint: 'Linux guests need Debian; `beat` guests run everywhere',
  });
}

function dependency(output: string): string | undefined {
  return /Depends: (linux-image-[0-9]\S+)/.exec(output)?.[1];
}

async function downloadPackages(work: string, packages: readonly string[]): Promise<void> {
  const get = `cd "$1" && shift && apt-get -o APT::Sandbox::User=root download "$@"`;
  const argv = ['sh', '-c', get, 'sh', work, ...packages];
  if ((await run(argv)).code === 0) return;
  // The lists may be older than what the mirror still has.
  await must(['apt-get', 'update']);
  await must(argv);
}

async function unpack(work: string, name: string, into: string): Promise<void> {
  const archive = (await readdir(work)).find((file) => file.startsWith(`${name}_`));
  if (archive === undefined) throw new DroverError('lab.failed', `apt did not download ${name}`);
  await must(['dpkg-deb', '--extract', join(work, archive), into]);
}

async function findKernel(boot: string): Promise<string> {
  const name = (await readdir(boot)).find((file) => file.startsWith('vmlinuz-'));
  if (name !== undefined) return join(boot, name);
  throw new DroverError('lab.failed', `${kernelPackage} has no kernel in /boot`);
}
