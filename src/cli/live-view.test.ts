import { describe, expect, it } from 'vitest';
import type { Happening } from './happening.ts';
import { LiveView } from './live-view.ts';

function progressAt(atMs: number, percent: number): Happening & { kind: 'progress' } {
  return {
    kind: 'progress',
    phase: 'copying',
    progress: {
      atMs,
      percent,
      sentBytes: 0,
      remainingBytes: 0,
      dirtyRateBytesPerSecond: 0,
      bandwidthBytesPerSecond: 0,
      throttlePercent: 0,
      etaMs: 1_000,
    },
  };
}

function decided(action: (Happening & { kind: 'decision' })['action'], why: string): Happening {
  return { kind: 'decision', atMs: 4_200, action, why };
}

function shown(isTTY: boolean, events: readonly Happening[]): string {
  let text = '';
  const err = { isTTY, columns: 60, write: (piece: string) => (text += piece) };
  const env = { NO_COLOR: '1' };
  const view = new LiveView({ out: err, err, env, endWith: () => undefined });
  for (const event of events) view.show('web', event);
  view.clear();
  return text;
}

describe('without a terminal', () => {
  it('says each thing that happens on a line of its own', () => {
    const text = shown(false, [
      { kind: 'phase', phase: 'copying', atMs: 0 },
      decided('set-max-downtime', 'it fits a pause of 300 ms'),
      { kind: 'notice', message: 'h2 does not answer', atMs: 5_000 },
    ]);
    expect(text.split('\n')).toEqual([
      'web      0 ms  copying memory while the guest runs',
      'web     4.2 s  a longer pause allowed: it fits a pause of 300 ms',
      'web     5.0 s  h2 does not answer',
      '',
    ]);
  });

  it('says once that nobody steers it and what to do, and goes on when somebody does again', () => {
    const alone = { ...progressAt(8_000, 42), kind: 'unsteered', advice: 'take it up' } as const;
    const text = shown(false, [
      progressAt(8_000, 42),
      alone,
      alone,
      { kind: 'notice', message: 'b steers it from here on.', atMs: 30_000 },
      { kind: 'phase', phase: 'copying', atMs: 30_500 },
      progressAt(31_000, 44),
    ]);
    expect(text.split('\n').map((line) => line.slice(0, 80))).toEqual([
      expect.stringMatching(/^web {2}copying {2}42 %/),
      'web     8.0 s  nobody steers it any more (last seen copying at 42 %): take it up',
      'web      30 s  b steers it from here on.',
      'web      31 s  copying memory while the guest runs',
      expect.stringMatching(/^web {2}copying {2}44 %/),
      '',
    ]);
  });

  it('says of what was refused that nothing was touched', () => {
    const refused = { kind: 'phase', phase: 'failed-safe', refused: true, atMs: 96 } as const;
    expect(shown(false, [refused])).toBe('web     96 ms  refused: nothing was touched\n');
  });

  it('does not tell of waiting', () => {
    expect(shown(false, [decided('wait', 'it gets smaller')])).toBe('');
  });

  it('thins progress out to a line every five seconds of the migration', () => {
    const every100Ms = Array.from({ length: 101 }, (_, index) => progressAt(index * 100, index));
    const lines = shown(false, every100Ms).trim().split('\n');
    expect(lines.map((line) => / (\d+) %/.exec(line)?.[1])).toEqual(['0', '50', '100']);
  });
});

describe('on a terminal', () => {
  const erase = '\r\u001b[2K';

  it('repaints one line, and leaves none behind', () => {
    const text = shown(true, [progressAt(0, 1), progressAt(100, 2)]);
    const [first, second, ...rest] = text.split(erase);
    expect(first).toContain(' 1 %');
    expect(second).toContain(' 2 %');
    expect(rest).toEqual(['']);
  });

  it('writes what happens above the repainted line', () => {
    const text = shown(true, [
      progressAt(0, 1),
      { kind: 'notice', message: 'h2 does not answer', atMs: 50 },
    ]);
    const [, above = '', after] = text.split(erase);
    expect(above).toMatch(/^web +50 ms {2}h2 does not answer\nweb {2}copying {2}1 %/);
    expect(after).toBe('');
  });

  it('never writes a line that would wrap', () => {
    const text = shown(true, [progressAt(0, 1)]);
    expect(text.replaceAll(erase, '').length).toBeLessThan(60);
  });

  it('writes whole lines on a terminal that does not know its size', () => {
    let text = '';
    const err = { isTTY: true, columns: 0, rows: 0, write: (piece: string) => (text += piece) };
    const view = new LiveView({ out: err, err, env: { NO_COLOR: '1' }, endWith: () => undefined });
    view.show('web', progressAt(0, 1));
    expect(text).toContain('web  copying  1 %');
  });

  it('has a line for each of several migrations, and takes all away', () => {
    let text = '';
    const err = { isTTY: true, columns: 60, rows: 24, write: (piece: string) => (text += piece) };
    const view = new LiveView({ out: err, err, env: { NO_COLOR: '1' }, endWith: () => undefined });
    view.show('web', progressAt(0, 1));
    view.show('db', progressAt(0, 2));
    expect(text).toMatch(/web {2}copying {2}1 %[^\n]*\ndb {2}copying {2}2 %[^\n]*$/);
    text = '';
    view.clear();
    expect(text).toBe(`${erase}\u001b[1A\u001b[2K`);
  });

  it('no longer paints what has ended', () => {
    const text = shown(true, [
      progressAt(0, 1),
      { kind: 'phase', phase: 'completed', atMs: 9_000 },
    ]);
    expect(text.endsWith('completed\n')).toBe(true);
  });
});
