import { expect, test } from 'vitest';
import type { Sample } from '../../src/forecast/telemetry.ts';
import { sampleAt } from '../../tests/store/rows.ts';
import { novaLike } from './nova-like.ts';

const forced = {
  live_migration_permit_post_copy: 'true',
  live_migration_timeout_action: 'force_complete',
  live_migration_completion_timeout: 15,
} as const;

const at = (seconds: number): Sample => ({ ...sampleAt(0), atMs: seconds * 1000 });

test('begins with 50 ms, and allows 50 more after each 75 s for a GiB, up to 500', () => {
  const nova = novaLike({ name: 'nova-defaults', options: {} }, 2, 1);
  expect(nova).toMatchObject({ maxDowntimeMs: 50, postCopy: false });
  const step = nova.begin(2);
  expect([149, 151, 200, 301].map((seconds) => step(at(seconds)))).toEqual([
    [],
    [{ kind: 'set-downtime', ms: 100 }],
    [],
    [{ kind: 'set-downtime', ms: 150 }],
  ]);
  const rest = [...Array(40).keys()].flatMap((index) => step(at(400 + index * 150)));
  expect(rest.at(-1)).toEqual({ kind: 'set-downtime', ms: 500 });
  expect(rest).toHaveLength(7);
});

test('switches to post-copy when the time for its memory is over, ten times sooner with faster timers', () => {
  const step = novaLike({ name: 'nova-tuned', options: forced }, 8, 10).begin(8);
  expect(step(at(11.9))).toEqual([]);
  expect(step(at(12.1))).toEqual([{ kind: 'post-copy' }]);
});
