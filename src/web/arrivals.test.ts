import { expect, test } from 'vitest';
import type { VmDocument } from '../api/vms.ts';
import { withArrivals } from './arrivals.ts';

const vm = (uuid: string, host: string, second: number): VmDocument => ({
  uuid,
  name: uuid,
  host,
  state: 'running',
  memoryBytes: 1,
  virtualCpus: 1,
  busyShare: null,
  class: 'pet',
  foreignMigration: false,
  seenAt: `2026-01-31T02:00:${second}Z`,
});
const arrivals = new Map([['db', { from: 'h1', to: 'h2', at: '2026-01-31T02:00:30Z' }]]);

test.each<[string, VmDocument[], [string, string][]]>([
  ['one that has gone since it was seen is where it went', [vm('db', 'h1', 10)], [['db', 'h2']]],
  ['one that is seen there again is there', [vm('db', 'h1', 40)], [['db', 'h1']]],
  [
    'one that was seen at both is shown once',
    [vm('db', 'h1', 10), vm('db', 'h2', 35)],
    [['db', 'h2']],
  ],
  ['one that is elsewhere by now is there', [vm('db', 'h3', 10)], [['db', 'h3']]],
  ['nobody else is touched', [vm('web', 'h1', 10)], [['web', 'h1']]],
])('%s', (_what, seen, expected) => {
  expect(withArrivals(seen, arrivals).map(({ uuid, host }) => [uuid, host])).toEqual(expected);
});
