import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Moved } from '../migration/service.ts';
import { migrationDocument, summaryText } from './summary.ts';

const none = { p50: 0, p90: 0 };
const result: Moved = {
  id: '20260301T101500Z-3f2a',
  outcome: 'completed',
  domain: { name: 'web', uuid: '7d1c6f0e-3a2b-4c5d-8e9f-0a1b2c3d4e5f' },
  from: 'h1',
  to: 'h2',
  runsOn: ['h2'],
  switchedToPostCopy: true,
  startedWithPostCopy: true,
  totalMs: 32_400.6,
  blackout: { ms: 247.6, measuredBy: 'events' },
  sentBytes: 1_288_490_189,
  decisions: [
    {
      atMs: 4_200.4,
      action: { kind: 'start-post-copy' },
      why: 'It writes faster than the link carries.',
      ending: 'post-copy',
      forecast: {
        completes: true,
        timeMs: none,
        blackoutMs: none,
        slowdownShare: 0,
        slowdownMs: 0,
        bytes: 0,
        lossRisk: 0,
      },
      alternatives: [],
    },
  ],
  why: ['It begins gently.', 'It writes faster than the link carries.'],
  telemetry: [],
};

describe('the JSON document', () => {
  it('has the documented fields, with their units in whole numbers', () => {
    expect(migrationDocument(result)).toEqual({
      id: '20260301T101500Z-3f2a',
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
      why: result.why,
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
    expect(new Set(described)).toEqual(new Set(Object.keys(migrationDocument(result))));
  });

  it('says null for a blackout that nothing measured', () => {
    const document = migrationDocument({ ...result, blackout: undefined });
    expect(document).toMatchObject({ blackoutMs: null, blackoutMeasuredBy: null });
  });
});

describe('the summary', () => {
  it('says where the VM is, what it cost and why', () => {
    expect(summaryText(migrationDocument(result))).toBe(
      [
        'web runs on h2',
        '  took      32 s, 1.2 GiB sent',
        '  blackout  248 ms, between the events of both hosts',
        '  why',
        '    - It begins gently.',
        '    - It writes faster than the link carries.',
        '  more      drover explain 20260301T101500Z-3f2a',
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
    ['detached', 'on its way from h1 to h2'],
  ] as const)('of %s says "%s"', (outcome, text) => {
    const summary = summaryText(migrationDocument({ ...result, outcome }));
    expect(summary).toContain(text);
    expect(summary).not.toContain('blackout');
  });
});
