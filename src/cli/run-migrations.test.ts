import { expect, it } from 'vitest';
import { stateText } from './run-migrations.ts';

const startedAt = '2026-03-01T10:15:01.000Z';
const progress = {
  atMs: 1_800,
  percent: 79.6,
  sentBytes: 2 ** 27,
  remainingBytes: 2 ** 24,
  dirtyRateBytesPerSecond: 2 ** 20,
  bandwidthBytesPerSecond: 2 ** 27,
  throttlePercent: 0,
  etaMs: 400,
};
const error = { code: 'preflight.refused', message: 'it cannot', hint: null };
const queued = {
  phase: 'queued',
  progress: null,
  startedAt: null,
  endedAt: null,
  steeredBy: null,
  error: null,
} as const;
const copying = { ...queued, phase: 'copying', startedAt, steeredBy: 'one' } as const;

it.each([
  ['queued', queued],
  ['copying', copying],
  ['copying 79 %', { ...copying, progress }],
  ['copying 79 %, nobody steers it', { ...copying, progress, steeredBy: null }],
  ['completed', { ...copying, phase: 'completed', endedAt: startedAt, steeredBy: null }],
  ['refused', { ...queued, phase: 'failed-safe', endedAt: startedAt, error }],
  ['aborted', { ...queued, phase: 'aborted', endedAt: startedAt, error }],
] as const)('a list says %s', (said, migration) => {
  expect(stateText(migration)).toBe(said);
});
