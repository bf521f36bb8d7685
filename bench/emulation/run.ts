/** Whether emulated QEMU keeps a guest's memory through long migrations; see README.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parseWorkload } from '../../src/lab/guest/index.ts';
import { createLab, type Lab } from '../../src/lab/index.ts';
import { labFolder } from '../lab-folder.ts';
import { withGuest } from '../switch-over/guest.ts';

const { values } = parseArgs({
  options: {
    suite: { type: 'string', default: 'forky' },
    rounds: { type: 'string', default: '8' },
    quick: { type: 'boolean', default: false },
  },
});
const rounds = values.quick ? 3 : Number(values.rounds);

const linkBitsPerSecond = 200_000_000;
/** Faster than the link, on most of a 160 MiB guest: pre-copy goes on until it is ended. */
const workload = parseWorkload('sequential:rate=36MiB/s,set=96MiB');
const preCopyMs = 13_000;
/** The whole memory is read once in ten seconds. */
const checkMs = 14_000;
const mebibyte = 2 ** 20;

const ends = ['stop', 'post-copy'] as const;

/** Ends a long pre-copy by stopping the guest or by post-copy; how many pages were damaged. */
function migrate(lab: Lab, name: string, end: (typeof ends)[number]): Promise<number> {
  const spec = { name, memoryBytes: 160 * mebibyte, workload };
  return withGuest(lab, spec, async ({ source, destination, watcher }) => {
    await sleep(2_000);
    const virsh = (...words: string[]): Promise<unknown> => source.exec(['virsh', '-q', ...words]);
    const moving = source.exec(
      ['virsh', '-q', 'migrate', name, destination.peerUri, '--live', '--p2p', '--postcopy'],
      { timeoutMs: 120_000 },
    );
    await sleep(preCopyMs);
    if (end === 'stop') await virsh('migrate-setmaxdowntime', name, '30000');
    else await virsh('migrate-postcopy', name);
    const { code, stderr } = await moving;
    if (code !== 0) throw new Error(`the migration of ${name} failed: ${stderr}`);
    await watcher.wholeMemoryChecked(checkMs * 4);
    return watcher.log.beats.at(-1)?.errors ?? 0;
  });
}

const folder = await labFolder('emulation');
const lab = await createLab({
  dir: folder.dir,
  hosts: 2,
  link: linkBitsPerSecond,
  suite: values.suite,
});
let damaged = 0;
try {
  console.log(`QEMU ${lab.hosts[0]?.qemuVersion ?? 'unknown'}, TCG`);
  for (let round = 0; round < rounds; round += 1) {
    const end = ends[round % ends.length] ?? 'stop';
    const pages = await migrate(lab, `guest${round}`, end);
    if (pages > 0) damaged += 1;
    console.log(`migration ${round + 1} of ${rounds}, ended by ${end}: ${pages} pages damaged`);
  }
} finally {
  await folder.clear();
}
console.log(`suite ${values.suite} migrations ${rounds} damaged ${damaged}`);
