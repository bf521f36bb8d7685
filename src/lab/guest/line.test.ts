import { describe, expect, it } from 'vitest';
import { lineChecksum, parseGuestLine, withChecksum, withoutChecksum } from './line.ts';

const beat = 'H 12 260 5000 1 0 3 4000 1024 250';

describe("a guest's lines", () => {
  it('carry CRC-16/CCITT-FALSE, whose check value is published', () => {
    expect(lineChecksum('123456789')).toBe('29b1');
  });

  it('give a beat', () => {
    expect(parseGuestLine(withChecksum(beat))).toEqual({
      kind: 'beat',
      beat: {
        seq: 12,
        guestMs: 260,
        pages: 5000,
        laps: 1,
        errors: 0,
        scrubLap: 3,
        scrubbedPages: 4000,
        ramPages: 1024,
        ratePagesPerSecond: 250,
      },
    });
  });

  it('say when the guest writes as fast as it can', () => {
    const parsed = parseGuestLine(withChecksum('H 1 2 3 4 5 6 7 8 full'));
    expect(parsed).toMatchObject({ kind: 'beat', beat: { ratePagesPerSecond: 'full' } });
  });

  it.each([
    ['B 1 65178 50 59', { kind: 'start', ramPages: 65178, hz: 50, bootMs: 59 }],
    ['W pattern=idle', { kind: 'workload', text: 'pattern=idle' }],
    ['X pattern=odd', { kind: 'rejected', text: 'pattern=odd' }],
    [
      'E scrub 7 11 12 129',
      {
        kind: 'damage',
        damage: { found: 'scrub', page: 7, expectedStamp: 11, foundStamp: 12, badSectors: 129 },
      },
    ],
  ])('%s', (text, expected) => {
    expect(parseGuestLine(withChecksum(text))).toEqual(expected);
  });

  it('are torn whenever a single character is changed or missing', () => {
    const line = withChecksum(beat);
    for (let at = 0; at < line.length; at++) {
      const other = line[at] === '7' ? '8' : '7';
      expect(parseGuestLine(line.slice(0, at) + other + line.slice(at + 1)).kind).toBe('torn');
      expect(parseGuestLine(line.slice(0, at) + line.slice(at + 1)).kind).toBe('torn');
    }
  });

  it.each([
    'H 1 2 3',
    'H 1 2 3 4 5 6 7 8 fast',
    'H -1 2 3 4 5 6 7 8 9',
    'B 2 1 1 1',
    'E disk 1 2 3 4',
    'Z',
  ])('with a good checksum and other contents are torn too: %s', (text) => {
    expect(parseGuestLine(withChecksum(text)).kind).toBe('torn');
  });

  it.each(['', '*', '*29b', 'x'])('too short for a checksum have none: %j', (text) => {
    expect(withoutChecksum(text)).toBeUndefined();
  });
});
