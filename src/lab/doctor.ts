import { accessSync, constants, existsSync } from 'node:fs';
import { mkdir, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { DroverError } from '../errors/catalogue.ts';
import { formatBytes } from '../units/format.ts';
import { findMirror } from './apt-sources.ts';
import { cacheDirectory, defaultSuite, isBuilt, keyring } from './root-tree.ts';
import { programEnvironment, run } from './run.ts';

/** One thing that the lab needs of a machine. */
export interface Finding {
  readonly name: string;
  /** `lacking` stops the lab; `note` is good to know. */
  readonly verdict: 'ok' | 'lacking' | 'note';
  /** What was found, or what to do about it. */
  readonly detail: string;
  /** The Debian package that brings what is lacking. */
  readonly package?: string;
}

/** The programs that the lab runs, and the Debian package that brings each. */
const programs: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  tc: 'iproute2',
  ss: 'iproute2',
  nft: 'nftables',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  flock: 'util-linux',
  setpriv: 'util-linux',
  pivot_root: 'util-linux',
  mount: 'mount',
  hostname: 'hostname',
  debootstrap: 'debootstrap',
};

/** What the first start needs on disk: a tree, and as much again while its packages unpack. */
const diskNeededBytes = 1.5 * 1024 ** 3;
/** Three daemons and a few small guests. */
const memoryNeededBytes = 1024 ** 3;

/**
 * What is tried rather than looked up, each in namespaces that vanish with the try: whether a kernel
 * can do a thing shows best by doing it.
 */
const trials: readonly {
  readonly name: string;
  readonly argv: readonly string[];
  readonly hint: string;
}[] = [
  {
    name: 'namespaces',
    argv: ['unshare', '--mount', '--uts', '--ipc', '--pid', '--net', '--fork', 'true'],
    hint: 'the kernel or a container forbids new namespaces: use a VM or a privileged container',
  },
  {
    name: 'bridge and veth',
    argv: inNetwork(
      'ip link add name br0 type bridge && ip link add name veth0 type veth peer name veth1',
    ),
    hint: 'the kernel lacks the modules bridge or veth',
  },
  {
    name: 'link shaping (sch_tbf)',
    argv: inNetwork('tc qdisc add dev lo root tbf rate 1mbit burst 32kb latency 50ms'),
    hint: 'the kernel lacks the module sch_tbf: labs can be had with --link none only',
  },
  {
    name: 'link cuts (nftables on bridges)',
    argv: inNetwork(
      'nft "table bridge t { chain c { type filter hook forward priority 0; iifname \\"x\\" drop; }; }"',
    ),
    hint: 'the kernel lacks nf_tables for bridges',
  },
];

function inNetwork(script: string): readonly string[] {
  return ['unshare', '--net', 'sh', '-c', script];
}

/** Examines this machine. Changes nothing but to create the empty cache directory. */
export async function examineMachine(): Promise<readonly Finding[]> {
  const lacking = Object.entries(programs).filter(([program]) => !isOnPath(program));
  const root = process.getuid?.() === 0;
  const findings = [
    finding('root', root, 'the lab creates namespaces', 'run the command with sudo'),
    ...programFindings(lacking),
    keyringFinding(),
    ...(root && lacking.length === 0 ? await Promise.all(trials.map(attempt)) : []),
    await postCopyFinding(),
    await memoryFinding(),
    ...(await rootTreeFindings()),
    acceleratorFinding(),
  ];
  return findings;
}

/** The Debian packages that this machine lacks for the lab. */
export function missingPackages(): readonly string[] {
  const names = Object.entries(programs)
    .filter(([program]) => !isOnPath(program))
    .map(([, name]) => name);
  if (!existsSync(keyring)) names.push('debian-archive-keyring');
  return [...new Set(names)].toSorted();
}

function finding(name: string, good: boolean, ok: string, otherwise: string): Finding {
  return { name, verdict: good ? 'ok' : 'lacking', detail: good ? ok : otherwise };
}

function programFindings(lacking: readonly (readonly [string, string])[]): readonly Finding[] {
  if (lacking.length === 0) {
    return [{ name: 'programs', verdict: 'ok', detail: Object.keys(programs).join(' ') }];
  }
  return lacking.map(([program, name]) => ({
    name: program,
    verdict: 'lacking',
    detail: `install the package ${name}`,
    package: name,
  }));
}

function keyringFinding(): Finding {
  const name = "Debian's keys";
  if (existsSync(keyring)) return { name, verdict: 'ok', detail: keyring };
  const missing = 'debian-archive-keyring';
  return { name, verdict: 'lacking', detail: `install the package ${missing}`, package: missing };
}

async function attempt({ name, argv, hint }: (typeof trials)[number]): Promise<Finding> {
  const { code, stderr } = await run(argv, { timeoutMs: 10_000 });
  return finding(name, code === 0, 'works', `${hint} (${stderr.trim().split('\n')[0] ?? ''})`);
}

/** The kernel has userfaultfd exactly when it has this setting of it. */
async function postCopyFinding(): Promise<Finding> {
  const has = existsSync('/proc/sys/vm/unprivileged_userfaultfd');
  const lack = 'the kernel has no userfaultfd: guests migrate, but never by post-copy';
  return { name: 'post-copy', verdict: has ? 'ok' : 'note', detail: has ? 'userfaultfd' : lack };
}

async function memoryFinding(): Promise<Finding> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const bytes = Number(/^MemAvailable:\s*(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  const amount = `${formatBytes(bytes)} available`;
  return finding(
    'memory',
    bytes >= memoryNeededBytes,
    amount,
    `${amount}; a small lab needs ${formatBytes(memoryNeededBytes)}`,
  );
}

/** A tree that is there needs neither room nor a mirror. */
async function rootTreeFindings(): Promise<readonly Finding[]> {
  const cache = cacheDirectory();
  if (await isBuilt(defaultSuite)) {
    const detail = `${defaultSuite} is in ${join(cache, 'roots')}`;
    return [{ name: 'root tree', verdict: 'ok', detail }];
  }
  await mkdir(cache, { recursive: true });
  const { bavail, bsize } = await statfs(cache);
  const free = `${formatBytes(bavail * bsize)} free in ${cache}`;
  const needed = `${free}; the first start needs ${formatBytes(diskNeededBytes)} (DROVER_CACHE_DIR moves it)`;
  return [
    {
      name: 'root tree',
      verdict: 'note',
      detail: `the first start builds that of ${defaultSuite}`,
    },
    finding('disk', bavail * bsize >= diskNeededBytes, free, needed),
    await mirrorFinding(),
  ];
}

async function mirrorFinding(): Promise<Finding> {
  const name = 'Debian mirror';
  try {
    return { name, verdict: 'ok', detail: await findMirror() };
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    return { name, verdict: 'lacking', detail: `${error.message}: ${error.hint ?? ''}` };
  }
}

function acceleratorFinding(): Finding {
  const detail = existsSync('/dev/kvm')
    ? 'guests are emulated; /dev/kvm is there: try --accelerator kvm (not tried here)'
    : 'guests are emulated: there is no /dev/kvm';
  return { name: 'accelerator', verdict: 'note', detail };
}

function isOnPath(program: string): boolean {
  const folders = programEnvironment().PATH?.split(':') ?? [];
  return folders.some((folder) => folder !== '' && isExecutable(join(folder, program)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Absent, or not ours to run: either way it is not there for the lab.
    return false;
  }
}
