import { expect, test } from 'vitest';
import { happeningOf, heardOf } from './happening.ts';

const startedAt = Date.parse('2026-03-01T10:15:00.000Z');
const base = { seq: 7, at: '2026-03-01T10:15:04.200Z', subject: 'm1' };
const atMs = 4_200;

test.each([
  ['migration.queued', { vm: 'web' }, { kind: 'phase', phase: 'queued', atMs }],
  ['migration.began', { phase: 'copying' }, { kind: 'phase', phase: 'copying', atMs }],
  ['migration.phase', { phase: 'post-copy' }, { kind: 'phase', phase: 'post-copy', atMs }],
  ['migration.ended', { phase: 'stayed' }, { kind: 'phase', phase: 'stayed', atMs }],
  [
    'migration.ended',
    { phase: 'failed-safe', code: 'preflight.refused' },
    { kind: 'phase', phase: 'failed-safe', refused: true, atMs },
  ],
  [
    'migration.decision',
    { action: 'freeze', why: 'It fits.' },
    { kind: 'decision', action: 'freeze', why: 'It fits.', atMs },
  ],
  ['migration.notice', { message: 'h2 is gone' }, { kind: 'notice', message: 'h2 is gone', atMs }],
  [
    'migration.taken-up',
    { by: 'r2', phase: 'copying' },
    { kind: 'notice', message: 'r2 steers it from here on.', atMs },
  ],
  [
    'migration.changed',
    { by: 'ann', importance: 'high', cancelRequested: true },
    {
      kind: 'notice',
      message: 'ann says that it is to be cancelled, its importance is high.',
      atMs,
    },
  ],
  [
    'migration.changed',
    { by: 'ann', deadlineAt: 1 },
    { kind: 'notice', message: 'ann says that it has another deadline.', atMs },
  ],
  [
    'migration.changed',
    { by: 'ann', importance: 'low', deadlineAt: null },
    { kind: 'notice', message: 'ann says that its importance is low, it has no deadline.', atMs },
  ],
  ['host.changed', {}, undefined],
])('%s %j', (type, data, happening) => {
  expect(happeningOf({ ...base, type, data }, startedAt)).toEqual(happening);
});

test('what happened before the start is shown at the start', () => {
  const early = { ...base, at: '2026-03-01T10:14:59.000Z', type: 'migration.queued', data: {} };
  expect(happeningOf(early, startedAt)).toMatchObject({ atMs: 0 });
});

test('an event that is not understood is no silence', () => {
  expect(heardOf({ id: '1', event: 'reset', data: '{}' })).toEqual({ kind: 'reset' });
  expect(() => heardOf({ id: '1', event: 'migration.phase', data: '{"seq":1}' })).toThrow(
    'subject',
  );
});
