import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DroverError } from '../errors/catalogue.ts';
import { findMirror } from './apt-sources.ts';
import { type Lock, withLock } from './lock.ts';
import { checkSuite } from './names.ts';
import { isMountedSomewhere } from './processes.ts';
import { isErrno, must, orNothing, programEnvironment, type RunOptions, run } from './run.ts';

/**
 * The newest suite: its QEMU keeps an emulated guest's memory intact when it migrates (QEMU 7.2 of
 * Debian 12 does not), and its libvirt survives the resumption of a broken post-copy.
 */
export const defaultSuite = 'forky';

/** Raised when trees that were built before no longer fit. */
const recipe = 1;

/** The keys that the packages of a tree must be signed with. */
export const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

const packages = [
  'qemu-system-x86',
  'libvirt-daemon',
  'libvirt-daemon-driver-qemu',
  'libvirt-daemon-system',
  'libvirt-clients',
  'iproute2',
  'procps',
  // The far side of a connection by ssh, for daemons without virt-ssh-helper.
  'netcat-openbsd',
];

const markerName = '.drover-root.json';

const markerSchema = z.object({
  recipe: z.literal(recipe),
  suite: z.string(),
  /** Tells one build of a suite from the next. */
  id: z.uuid(),
  qemuVersion: z.string(),
  libvirtVersion: z.string(),
});

/** A Debian suite with QEMU and libvirt in a directory, ready to be the root of hosts. */
export interface RootTree extends z.infer<typeof markerSchema> {
  readonly path: string;
}

/** Where root trees are kept: DROVER_CACHE_DIR or /var/cache/drover. */
export function cacheDirectory(): string {
  return process.env.DROVER_CACHE_DIR || '/var/cache/drover';
}

/** What is known about the QEMU of a suite's tree; it falls with the tree. */
export function capabilityDirectory(suite: string): string {
  return join(cacheDirectory(), 'capabilities', suite);
}

export type Progress = (message: string) => void;

/** The tree of a suite; it is built when the cache has none, which takes a minute or two. */
export async function ensureRootTree(suite: string, onProgress: Progress): Promise<RootTree> {
  const roots = join(cacheDirectory(), 'roots');
  const path = join(roots, checkSuite(suite));
  const ready = await readMarker(path);
  if (ready !== undefined) return ready;
  // Somebody else may have built it while this process waited for the lock.
  const locked = async (lock: Lock) =>
    (await readMarker(path)) ?? (await build(suite, path, lock, onProgress));
  const onWait = () => onProgress(`${suite}: somebody else builds its root tree; waiting`);
  return await withLock(join(roots, `${suite}.lock`), locked, onWait);
}

/** Whether the cache has the tree of a suite. */
export async function isBuilt(suite: string): Promise<boolean> {
  return (await readMarker(join(cacheDirectory(), 'roots', suite))) !== undefined;
}

async function readMarker(path: string): Promise<RootTree | undefined> {
  try {
    const marker: unknown = JSON.parse(await readFile(join(path, markerName), 'utf8'));
    const parsed = markerSchema.safeParse(marker);
    return parsed.success ? { ...parsed.data, path } : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Builds beside the final place and renames: a tree that is there is complete. */
async function build(
  suite: string,
  path: string,
  lock: Lock,
  onProgress: Progress,
): Promise<RootTree> {
  const mirror = await findMirror();
  const started = performance.now();
  await removeLeftovers(join(path, '..'), suite);
  const tree = `${path}.building-${process.pid}`;
  onProgress(
    `building the ${suite} root tree from ${mirror} (once: a minute or two, some 350 MB in ${path})`,
  );
  await mkdir(tree, { recursive: true });
  try {
    await bootstrap(suite, tree, mirror, lock, onProgress);
    await installPackages(suite, tree, lock, onProgress);
    const marker = await finish(suite, tree);
    await moveAside(path);
    await rename(tree, path);
    await removeLeftovers(join(path, '..'), suite);
    onProgress(
      `the ${suite} root tree is ready: ${Math.round((performance.now() - started) / 1000)} s`,
    );
    return { ...marker, path };
  } catch (error) {
    await rm(tree, { recursive: true, force: true });
    throw error;
  }
}

/** Makes room for a new tree without pulling the old one away from hosts that run from it. */
async function moveAside(path: string): Promise<void> {
  try {
    await rename(path, `${path}.outdated-${randomUUID()}`);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/**
 * Removes what a build that was killed has left (the lock says that none is running) and outdated
 * trees that no host runs from any more.
 */
async function removeLeftovers(roots: string, suite: string): Promise<void> {
  for (const name of await readdir(roots)) {
    const unfinished = name.startsWith(`${suite}.building-`);
    const outdated = name.startsWith(`${suite}.outdated-`);
    if (unfinished || (outdated && !(await isMountedSomewhere(name)))) {
      await rm(join(roots, name), { recursive: true, force: true });
    }
  }
}

async function bootstrap(
  suite: string,
  tree: string,
  mirror: string,
  lock: Lock,
  onProgress: Progress,
): Promise<void> {
  onProgress(`${suite}: base system`);
  // The script of Debian's unstable suite fits every current one, also those that this machine's
  // debootstrap has never heard of.
  const options = ['--variant=minbase', `--keyring=${keyring}`, '--force-check-gpg'];
  const script = '/usr/share/debootstrap/scripts/sid';
  const debootstrap = ['debootstrap', ...options, suite, tree, mirror, script];
  await mustBuild(`${suite}: debootstrap`, lock, debootstrap);
}

async function installPackages(
  suite: string,
  tree: string,
  lock: Lock,
  onProgress: Progress,
): Promise<void> {
  // No service may start inside the tree while it is built.
  await writeFile(join(tree, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  await writeFile(
    join(tree, 'etc/resolv.conf'),
    await orNothing(readFile('/etc/resolv.conf', 'utf8'), ''),
  );
  // Nobody needs documentation or translations in a lab's host.
  await writeFile(
    join(tree, 'etc/dpkg/dpkg.cfg.d/drover'),
    'force-unsafe-io\npath-exclude /usr/share/doc/*\npath-exclude /usr/share/man/*\npath-exclude /usr/share/locale/*\n',
  );
  const apt = ['chroot', tree, 'apt-get', ...(await proxyOptions())];
  onProgress(`${suite}: package index`);
  const options = await updateIndex(suite, apt, lock, onProgress);
  onProgress(`${suite}: QEMU and libvirt`);
  const install = ['install', '--yes', '--no-install-recommends', ...packages];
  await mustBuild(`${suite}: apt-get install`, lock, [...apt, ...options, ...install]);
  await mustBuild(`${suite}: apt-get clean`, lock, [...apt, 'clean']);
}

/**
 * Strictly at first. A mirror that stands still has an index past its date, and a machine's clock
 * may be ahead: then the date alone is let pass, and said; signatures are checked all the same.
 */
async function updateIndex(
  suite: string,
  apt: readonly string[],
  lock: Lock,
  onProgress: Progress,
): Promise<readonly string[]> {
  // Without this, apt takes an index that it could not refresh for a mere warning.
  const strict = ['-o', 'APT::Update::Error-Mode=any'];
  const update = await runBuild(lock, [...apt, ...strict, 'update']);
  if (update.code === 0) return [];
  if (!isExpired(update.stderr + update.stdout))
    throw buildFailed(`${suite}: apt-get update`, update);
  onProgress(
    `${suite}: the mirror's package index is past its date; going on without the date check (signatures are checked)`,
  );
  const lenient = ['-o', 'Acquire::Check-Valid-Until=false'];
  await mustBuild(`${suite}: apt-get update`, lock, [...apt, ...strict, ...lenient, 'update']);
  return lenient;
}

/** What apt says of a Release file past its Valid-Until, and of nothing else. */
export function isExpired(output: string): boolean {
  return /^E: Release file for .* is expired \(invalid since /m.test(output);
}

async function finish(suite: string, tree: string): Promise<z.infer<typeof markerSchema>> {
  await rm(join(tree, 'var/lib/apt/lists'), { recursive: true, force: true });
  // Each host mounts its own over these.
  for (const name of ['hosts', 'hostname', 'machine-id', 'resolv.conf']) {
    await rm(join(tree, 'etc', name), { force: true });
    await writeFile(join(tree, 'etc', name), '');
  }
  const marker = {
    recipe,
    suite,
    id: randomUUID(),
    qemuVersion: await versionOf(tree, 'qemu-system-x86_64'),
    libvirtVersion: await versionOf(tree, 'libvirtd'),
  } as const;
  await writeFile(join(tree, markerName), `${JSON.stringify(marker)}\n`);
  return marker;
}

async function versionOf(tree: string, program: string): Promise<string> {
  const output = await must(['chroot', tree, program, '--version']);
  const version = /\d+\.\d+(?:\.\d+)?/.exec(output)?.[0];
  if (version !== undefined) return version;
  throw new DroverError('lab.failed', `${program} in ${tree} does not say its version: ${output}`);
}

/** apt in the tree has no configuration of its own: it gets this machine's proxies. */
async function proxyOptions(): Promise<readonly string[]> {
  const dump = await must(['apt-config', 'dump', '--format', '%f=%v%n']);
  return dump
    .split('\n')
    .filter((line) => /^Acquire::https?::Proxy=./.test(line))
    .flatMap((line) => ['-o', line]);
}

/**
 * Runs a step in a mount and a process namespace of its own, so that nothing of it stays mounted or
 * running however it ends, and that ends when this process is killed. Until all of it is gone the
 * step holds the lock too, so that nobody else begins.
 */
async function runBuild(lock: Lock, argv: readonly string[]) {
  const options: RunOptions = {
    keepOpen: [lock.fd],
    env: { ...programEnvironment(), DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
  };
  const dieTogether = ['setpriv', '--pdeathsig', 'KILL', '--'];
  const isolated = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'];
  return await run([...dieTogether, ...isolated, ...argv], options);
}

async function mustBuild(step: string, lock: Lock, argv: readonly string[]): Promise<void> {
  const result = await runBuild(lock, argv);
  if (result.code !== 0) throw buildFailed(step, result);
}

function buildFailed(step: string, result: { stdout: string; stderr: string }): DroverError {
  const output = `${result.stdout}\n${result.stderr}`.trim().split('\n');
  return new DroverError('lab.failed', `${step} failed: ${output.slice(-8).join('\n')}`, {
    hint: 'is the mirror reachable? another one: DROVER_DEBIAN_MIRROR=URL',
  });
}
