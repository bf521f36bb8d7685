import { expect, test } from 'vitest';
import { columnsOf, type FleetFilter } from './columns.ts';

const host = (name: string): Parameters<typeof columnsOf>[0][number] => ({
  name,
  origin: 'config',
  uri: 'test:///default',
  peerUri: null,
  ways: [],
  migrationTls: 'prefer',
  postCopy: 'allowed',
  bandwidthBytesPerSecond: null,
  maxOutgoing: null,
  maxIncoming: null,
  link: null,
  arrivals: 'open',
  closedBy: null,
  revision: 1,
});
const vm = (
  name: string,
  on: string,
  memoryBytes: number,
  slaClass: 'pet' | 'panda' = 'pet',
): Parameters<typeof columnsOf>[1][number] => ({
  uuid: name,
  name,
  host: on,
  alsoRunsOn: [],
  state: 'running',
  memoryBytes,
  virtualCpus: 1,
  busyShare: null,
  class: slaClass,
  foreignMigration: false,
  seenAt: '2026-01-31T02:00:00Z',
});

const hosts = [host('h10'), host('h2'), host('h3')];
const vms = [
  vm('web', 'h2', 1),
  vm('db', 'h2', 8, 'panda'),
  vm('cache', 'h10', 2),
  vm('lone', 'gone', 1),
];
const everything: FleetFilter = { text: '', slaClass: '', moving: false };

test.each([
  ['nothing', {}, { gone: ['lone'], h2: ['db', 'web'], h3: [], h10: ['cache'] }],
  ['part of a name', { text: 'CA' }, { h10: ['cache'] }],
  ['a host', { text: 'h3' }, { h3: [] }],
  ['a class', { slaClass: 'panda' }, { h2: ['db'] }],
  ['those that move', { moving: true }, { h2: ['web'] }],
  ['what nobody has', { text: 'zzz' }, {}],
])('the fleet, filtered by %s', (_what, filter, shown) => {
  const columns = columnsOf(hosts, vms, { ...everything, ...filter }, ({ name }) => name === 'web');
  const names = columns.map((column) => [column.name, column.vms.map(({ name }) => name)]);
  expect(names).toEqual(Object.entries(shown));
});

test('a column has the size of all that runs there, whatever is shown of it', () => {
  const [column] = columnsOf(hosts, vms, { ...everything, text: 'db' }, () => false);
  expect(column?.memoryBytes).toBe(9);
});
