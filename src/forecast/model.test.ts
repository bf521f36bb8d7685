import { describe, expect, test } from 'vitest';
import { lookMs } from './course.ts';
import { modelOf } from './guest-model.ts';
import { observe } from './model.ts';
import { type Outlook, outlook } from './outlook.ts';
import { nothingKnown } from './prior.ts';
import type { Sample } from './telemetry.ts';

const mib = 2 ** 20;
const pageSizeBytes = 4096;
const totalBytes = 128 * mib;
const linkBytesPerSecond = 24 * mib;

interface Guest {
  /** Distinct memory written within `ms` after it was clean, bytes. */
  readonly written: (ms: number) => number;
  /** Time between two syncs of the dirty bitmap; Infinity: one at the end of each pass. */
  readonly syncMs: number;
  /** Share of the link that there is, from a moment on. */
  readonly link?: (atMs: number) => number;
}

/** Statistics as QEMU gives them, every 250 ms, of a guest that never fits. */
function telemetry(guest: Guest, seconds: number): Sample[] {
  const samples: Sample[] = [];
  let remaining = totalBytes;
  let sent = 0;
  let lastSyncMs = 0;
  let syncs = 1;
  for (let atMs = 0; atMs <= seconds * 1000; atMs += 10) {
    const step = Math.min(remaining, (linkBytesPerSecond * (guest.link?.(atMs) ?? 1)) / 100);
    remaining -= step;
    sent += step;
    if (remaining === 0 || atMs - lastSyncMs >= guest.syncMs) {
      remaining = Math.min(totalBytes, remaining + guest.written(atMs - lastSyncMs));
      lastSyncMs = atMs;
      syncs += 1;
    }
    if (atMs % 250 === 0) samples.push(sampleAt(atMs, remaining, sent, syncs));
  }
  return samples;
}

function sampleAt(atMs: number, remaining: number, sent: number, syncs: number): Sample {
  return {
    atMs,
    memoryTotalBytes: totalBytes,
    memoryRemainingBytes: remaining,
    memorySentBytes: sent,
    normalPages: Math.floor(sent / pageSizeBytes),
    constantPages: 0,
    pageSizeBytes,
    dirtyRateBytesPerSecond: 0,
    throughputBytesPerSecond: linkBytesPerSecond,
    iteration: syncs,
    throttlePercent: 0,
    postCopyRequests: 0,
    phase: 'pre-copy',
  };
}

function lookAt(samples: readonly Sample[]): Outlook {
  const view = outlook(samples.reduce(observe, modelOf(nothingKnown)));
  if (view === undefined) throw new Error('no outlook');
  return view;
}

/** Writes over and over on 48 MiB, and has been on all of it within 1.5 s. */
const busy = (ms: number): number => 48 * mib * Math.min(1, ms / 1500);

/** Always something new, a little faster than the link. */
const steady = (ms: number): number => (26 * mib * ms) / 1000;
/** The link stands still for half a second. */
const stall = (atMs: number): number => (atMs > 6_000 && atMs < 6_500 ? 0 : 1);
/** The link falls to a fifth. */
const drop = (atMs: number): number => (atMs > 8_000 ? 0.2 : 1);

/** Always something new, until it rests. */
function writing(untilMs: number): Guest {
  let goneMs = 0;
  const written = (ms: number): number => {
    goneMs += ms;
    return goneMs < untilMs ? steady(ms) : 0;
  };
  return { written, syncMs: 60 };
}

describe('what is left at a sync', () => {
  test('is the working set where whole passes are made, not the low end of the saw tooth', () => {
    const samples = telemetry({ written: busy, syncMs: Infinity }, 20);
    expect(Math.min(...samples.map((s) => s.memoryRemainingBytes))).toBeLessThan(12 * mib);
    const { trough } = lookAt(samples);
    // A reading comes up to 250 ms after its sync: 6 MiB of it have gone by then.
    expect(trough?.leastBytes).toBeGreaterThan(40 * mib);
    expect(trough?.mostBytes).toBeLessThanOrEqual(48 * mib);
  });

  test('is what may have gone since, besides what remains, where the bitmap is synced all the time', () => {
    const samples = telemetry({ written: steady, syncMs: 60 }, 20);
    const { trough, bandwidthBytesPerSecond } = lookAt(samples);
    const leastSeen = Math.min(...samples.map((s) => s.memoryRemainingBytes));
    const betweenLooks = (bandwidthBytesPerSecond * lookMs) / 1000;
    expect(trough?.leastBytes).toBeCloseTo(leastSeen + betweenLooks, -6);
  });

  test('is nothing for an idle guest, once its memory is across', () => {
    const idle = { written: () => 0, syncMs: 60 };
    expect(lookAt(telemetry(idle, 4)).trough).toBeUndefined();
    expect(lookAt(telemetry(idle, 7)).trough?.leastBytes).toBe(0);
  });
});

describe('what falls just now', () => {
  test('is nothing while as much is written as is sent', () => {
    expect(lookAt(telemetry(writing(20_000), 9)).fallShare).toBeLessThan(0.1);
  });

  test('is all that the link carries as soon as the guest rests', () => {
    expect(lookAt(telemetry(writing(8_500), 9)).fallShare).toBeGreaterThan(0.8);
  });
});

describe('the link', () => {
  test('is measured through a stall', () => {
    const view = lookAt(telemetry({ written: busy, syncMs: 60, link: stall }, 8));
    expect(view.bandwidthBytesPerSecond / linkBytesPerSecond).toBeCloseTo(1, 1);
    expect(view.linkCollapsed).toBe(false);
  });

  test('has collapsed when it carries next to nothing, and is believed after a while', () => {
    const guest = { written: busy, syncMs: 60, link: drop };
    expect(lookAt(telemetry(guest, 10)).linkCollapsed).toBe(true);
    const later = lookAt(telemetry(guest, 14));
    expect(later.linkCollapsed).toBe(false);
    expect(later.bandwidthBytesPerSecond / linkBytesPerSecond).toBeCloseTo(0.2, 1);
  });
});

describe('the first pass', () => {
  test('ends when all that there was has been disposed of', () => {
    const model = telemetry({ written: busy, syncMs: 60 }, 20).reduce(
      observe,
      modelOf(nothingKnown),
    );
    const passMs = (totalBytes / linkBytesPerSecond) * 1000;
    expect(model.firstPassEndMs).toBeGreaterThanOrEqual(passMs);
    expect(model.firstPassEndMs).toBeLessThan(passMs + 500);
  });

  test('ends early where the guest declares memory free', () => {
    const samples = telemetry({ written: () => 0, syncMs: 60 }, 3);
    const last = samples.at(-1) ?? sampleAt(0, 0, 0, 0);
    const hinted = { ...last, atMs: last.atMs + 250, memoryRemainingBytes: 0 };
    const model = [...samples, hinted].reduce(observe, modelOf(nothingKnown));
    expect(model.firstPassEndMs).toBe(hinted.atMs);
  });
});

describe('what a model keeps', () => {
  test.each([
    ['where the bitmap is synced all the time', 60],
    ['where whole passes are made', Infinity],
  ])('does not grow with the length of the migration, %s', (_, syncMs) => {
    const kept = (seconds: number): number => {
      const samples = telemetry({ written: busy, syncMs }, seconds);
      return JSON.stringify(samples.reduce(observe, modelOf(nothingKnown))).length;
    };
    expect(kept(2_400)).toBeLessThan(1.2 * kept(1_200));
  });
});

describe('a guest that its memory has shown to write 20 MiB/s in turn, where a fifth of that is seen', () => {
  const guest = { written: (ms: number) => (4 * mib * ms) / 1000, syncMs: 60 };
  test.each([
    { seconds: 3, writesMib: 20, when: 'within the first pass' },
    { seconds: 12, writesMib: undefined, when: 'after it' },
  ])('is taken to write $writesMib MiB/s $when', ({ seconds, writesMib }) => {
    const shown = telemetry(guest, seconds).map((sample) => ({
      ...sample,
      inTurnBytesPerSecond: 20 * mib,
    }));
    const view = outlook(shown.reduce(observe, modelOf(nothingKnown)));
    const rate = (view?.workingSet?.rateBytesPerSecond ?? 0) / mib;
    if (writesMib === undefined) expect(rate).toBeLessThan(8);
    else expect(rate).toBe(writesMib);
    expect(view?.inTurn).toEqual({ rateBytesPerSecond: 20 * mib });
  });
});
