import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Migration } from '../client/client.ts';
import type { Recording } from '../recording/recording.ts';
import { parseRecording } from '../recording/text.ts';
import { migrationDocument, summaryText } from './summary.ts';

const file = join(import.meta.dirname, '../../tests/recordings/forky-125-busy-pet-high.json');
const recorded = parseRecording(readFileSync(file, 'utf8'), file);
const [split] = recorded.decisions.filter(({ action }) => action.kind === 'start-post-copy');
if (split === undefined) throw new Error(`${file} has no switch to post-copy`);

const recording: Recording = {
  ...recorded,
  decisions: [{ ...split, atMs: 4_200.4, why: 'It writes faster than the link carries.' }],
  why: ['It begins gently.', 'It writes faster than the link carries.'],
};

const migration: Migration = {
  id: '20260301T101500Z-3f2a91c0',
  origin: 'request',
  vm: 'web',
  vmName: 'web',
  vmUuid: '7d1c6f0e-3a2b-4c5d-8e9f-0a1b2c3d4e5f',
  from: 'h1',
  to: 'h2',
  class: 'pet',
  reason: null,
  importance: 'high',
  deadlineAt: null,
  operationId: null,
  requestedBy: 'me',
  requestedAt: '2026-03-01T10:15:00.000Z',
  startedAt: '2026-03-01T10:15:01.000Z',
  endedAt: '2026-03-01T10:15:33.000Z',
  phase: 'completed',
  cancelRequested: false,
  steeredBy: null,
  revision: 1,
  progress: null,
  error: null,
  end: {
    runsOn: ['h2'],
    totalMs: 32_400.6,
    forecastMs: null,
    blackoutMs: 247.6,
    blackoutMeasuredBy: 'events',
    sentBytes: 1_288_490_189,
  },
};

describe('the JSON document', () => {
  it('has the documented fields, with their units in whole numbers', () => {
    expect(migrationDocument(migration, recording)).toEqual({
      id: '20260301T101500Z-3f2a91c0',
      vm: 'web',
      uuid: '7d1c6f0e-3a2b-4c5d-8e9f-0a1b2c3d4e5f',
      from: 'h1',
      to: 'h2',
      outcome: 'completed',
      runsOn: ['h2'],
      totalMs: 32_401,
      blackoutMs: 248,
      blackoutMeasuredBy: 'events',
      sentBytes: 1_288_490_189,
      switchedToPostCopy: true,
      postCopyBreaks: 0,
      stalledMs: 0,
      why: recording.why,
      decisions: [
        {
          atMs: 4_200,
          action: 'start-post-copy',
          why: 'It writes faster than the link carries.',
        },
      ],
    });
  });

  it('has no field that docs/cli.md does not describe, and the other way round', () => {
    const text = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    const [, after = ''] = text.split('### `drover migrate -o json`\n');
    const [section = ''] = after.split('\n### ');
    const cells = [...section.matchAll(/^\| (`.+?) \|/gm)].map(([, cell = '']) => cell);
    const described = cells.flatMap((cell) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    expect(new Set(described)).toEqual(
      new Set(Object.keys(migrationDocument(migration, recording))),
    );
  });

  it('says null for a blackout that nothing measured', () => {
    const { end } = migration;
    if (end === null) throw new Error('it has ended');
    const document = migrationDocument(
      { ...migration, end: { ...end, blackoutMs: null, blackoutMeasuredBy: null } },
      recording,
    );
    expect(document).toMatchObject({ blackoutMs: null, blackoutMeasuredBy: null });
  });
});

describe('the summary', () => {
  it('says where the VM is, what it cost and why', () => {
    expect(summaryText(migrationDocument(migration, recording))).toBe(
      [
        'web runs on h2',
        '  took      32 s, 1.2 GiB sent',
        '  blackout  248 ms, between the events of both hosts',
        '  why',
        '    - It begins gently.',
        '    - It writes faster than the link carries.',
        '  more      drover explain 20260301T101500Z-3f2a91c0',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['stayed', 'web stays on h1'],
    ['aborted', 'web stays on h1'],
    ['failed-safe', 'web runs on h1, unharmed'],
    ['lost', 'neither h1 nor h2'],
    ['unknown', 'look at h1 and h2'],
    ['copying', 'on its way from h1 to h2'],
    ['queued', 'on its way from h1 to h2'],
  ] as const)('of %s says "%s"', (phase, text) => {
    const summary = summaryText(migrationDocument({ ...migration, phase }, undefined));
    expect(summary).toContain(text);
    expect(summary).not.toContain('blackout');
  });
});
