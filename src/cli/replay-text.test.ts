import { describe, expect, test } from 'vitest';
import { defaultMatrix } from '../policy/matrix.ts';
import type { Recording } from '../recording/recording.ts';
import type { Replay, Terms } from '../replay/replay.ts';
import type { Action, Decision } from '../steering/decision.ts';
import { replayDocument, replayText } from './replay-text.ts';

const host = { name: 'h1', libvirtVersion: '12.8.0', hypervisorVersion: '11.1.2' };
const recording: Recording = {
  format: 1,
  id: '20260301T101500Z-3f2a',
  startedAt: '2026-03-01T10:15:00Z',
  vm: { name: 'web', uuid: 'u', memoryBytes: 2 ** 30, virtualCpus: 2 },
  slaClass: 'panda',
  importance: 'low',
  reason: undefined,
  deadlineMs: undefined,
  from: host,
  to: { ...host, name: 'h2' },
  capabilities: {
    postCopy: { allowed: true },
    postCopyRecoverable: true,
    autoConverge: { allowed: true },
  },
  capBytesPerSecond: undefined,
  budget: defaultMatrix.panda.low,
  prior: {
    bandwidthBytesPerSecond: undefined,
    touchedBytes: undefined,
    written: [],
    syncing: 'continuous',
  },
  samples: [],
  decisions: [],
  why: [],
  end: undefined,
};
const terms: Terms = { matrix: defaultMatrix, slaClass: 'pet', importance: 'high' };

function decided(atMs: number, action: Action, why = 'It is so.'): Decision {
  const never = { p50: Infinity, p90: Infinity };
  const cost = { slowdownShare: 0, slowdownMs: 0, bytes: 0, lossRisk: 0 };
  const forecast = { completes: false, timeMs: never, blackoutMs: never, ...cost };
  return { atMs, action, why, ending: 'open', forecast, alternatives: [] };
}

const limit = decided(4_200, { kind: 'set-max-downtime', ms: 210 });
const laterLimit = decided(4_203, { kind: 'set-max-downtime', ms: 210 });
const otherLimit = decided(4_203, { kind: 'set-max-downtime', ms: 90 }, 'Less is enough.');
const split = decided(9_000, { kind: 'start-post-copy' });
const paced = decided(2_000, { kind: 'set-max-speed', bytesPerSecond: Infinity });

interface Case {
  readonly name: string;
  readonly result: Replay;
  readonly lines: readonly RegExp[];
  readonly marked: number;
}

const cases: readonly Case[] = [
  {
    name: 'the same',
    result: { recorded: [limit, split], replayed: [laterLimit, split], firstDifference: undefined },
    lines: [
      /^4\.2 s {2,}set-max-downtime 210 ms {2,}set-max-downtime 210 ms$/m,
      /^9\.0 s {2,}start-post-copy {2,}start-post-copy$/m,
      /The same is done at the same moments/,
    ],
    marked: 0,
  },
  {
    name: 'another limit',
    result: {
      recorded: [limit, split],
      replayed: [otherLimit, split],
      firstDifference: { recorded: limit, replayed: otherLimit },
    },
    lines: [
      /^4\.2 s {2,}set-max-downtime 210 ms {2,}set-max-downtime 90 ms {2,}<- first difference$/m,
      /now, {2}at 4\.2 s set-max-downtime 90 ms: Less is enough\./,
      /no longer what would have been read/,
    ],
    marked: 1,
  },
  {
    name: 'an act that came before the one of then',
    result: {
      recorded: [limit],
      replayed: [paced, laterLimit],
      firstDifference: { recorded: limit, replayed: paced },
    },
    lines: [/^2\.0 s {2,}- {2,}set-max-speed unlimited\/s {2,}<- first difference$/m],
    marked: 1,
  },
  {
    name: 'nothing, where something was done then',
    result: {
      recorded: [split],
      replayed: [],
      firstDifference: { recorded: split, replayed: undefined },
    },
    lines: [
      /^9\.0 s {2,}start-post-copy {2,}- {2,}<- first difference$/m,
      /now, {2}nothing more was done/,
    ],
    marked: 1,
  },
  {
    name: 'nothing at all',
    result: { recorded: [], replayed: [], firstDifference: undefined },
    lines: [/^Nothing is done but to wait\.$/m],
    marked: 0,
  },
];

describe('a replay for a person', () => {
  test.each(cases)('shows $name', ({ result, lines, marked }) => {
    const text = replayText(recording, terms, result);
    expect(text).toContain('recorded as panda, low; replayed as pet, high');
    for (const line of lines) expect(text).toMatch(line);
    expect(text.split('<- first difference')).toHaveLength(marked + 1);
  });
});

describe('a replay as a document', () => {
  test('keeps what never ends, and is honest about the readings', () => {
    const firstDifference = { recorded: limit, replayed: otherLimit };
    const result = { recorded: [limit], replayed: [otherLimit], firstDifference };
    expect(replayDocument(recording, terms, result)).toMatchObject({
      id: recording.id,
      recorded: { class: 'panda', decisions: [{ forecast: { timeMs: { p50: 'never' } } }] },
      replayed: { class: 'pet', importance: 'high' },
      firstDifference: { caution: expect.stringContaining('no longer what would have been read') },
    });
  });

  test('of no difference says so', () => {
    const result = { recorded: [], replayed: [], firstDifference: undefined };
    expect(replayDocument(recording, terms, result)).toHaveProperty('firstDifference', null);
  });
});
