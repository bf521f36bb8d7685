import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { DroverError } from '../errors/catalogue.ts';
import { fillCapabilities, keepCapabilities } from './capability-cache.ts';
import { bootHost, prepareHost, shareDirectory, startDaemon } from './host.ts';
import { Lab, requireRoot } from './lab.ts';
import { withLock } from './lock.ts';
import { checkHostName, labDirectory, labId, maximumHosts } from './names.ts';
import { createSwitch, plugIn } from './network.ts';
import { checkDirectory } from './placement.ts';
import { checkRate, type Rate } from './rate.ts';
import { defaultSuite, ensureRootTree, type Progress, type RootTree } from './root-tree.ts';
import { type Accelerator, type HostState, type LabState, lockPath, writeState } from './state.ts';
import { hasRemains, removeDirectory, tearDown } from './teardown.ts';

export interface CreateLabOptions {
  /** Where the lab keeps its state; DROVER_LAB_DIR or /var/lib/drover/lab by default. */
  readonly dir?: string;
  /** How many hosts (h1, h2, ...), or which. Three by default. */
  readonly hosts?: number | readonly { readonly name: string; readonly suite?: string }[];
  /** The rate of every host's link, bits/s; 1 gbit by default. */
  readonly link?: Rate | 'none';
  /** The Debian suite of hosts that name none. */
  readonly suite?: string;
  /** `tcg` by default. */
  readonly accelerator?: Accelerator;
  readonly onProgress?: Progress;
}

const defaultLink: Rate = 1e9;

/** Brings a lab up. When that fails nothing of it is left. */
export async function createLab(options: CreateLabOptions = {}): Promise<Lab> {
  requireRoot();
  const plan = planHosts(options);
  const dir = checkDirectory(
    labDirectory(options.dir),
    plan.map(({ name }) => name),
  );
  requireAccelerator(options.accelerator);
  const onProgress = options.onProgress ?? (() => undefined);
  const trees = new Map<string, RootTree>();
  for (const suite of new Set(plan.map((host) => host.suite))) {
    trees.set(suite, await ensureRootTree(suite, onProgress));
  }
  warnOfDamage(trees.values(), options.accelerator ?? 'tcg', onProgress);
  const state = newState(dir, options, plan, trees);
  return await withLock(lockPath(dir), async () => {
    if (await hasRemains(dir)) {
      throw new DroverError('lab.conflict', `there is a lab in ${dir} already`, {
        hint: 'end it with `drover lab down`, or use another directory (--lab-dir, DROVER_LAB_DIR)',
      });
    }
    try {
      await bringUp(dir, state, trees);
      return new Lab(dir, state);
    } catch (error) {
      await clearAfter(error, dir);
      throw error;
    }
  });
}

/** Takes a half-built lab down; should that fail too, both errors are told. */
async function clearAfter(error: unknown, dir: string): Promise<void> {
  try {
    await tearDown(dir);
    await removeDirectory(dir);
  } catch (second) {
    throw new DroverError('lab.failed', 'the lab came up in part and cannot be cleared away', {
      hint: 'try `drover lab down`',
      cause: new AggregateError([error, second], `${String(error)}; then ${String(second)}`),
    });
  }
}

async function bringUp(
  dir: string,
  state: LabState,
  trees: ReadonlyMap<string, RootTree>,
): Promise<void> {
  await mkdir(shareDirectory(dir), { recursive: true });
  await writeState(dir, state);
  await createSwitch(state.id);
  await Promise.all(
    [...trees.values()].map(async (tree) => {
      const hosts = state.hosts.filter(({ suite }) => suite === tree.suite);
      const [first, ...others] = hosts;
      if (first === undefined) return;
      // The first host of a tree that nobody has run before finds out for all.
      const known = await bringUpHost(dir, state, first, tree);
      if (!known) await keepCapabilities(dir, state, first, tree.id);
      await Promise.all(others.map((host) => bringUpHost(dir, state, host, tree)));
    }),
  );
}

async function bringUpHost(
  dir: string,
  state: LabState,
  host: HostState,
  tree: RootTree,
): Promise<boolean> {
  await prepareHost(dir, state, host);
  const known = await fillCapabilities(dir, state, host, tree.id);
  await plugIn(state.id, host);
  await bootHost(dir, state, host);
  await startDaemon(dir, state, host);
  return known;
}

interface PlannedHost {
  readonly name: string;
  readonly suite: string;
}

function planHosts({ hosts = 3, suite = defaultSuite }: CreateLabOptions): readonly PlannedHost[] {
  const plan =
    typeof hosts === 'number'
      ? Array.from({ length: hosts }, (_, index) => ({ name: `h${index + 1}`, suite }))
      : hosts.map((host) => ({ name: checkHostName(host.name), suite: host.suite ?? suite }));
  if (plan.length < 1 || plan.length > maximumHosts || !Number.isInteger(plan.length)) {
    throw new DroverError(
      'usage.invalid',
      `a lab has 1 to ${maximumHosts} hosts, not ${plan.length}`,
    );
  }
  if (new Set(plan.map(({ name }) => name)).size < plan.length) {
    throw new DroverError('usage.invalid', 'two hosts of a lab have the same name');
  }
  return plan;
}

function newState(
  dir: string,
  options: CreateLabOptions,
  plan: readonly PlannedHost[],
  trees: ReadonlyMap<string, RootTree>,
): LabState {
  const { link = defaultLink, accelerator = 'tcg' } = options;
  const hosts = plan.map(({ name, suite }, position) => {
    const tree = trees.get(suite);
    if (tree === undefined) throw new TypeError(`no tree of ${suite}`);
    return {
      name,
      index: position + 1,
      uuid: randomUUID(),
      suite,
      tree: tree.path,
      qemuVersion: tree.qemuVersion,
      libvirtVersion: tree.libvirtVersion,
      link: link === 'none' ? null : checkRate(link),
    };
  });
  return { version: 1, id: labId(dir), accelerator, hosts, cuts: [] };
}

/** Seen with 7.2, not with 10.0: long migrations of emulated guests leave stale pages behind. */
function warnOfDamage(trees: Iterable<RootTree>, accelerator: Accelerator, warn: Progress): void {
  for (const { suite, qemuVersion } of trees) {
    if (accelerator === 'tcg' && Number.parseInt(qemuVersion, 10) < 10) {
      warn(`${suite}: QEMU ${qemuVersion} damages the memory of emulated guests that migrate`);
    }
  }
}

function requireAccelerator(accelerator: Accelerator | undefined): void {
  if (accelerator !== 'kvm' || existsSync('/dev/kvm')) return;
  throw new DroverError('lab.missing', 'this machine has no /dev/kvm', {
    hint: 'leave --accelerator out: guests are emulated then',
  });
}
