import { expect, test } from 'vitest';
import type { DomainState } from '../hypervisor/port.ts';
import { whyNotNow } from './before-switch.ts';

const mib = 2 ** 20;

const cases: readonly {
  readonly what: string;
  readonly throughputMib?: number;
  readonly sentMib?: readonly [before: number, now: number];
  readonly arrival?: DomainState;
  readonly departure?: DomainState;
  readonly freeMib?: number;
  readonly because: string | undefined;
}[] = [
  { what: 'all is well', because: undefined },
  { what: 'QEMU has no figure yet, and it flows', throughputMib: 0, because: undefined },
  {
    what: 'nothing has come through since the reading before',
    throughputMib: 0,
    sentMib: [8, 8],
    because: 'the link carries nothing just now',
  },
  {
    what: 'the destination does not wait for it',
    arrival: { state: 'running', reason: 'other' },
    because: 'h2 does not wait for it: there it is running',
  },
  {
    what: 'there is no room',
    freeMib: 60,
    because: 'h2 has 60 MiB of memory left, and 64 MiB are still to come',
  },
  {
    what: 'it has stopped',
    departure: { state: 'paused', reason: 'other' },
    because: 'it does not run on h1 any more',
  },
];

test.each(cases)('what speaks against a switch where $what', async (one) => {
  const { throughputMib = 20, sentMib = [8, 9], freeMib = 64, because } = one;
  const { arrival = { state: 'paused', reason: 'migration' } } = one;
  const { departure = { state: 'running', reason: 'other' } } = one;
  const now = {
    throughputBytesPerSecond: throughputMib * mib,
    memorySentBytes: sentMib[1] * mib,
    memoryRemainingBytes: 64 * mib,
  };
  const source = { name: 'h1', domainState: async () => departure };
  const destination = {
    name: 'h2',
    domainState: async () => arrival,
    facts: async () => ({ freeMemoryBytes: freeMib * mib }),
  };
  const reading = { now, before: { memorySentBytes: sentMib[0] * mib } };
  expect(await whyNotNow(source, destination, 'a', reading)).toBe(because);
});
