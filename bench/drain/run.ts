/** A host of twelve guests emptied by Drover and as its peers would; see README.md. */
import { existsSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { takeCensus } from '../../src/demo/census.ts';
import { Witness } from '../../src/demo/witness.ts';
import { randomFrom } from '../../src/hypervisor/simulated-random.ts';
import { addGuest, watchGuest } from '../../src/lab/guest/index.ts';
import { createLab, type Lab } from '../../src/lab/index.ts';
import { labFolder } from '../lab-folder.ts';
import { shuffled } from '../steering/shuffle.ts';
import { type DroverDrain, drainByDrover } from './drover-drain.ts';
import { drainLike } from './peer-drain.ts';
import { peers } from './peers.ts';
import { classTable, type Drained, type Felt, guestTable, verdictOf } from './report.ts';
import { guests, leaving, linkBitsPerSecond } from './scene.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    guests: { type: 'boolean', default: false },
    keep: { type: 'string' },
    only: { type: 'string', multiple: true },
    course: { type: 'boolean', default: false },
  },
});

/** What the last move costs its guest shows until then. */
const aftermathMs = 3_000;

const known = ['drover', ...peers.map(({ name }) => name)];
const contenders = known.filter((name) => values.only?.includes(name) ?? true);
const random = randomFrom(Number(values.seed));
const all: Drained[] = values.keep === undefined ? [] : await keptIn(values.keep);
for (let round = 0; round < Number(values.rounds); round += 1)
  for (const name of shuffled(values.quick ? contenders.slice(0, 3) : contenders, random)) {
    const drained = await play(name);
    all.push(drained);
    if (values.keep !== undefined) await appendFile(values.keep, `${JSON.stringify(drained)}\n`);
    console.error(`${name}: ${Math.round(drained.makespanMs / 1000)} s, ${drained.says}`);
  }
const played = known.filter((name) => all.some((one) => one.name === name));
console.log(classTable(played, all));
if (values.guests) console.log(guestTable(all));
console.log(verdictOf(played, all));

/** What earlier runs have left in a file, one to a line. */
async function keptIn(path: string): Promise<Drained[]> {
  if (!existsSync(path)) return [];
  const lines = (await readFile(path, 'utf8')).split('\n');
  return lines.filter((line) => line !== '').map((line): Drained => JSON.parse(line));
}

/** One contender on a lab of its own. */
async function play(name: string): Promise<Drained> {
  const folder = await labFolder('bench-drain');
  const lab = await createLab({ dir: folder.dir, hosts: 4, link: linkBitsPerSecond });
  const signal = new AbortController().signal;
  const witnesses = new Map(
    guests.map((spec) => [spec.name, new Witness(watchGuest(lab.hosts, spec.name))]),
  );
  try {
    await Promise.all(guests.map((spec) => addGuest(lab.host(leaving), spec)));
    await Promise.all([...witnesses.values()].map((witness) => witness.settled(signal)));
    const sentBefore = await sentBy(lab, leaving);
    const startMs = performance.now();
    const { moves, says, course } = await drain(name, lab);
    if (values.course) for (const line of course) console.error(`  ${line}`);
    const endMs = performance.now();
    const sentBytes = (await sentBy(lab, leaving)) - sentBefore;
    await sleep(aftermathMs);
    const census = await takeCensus(lab);
    const felt = guests.map((spec): Felt => {
      const move = moves.get(spec.name) ?? { startMs, endMs };
      const told = witnesses.get(spec.name)?.testimony(move.startMs, move.endMs, performance.now());
      const runsOn = census.get(spec.name) ?? [];
      return {
        name: spec.name,
        slaClass: spec.class,
        moved: runsOn.length === 1 && runsOn[0] !== leaving,
        runsOn,
        blackoutMs: told?.blackoutMs ?? undefined,
        lostWorkMs: told?.lostWorkMs ?? undefined,
        onePlace: told?.onePlace ?? 'not seen',
      };
    });
    return { name, makespanMs: endMs - startMs, sentBytes, says, felt };
  } finally {
    for (const witness of witnesses.values()) witness.stop();
    await folder.clear();
  }
}

/** All that a host's cards have sent so far, bytes: the ninth number of each line of /proc/net/dev. */
async function sentBy(lab: Lab, host: string): Promise<number> {
  const { stdout } = await lab.exec(host, ['cat', '/proc/net/dev']);
  return stdout
    .split('\n')
    .filter((line) => line.includes(':') && !line.trimStart().startsWith('lo:'))
    .reduce((sum, line) => sum + Number(line.split(':')[1]?.trim().split(/\s+/)[8] ?? 0), 0);
}

async function drain(name: string, lab: Lab): Promise<DroverDrain> {
  const peer = peers.find((one) => one.name === name);
  if (peer === undefined) return drainByDrover(lab);
  return { moves: await drainLike(peer, lab), says: 'done', course: [] };
}
