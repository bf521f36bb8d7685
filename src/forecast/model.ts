import type { GuestModel } from './guest-model.ts';
import { observeLink } from './link.ts';
import { type Point, pointOf } from './points.ts';
import { observeShrinking } from './shrinking.ts';
import { withSpan } from './spans.ts';
import { observeSplit } from './split.ts';
import type { Sample } from './telemetry.ts';

/** The model after one more reading. */
export function observe(before: GuestModel, sample: Sample): GuestModel {
  const model = withInTurn(before, sample);
  if (sample.phase === 'post-copy') return { ...model, split: observeSplit(model.split, sample) };
  if (sample.phase !== 'pre-copy' || sample.memoryTotalBytes === 0) return model;
  const shrinking = observeShrinking(model.shrinking, sample);
  const point = pointOf(sample, shrinking !== undefined);
  const seen = {
    ...model,
    ...firstPassAfter(model, point),
    last: point,
    link: observeLink(model.link, point),
    shrinking,
    memoryTotalBytes: sample.memoryTotalBytes,
    throttlePercent: sample.throttlePercent,
  };
  return withSpan(seen, model.last, point);
}

function withInTurn(model: GuestModel, { inTurnBytesPerSecond }: Sample): GuestModel {
  if (inTurnBytesPerSecond === undefined) return model;
  if (model.inTurn?.rateBytesPerSecond === inTurnBytesPerSecond) return model;
  return { ...model, inTurn: { rateBytesPerSecond: inTurnBytesPerSecond } };
}

type FirstPass = Pick<GuestModel, 'firstPassBytes' | 'firstPassEndMs' | 'firstPassPlainBytes'>;

/** What is new of it; `undefined` when it is over. */
function firstPassAfter(model: GuestModel, point: Point): FirstPass | undefined {
  if (model.firstPassEndMs !== undefined) return undefined;
  const known = point.remainingBytes + point.disposedBytes;
  const firstPassBytes = Math.min(model.firstPassBytes, known);
  const passed = point.disposedBytes >= firstPassBytes;
  return {
    firstPassBytes,
    firstPassEndMs: passed ? point.atMs : undefined,
    firstPassPlainBytes: point.plainBytes,
  };
}
