/** What the sender's socket buffer adds to a switch-over, and holding the stream back takes away. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { median } from '../../src/forecast/points.ts';
import { analyse, parseWorkload } from '../../src/lab/guest/index.ts';
import { createLab, type Lab } from '../../src/lab/index.ts';
import { labFolder } from '../lab-folder.ts';
import { withGuest } from './guest.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const repetitions = values.quick ? 2 : 5;

const mebibyte = 2 ** 20;
const linkBitsPerSecond = 200_000_000;
/** 15 % under what the link carries (23.8 MiB/s of 200 Mbit/s), in the MiB/s that virsh takes. */
const heldMebibytes = 20;
/** Writes little: what it has left at the switch-over is nothing to speak of. */
const workload = parseWorkload('sequential:rate=2MiB/s,set=8MiB');

interface Cell {
  readonly limitMs: number;
  readonly held: boolean;
  readonly blackoutsMs: number[];
}

const cells: readonly Cell[] = [20, 100].flatMap((limitMs) =>
  [false, true].map((held) => ({ limitMs, held, blackoutsMs: [] })),
);

/** The guest's own longest silence, ms. */
function measure(lab: Lab, name: string, { limitMs, held }: Cell): Promise<number> {
  const spec = { name, memoryBytes: 128 * mebibyte, workload, heartbeatHz: 100 };
  return withGuest(lab, spec, async ({ source, destination, watcher }) => {
    await sleep(2_500);
    await source.exec(['virsh', '-q', 'migrate-setmaxdowntime', name, String(limitMs)]);
    const startMs = performance.now();
    const cap = held ? ['--bandwidth', String(heldMebibytes)] : [];
    const { code, stderr } = await source.exec(
      ['virsh', '-q', 'migrate', name, destination.peerUri, '--live', '--p2p', ...cap],
      { timeoutMs: 120_000 },
    );
    if (code !== 0) throw new Error(`the migration of ${name} failed: ${stderr}`);
    const endMs = performance.now();
    await sleep(1_000);
    const { blackout } = analyse(watcher.log, { startMs, endMs, untilMs: endMs + 1_000 });
    if (blackout === undefined) throw new Error(`${name} showed no switch-over`);
    return blackout.ms;
  });
}

function usualMs({ blackoutsMs }: Cell): number {
  return Math.round(median(blackoutsMs) ?? 0);
}

const folder = await labFolder('switch-over');
const lab = await createLab({ dir: folder.dir, hosts: 2, link: linkBitsPerSecond });
try {
  // The cells take turns, so that what else the machine does hits all alike.
  for (let round = 0; round < repetitions; round += 1) {
    for (const [index, cell] of cells.entries()) {
      cell.blackoutsMs.push(await measure(lab, `guest${round}-${index}`, cell));
    }
  }
} finally {
  await folder.clear();
}
console.log('| downtime limit | stream | blackout, ms: median (all) |\n|---|---|---|');
for (const cell of cells) {
  const all = cell.blackoutsMs.map(Math.round).join(', ');
  const stream = cell.held ? `held to ${heldMebibytes} MiB/s` : 'free';
  console.log(`| ${cell.limitMs} ms | ${stream} | ${usualMs(cell)} (${all}) |`);
}
const verdict = cells.map(
  (cell) => `limit_${cell.limitMs}_${cell.held ? 'held' : 'free'}_ms ${usualMs(cell)}`,
);
console.log(verdict.join(' '));
