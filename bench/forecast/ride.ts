import { type Lesson, learn, priorFrom } from '../../src/forecast/learn.ts';
import type { Prior, Syncing } from '../../src/forecast/prior.ts';
import type { MigrationResult } from '../../src/migration/result.ts';
import { migrateVm } from '../../src/migration/service.ts';
import { realSurroundings } from '../../src/migration/surroundings.ts';
import { setTags } from '../../src/migration/tags.ts';
import { steersmanFor } from '../../src/steering/steersman.ts';
import { guestMemoryBytes, type Pair } from '../steering/cells.ts';
import type { Stage, Way } from '../steering/stage.ts';
import {
  type Actual,
  capabilitiesOn,
  endingOf,
  type Said,
  sayAlong,
  sayAtStart,
  syncingOf,
} from './judge.ts';

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
  const prior = priorOf(known, syncingOf(stage.suite));
  const intent = { ...pair, deadlineMs: undefined };
  const capabilities = capabilitiesOn(stage.postCopyRecoverable);
  const steersman = steersmanFor({ intent: () => intent, prior, memoryBytes: guestMemoryBytes });
  const onTheWay = sayAlong(steersman, capabilities, result.telemetry, result.totalMs, shares);
  const first = known.length > 0 ? [sayAtStart(intent, capabilities, prior, guestMemoryBytes)] : [];
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
