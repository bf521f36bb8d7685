import { expect, it } from 'vitest';
import { arrivalsText } from './run-host.ts';

it.each([
  ['open', { arrivals: 'open', closedBy: null }],
  ['closed by alice', { arrivals: 'closed', closedBy: 'alice' }],
  ['closed', { arrivals: 'closed', closedBy: null }],
] as const)('a list of hosts says %s', (said, host) => {
  expect(arrivalsText(host)).toBe(said);
});
