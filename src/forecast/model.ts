import type { GuestModel } from './guest-model.ts';
import { observeLink } from './link.ts';
import { type Point, pointOf } from './points.ts';
import { withSpan } from './spans.ts';
import type { Sample } from './telemetry.ts';

/** The model after one more reading. Readings of other phases than pre-copy teach nothing here. */
export function observe(model: GuestModel, sample: Sample): GuestModel {
  if (sample.phase !== 'pre-copy' || sample.memoryTotalBytes === 0) return model;
  const point = pointOf(sample);
  const seen = {
    ...withFirstPass(model, point),
    last: point,
    link: observeLink(model.link, point),
    memoryTotalBytes: sample.memoryTotalBytes,
    throttlePercent: sample.throttlePercent,
  };
  return withSpan(seen, model.last, point);
}

function withFirstPass(model: GuestModel, point: Point): GuestModel {
  if (model.firstPassEndMs !== undefined) return model;
  const known = point.remainingBytes + point.disposedBytes;
  const firstPassBytes = Math.min(model.firstPassBytes, known);
  const passed = point.disposedBytes >= firstPassBytes;
  return {
    ...model,
    firstPassBytes,
    firstPassEndMs: passed ? point.atMs : undefined,
    firstPassSentBytes: point.sentBytes,
  };
}
