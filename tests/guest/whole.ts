import { setTimeout as pause } from 'node:timers/promises';
import { analyse, type GuestReport, type HeartbeatWatcher } from '../../src/lab/guest/index.ts';

/** Watches until the guest has read and checked all of its memory once more, or for too long. */
export async function wholeReport(
  { log }: Pick<HeartbeatWatcher, 'log'>,
  migration: { readonly startMs: number; readonly endMs: number },
  longestMs: number,
): Promise<GuestReport> {
  const giveUpMs = performance.now() + longestMs;
  for (;;) {
    const untilMs = performance.now();
    const report = analyse(log, { ...migration, untilMs });
    if (report.verifiedWhole || untilMs > giveUpMs) return report;
    await pause(250);
  }
}
