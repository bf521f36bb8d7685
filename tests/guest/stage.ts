import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  addGuest,
  analyse,
  type GuestReport,
  type GuestSpec,
  type HeartbeatWatcher,
  parseWorkload,
  setWorkload,
  watchGuest,
} from '../../src/lab/guest/index.ts';
import { createLab, downLab, type Lab, type LabHost } from '../../src/lab/index.ts';

export const mebibyte = 1024 ** 2;

export interface Stage {
  readonly lab: Lab;
  readonly source: LabHost;
  readonly destination: LabHost;
  down(): Promise<void>;
}

/** Two real hosts. */
export async function setStage(): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'drover-guest-'));
  const lab = await createLab({ dir, hosts: 2, link: 500e6 });
  return {
    lab,
    source: lab.host('h1'),
    destination: lab.host('h2'),
    down: async () => {
      await downLab(dir);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Starts a guest on the source, watched on both hosts, and waits for its first beat. */
export async function startGuest(
  { lab, source }: Stage,
  spec: Pick<GuestSpec, 'name' | 'kind' | 'memoryBytes'> & { workload: string },
): Promise<HeartbeatWatcher> {
  const watcher = watchGuest(lab.hosts, spec.name);
  const first = watcher.nextBeat(() => true, 90_000);
  const workload = parseWorkload(spec.workload);
  await Promise.all([first, addGuest(source, { ...spec, class: 'pet', workload })]);
  return watcher;
}

/** What virsh is told. */
const options = {
  'pre-copy': [],
  'post-copy': ['--postcopy'],
  packed: ['--parallel', '--compressed', '--comp-methods', 'zstd'],
} as const;

/**
 * Moves the guest to the destination as virsh does it, lets it check the whole of its memory there,
 * and reads its story.
 */
export async function moveWithVirsh(
  stage: Stage,
  watcher: HeartbeatWatcher,
  name: string,
  mode: keyof typeof options,
): Promise<GuestReport> {
  const { source, destination } = stage;
  const startMs = performance.now();
  const asked = [...options[mode], name, destination.peerUri];
  const migrate = ['virsh', 'migrate', '--live', '--p2p', ...asked];
  const migrated = source.exec(migrate, { timeoutMs: 60_000 });
  if (mode === 'post-copy') await switchToPostCopy(source, name);
  const { code, stderr } = await migrated;
  if (code !== 0) throw new Error(stderr);
  const endMs = performance.now();
  await setWorkload(destination, name, parseWorkload('sequential:rate=8MiB/s,scrub=1s'));
  await watcher.wholeMemoryChecked(30_000);
  return analyse(watcher.log, { startMs, endMs, untilMs: performance.now() });
}

/** Until the job runs, there is nothing that could be switched. */
async function switchToPostCopy(source: LabHost, name: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { code } = await source.exec(['virsh', 'migrate-postcopy', name]);
    if (code === 0) return;
    await sleep(50);
  }
  throw new Error(`${name} could not be switched to post-copy`);
}
