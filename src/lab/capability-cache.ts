import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { describeHost, hostDirectory } from './host.ts';
import { capabilityDirectory } from './root-tree.ts';
import { isErrno } from './run.ts';
import type { HostState, LabState } from './state.ts';

/**
 * libvirt asks QEMU what it can do, which takes more than a second, and keeps the answer in a file.
 * All hosts of one tree get the same answer, so the lab keeps it per tree, kernel and accelerator;
 * libvirt itself checks that it still fits and asks again when it does not.
 */
function kept(lab: LabState, host: HostState, treeId: string): string {
  return join(capabilityDirectory(host.suite), [treeId, release(), lab.accelerator].join('-'));
}

function ownCache(dir: string, host: HostState): string {
  return join(hostDirectory(dir, host.name), 'cache/qemu/capabilities');
}

/** Gives a new host the answer if there is one; returns whether there was. */
export async function fillCapabilities(
  dir: string,
  lab: LabState,
  host: HostState,
  treeId: string,
): Promise<boolean> {
  try {
    // The times count: libvirt compares them with QEMU's own.
    await cp(kept(lab, host, treeId), ownCache(dir, host), {
      recursive: true,
      preserveTimestamps: true,
    });
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Lets a running host find the answer out and keeps it for the next. */
export async function keepCapabilities(
  dir: string,
  lab: LabState,
  host: HostState,
  treeId: string,
): Promise<void> {
  // This makes it ask every emulator that the tree has, of which there are several.
  const probe = ['virsh', 'capabilities'];
  const result = await describeHost(dir, lab, host).exec(probe, { timeoutMs: 60_000 });
  if (result.code !== 0 || (await readdir(ownCache(dir, host))).length === 0) return;
  const target = kept(lab, host, treeId);
  const temporary = `${target}.${process.pid}`;
  await mkdir(join(target, '..'), { recursive: true });
  await cp(ownCache(dir, host), temporary, { recursive: true, preserveTimestamps: true });
  try {
    await rename(temporary, target);
  } catch (error) {
    // Another lab was faster; its answer is as good.
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    await rm(temporary, { recursive: true });
  }
}
