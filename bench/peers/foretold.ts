import { z } from 'zod';
import { priorFrom } from '../../src/forecast/learn.ts';
import { nothingKnown } from '../../src/forecast/prior.ts';
import type { SeenWrites } from '../../src/hypervisor/port.ts';
import type { Recording } from '../../src/recording/recording.ts';
import { steersmanFor } from '../../src/steering/steersman.ts';
import {
  type Actual,
  capabilitiesOn,
  endingOf,
  type Said,
  sayAlong,
  sayAtStart,
  syncingOf,
} from '../forecast/judge.ts';
import type { Figures } from '../steering/cost.ts';
import { carriedShare } from '../steering/link-check.ts';
import type { Stage, Way } from '../steering/stage.ts';
import type { PeerScene } from './cells.ts';

type Pair = PeerScene['pairs'][number];

const endingSchema = z.enum(['switch-over', 'post-copy', 'freeze', 'stay', 'open']);
/** JSON has no number for what never ends. */
const numberSchema = z
  .number()
  .nullable()
  .transform((number) => number ?? Infinity);

/** What Drover said of a migration at its start and on the way, and how it ended. */
export const foretoldSchema = z.object({
  ending: endingSchema,
  said: z.array(
    z.object({
      share: z.number(),
      ending: endingSchema,
      totalMs: numberSchema,
      blackoutMs: numberSchema,
      bytes: numberSchema,
    }),
  ),
});
export type Foretold = z.infer<typeof foretoldSchema>;

/** How long QEMU samples what the guest writes before it is asked at the start, seconds, twice: as a drain does, and longer. */
const sampledSeconds = [1, 3];
/** Where on the way it is asked, as shares of the whole time. */
const shares = [0.25, 0.5];

/**
 * What is said before it starts: the link as an admin would give it, what the host counts as used, and
 * what QEMU samples of the writes. Drover itself knows nothing of this when it moves the guest here.
 */
export async function sayBefore(stage: Stage, scene: PeerScene, pair: Pair): Promise<Said> {
  const { measured, residentBytes } = await stage.look(sampled);
  const memoryBytes = scene.memoryMib * 2 ** 20;
  const prior = priorFrom({
    ofGuest: [],
    ofWay: [],
    ofClass: [],
    measured,
    capBytesPerSecond: (scene.linkMbitPerSecond * 1e6 * carriedShare) / 8,
    residentBytes: residentBytes === undefined ? undefined : Math.min(residentBytes, memoryBytes),
    syncing: syncingOf(stage.suite),
  });
  const intent = { ...pair, deadlineMs: undefined };
  return sayAtStart(intent, capabilitiesOn(stage.postCopyRecoverable), prior, memoryBytes);
}

async function sampled({ source, uuid }: Way): Promise<{
  readonly measured: readonly SeenWrites[];
  readonly residentBytes: number | undefined;
}> {
  const measured: SeenWrites[] = [];
  for (const seconds of sampledSeconds) {
    const seen = await source.measureWrites(uuid, seconds);
    if (seen !== undefined) measured.push(seen);
  }
  return { measured, residentBytes: await source.residentBytes(uuid) };
}

/** With what was said on the way, by the readings of the run; `undefined` where it failed. */
export function foretoldOf(
  stage: Stage,
  scene: PeerScene,
  pair: Pair,
  all: { readonly before: Said; readonly recording: Recording; readonly totalMs: number },
): Foretold | undefined {
  const { before, recording, totalMs } = all;
  const { end, samples, decisions } = recording;
  if (end === undefined || (end.outcome !== 'completed' && end.outcome !== 'stayed'))
    return undefined;
  const steersman = steersmanFor({
    intent: () => ({ ...pair, deadlineMs: undefined }),
    prior: { ...nothingKnown, syncing: syncingOf(stage.suite) },
    memoryBytes: scene.memoryMib * 2 ** 20,
  });
  const capabilities = capabilitiesOn(stage.postCopyRecoverable);
  const onTheWay = sayAlong(steersman, capabilities, samples, totalMs, shares);
  const { outcome, switchedToPostCopy } = end;
  const ending = endingOf({ outcome, switchedToPostCopy, decisions });
  return { ending, said: [before, ...onTheWay] };
}

/** How it went, beside which what was said is judged. */
export function actualOf({ ending }: Foretold, figures: Figures): Actual {
  const { arrived, totalMs, blackoutMs, sentBytes } = figures;
  return { ending, totalMs, blackoutMs: arrived ? blackoutMs : undefined, sentBytes };
}
