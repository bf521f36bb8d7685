import type { Sample } from '../../src/forecast/telemetry.ts';
import type { Figures } from './cost.ts';

/** What a run did, by the readings of its job and by what the guest felt. */
export function figuresOf(
  did: {
    readonly totalMs: number;
    readonly sentBytes: number | undefined;
    readonly samples: readonly Sample[];
  },
  felt: Pick<Figures, 'arrived' | 'blackoutMs' | 'lostWorkMs'>,
): Figures {
  const { totalMs, samples, sentBytes } = did;
  const { arrived, blackoutMs, lostWorkMs } = felt;
  return {
    arrived,
    totalMs,
    blackoutMs,
    lostWorkMs,
    sentBytes: sentBytes ?? samples.at(-1)?.memorySentBytes ?? 0,
    postCopy: samples.some(({ phase }) => phase === 'post-copy'),
    throttlePercent: Math.max(0, ...samples.map(({ throttlePercent }) => throttlePercent)),
  };
}
