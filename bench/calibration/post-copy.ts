import { limitMs } from '../peers/cells.ts';
import { driverOf, usualGib } from '../peers/contender.ts';
import { kubevirtContenders } from '../peers/kubevirt.ts';
import { novaArms } from '../peers/nova/arms.ts';
import { ovirtContenders } from '../peers/ovirt.ts';
import type { Row } from '../peers/rows.ts';
import { type Driver, drive } from '../steering/drive.ts';
import { staticDriver } from '../steering/static-arms.ts';
import { heartbeatHz } from './scenes.ts';
import { guestOf, stageOf } from './simulated-side.ts';

const mib = 2 ** 20;
/** How long a guest had been at its work when it was moved, ms: see bench/steering/stage.ts. */
const workedMs = 1_650;

/** What a guest suffered by post-copy, ms. The lost work has the pause in it. */
interface Suffered {
  readonly pausedMs: number;
  readonly lostWorkMs: number;
}

/** A run of bench/peers and the same in the simulator. */
export interface PostCopyRun {
  readonly row: Pick<Row, 'suite' | 'scene' | 'arm'>;
  /** Whether the guest writes as fast as it can: what the host does besides weighs more then than post-copy. */
  readonly isUnlimited: boolean;
  readonly lab: Suffered;
  readonly simulated: Suffered;
}

/** Those of the rows that can be played again: post-copy of one guest of ours on a steady link, by an arm known here. */
export async function playAgain(rows: readonly Row[]): Promise<readonly PostCopyRun[]> {
  const runs: PostCopyRun[] = [];
  for (const row of rows) {
    const driver = driverFor(row);
    const alone = row.guests === 1 && row.guest === 'beat' && row.linkFallsTo === undefined;
    if (!row.figures.postCopy || !alone || driver === undefined) continue;
    const { blackoutMs, lostWorkMs } = row.figures;
    // A silence has a beat at its end.
    const lab = { pausedMs: blackoutMs - 1000 / heartbeatHz, lostWorkMs };
    const isUnlimited = /^(spin|xor)\b/.test(row.does);
    runs.push({ row, isUnlimited, lab, simulated: await simulate(row, driver) });
  }
  return runs;
}

/** How the arm moves its guest; `undefined` for what decides by more than that. */
function driverFor(row: Row): Driver | undefined {
  const { arm, memoryMib, timers } = row;
  const [factor, memoryGib] =
    timers === 'scaled' ? [(usualGib * 1024) / memoryMib, usualGib] : [1, memoryMib / 1024];
  if (arm === 'post-copy') return staticDriver(arm);
  const contender = [...ovirtContenders(factor), ...kubevirtContenders(factor)].find(
    ({ name }) => name === arm,
  );
  if (contender !== undefined) return driverOf(contender, memoryGib);
  const nova = novaArms(memoryGib, factor, limitMs(row)).find(({ name }) => name === arm);
  const secondsPerGib = nova?.options.live_migration_completion_timeout;
  if (secondsPerGib === undefined) return undefined;
  return novaDriver((Number(secondsPerGib) * 1000 * memoryGib) / factor);
}

/** What Nova does of itself in runs so short: its first limit, and post-copy when its time is over. */
function novaDriver(switchesAtMs: number): Driver {
  return {
    maxDowntimeMs: 50,
    postCopy: true,
    autoConverge: undefined,
    readEveryMs: 60,
    step: ({ phase, atMs }) =>
      phase === 'pre-copy' && atMs >= switchesAtMs ? [{ kind: 'post-copy' }] : [],
  };
}

async function simulate(row: Row, driver: Driver): Promise<Suffered> {
  const { does: workload, memoryMib, linkMbitPerSecond } = row;
  const guest = guestOf({ workload, memoryBytes: memoryMib * mib }, { pages: 0, workedMs });
  const { clock, source, destination, uuid } = stageOf(row.suite, linkMbitPerSecond, guest);
  await clock.run(drive(driver, { source, destination }, uuid, limitMs(row), clock));
  const { pausedMs, slowedMs } = destination.toll(uuid) ?? { pausedMs: 0, slowedMs: 0 };
  return { pausedMs, lostWorkMs: pausedMs + slowedMs };
}
