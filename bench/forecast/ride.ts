import { type Lesson, learn, priorFrom } from '../../src/forecast/learn.ts';
import type { Prior, Syncing } from '../../src/forecast/prior.ts';
import type { MigrationResult } from '../../src/migration/result.ts';
import { migrateVm } from '../../src/migration/service.ts';
import { realSurroundings } from '../../src/migration/surroundings.ts';
import { setTags } from '../../src/migration/tags.ts';
import { defaultMatrix } from '../../src/policy/matrix.ts';
import type { Ending, MigrationCapabilities } from '../../src/steering/decision.ts';
import { foresee } from '../../src/steering/foresee.ts';
import { type Intent, steersmanFor } from '../../src/steering/steersman.ts';
import { guestMemoryBytes, type Pair } from '../steering/cells.ts';
import type { Stage, Way } from '../steering/stage.ts';
import { type Actual, type Said, sayAlong } from './judge.ts';

/** Where on the way it is asked for a forecast, beside the start, as shares of the whole time. */
const shares = [0.25, 0.5];

/** One steered migration, what was said of it on the way, and what became of it. */
export interface Ride {
  readonly actual: Actual;
  readonly said: readonly Said[];
  /** What it teaches of the next one. */
  readonly lesson: Lesson;
}

/** Runs a migration, and asks at the start and on the way what will become of it. `known`: newest first. */
export async function ride(stage: Stage, pair: Pair, known: readonly Lesson[]): Promise<Ride> {
  const { did: result, felt } = await stage.watch((way) => move(way, pair));
  if (felt.harm !== undefined) throw new Error(felt.harm.message);
  const actual: Actual = {
    ending: endingOf(result),
    totalMs: result.totalMs,
    blackoutMs: felt.arrived ? felt.blackoutMs : undefined,
    sentBytes: result.sentBytes,
  };
  const syncing = stage.suite === 'trixie' ? 'passes' : 'continuous';
  const prior = priorOf(known, syncing);
  const intent = { ...pair, deadlineMs: undefined };
  const capabilities = capabilitiesOf(stage);
  const steersman = steersmanFor({ intent: () => intent, prior, memoryBytes: guestMemoryBytes });
  const onTheWay = sayAlong(steersman, capabilities, result.telemetry, result.totalMs, shares);
  const first = known.length > 0 ? [atStart(intent, capabilities, prior)] : [];
  return { actual, said: [...first, ...onTheWay], lesson: learn(result.telemetry) };
}

async function move(way: Way, { slaClass, importance }: Pair): Promise<MigrationResult> {
  const { vm, source, destination, config } = way;
  await setTags({ vm, host: source.name }, { slaClass }, config);
  return migrateVm(
    { vm, from: source.name, to: destination.name, importance },
    config,
    { onEvent: () => undefined, letGo: new AbortController().signal },
    realSurroundings,
  );
}

function capabilitiesOf({ postCopyRecoverable }: Stage): MigrationCapabilities {
  const allowed = { allowed: true } as const;
  return { postCopy: allowed, postCopyRecoverable, autoConverge: allowed };
}

/** The guest goes to and fro over one link: each move teaches of the guest and of the way. */
function priorOf(known: readonly Lesson[], syncing: Syncing): Prior {
  return priorFrom({
    ofGuest: known,
    ofWay: known,
    ofClass: [],
    measured: [],
    capBytesPerSecond: undefined,
    residentBytes: undefined,
    syncing,
  });
}

function atStart(intent: Intent, capabilities: MigrationCapabilities, prior: Prior): Said {
  const memoryBytes = guestMemoryBytes;
  const all = { intent, capabilities, matrix: defaultMatrix, prior, memoryBytes };
  const { ending, forecast } = foresee(all).expected;
  return {
    share: 0,
    ending,
    totalMs: forecast.timeMs.p50,
    blackoutMs: forecast.blackoutMs.p50,
    bytes: forecast.bytes,
  };
}

function endingOf({ outcome, switchedToPostCopy, decisions }: MigrationResult): Ending {
  if (outcome === 'stayed') return 'stay';
  if (outcome !== 'completed') throw new Error(`it ended as ${outcome}`);
  if (switchedToPostCopy) return 'post-copy';
  return decisions.some(({ action }) => action.kind === 'freeze') ? 'freeze' : 'switch-over';
}
