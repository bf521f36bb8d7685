import type { GuestModel } from './guest-model.ts';
import { ratioOf } from './shrinking.ts';

/** What the link carries of memory, bytes/s; until it is seen, what was known before; 0: not known. */
export function bandwidthOf({ link, shrinking, prior }: GuestModel): number {
  return link.bytesPerSecond > 0
    ? link.bytesPerSecond * ratioOf(shrinking)
    : (prior.bandwidthBytesPerSecond ?? 0);
}

/** What was sent of the first pass, and what is still to be sent of it. */
export function passMs(model: GuestModel): number {
  const bandwidth = bandwidthOf(model);
  const { last } = model;
  if (bandwidth === 0 || last === undefined) return Infinity;
  const unsent = Math.max(0, model.firstPassBytes - last.disposedBytes);
  return ((model.firstPassPlainBytes + unsent * sentShare(model)) / bandwidth) * 1000;
}

/** Less than this of the first pass says too little of the rest. */
const tellingShare = 0.1;

/** Of the rest of the first pass: by what is known of the guest, else by what was sent so far. */
export function sentShare(model: GuestModel): number {
  const { last } = model;
  if (last === undefined) return 1;
  const { touchedBytes } = model.prior;
  const unsent = model.firstPassBytes - last.disposedBytes;
  if (touchedBytes !== undefined && unsent > 0)
    return Math.min(1, Math.max(0, touchedBytes - last.plainBytes) / unsent);
  if (last.disposedBytes < model.firstPassBytes * tellingShare) return 1;
  return Math.min(1, model.firstPassPlainBytes / Math.max(1, last.disposedBytes));
}
