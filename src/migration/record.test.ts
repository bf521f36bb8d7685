import { expect, test } from 'vitest';
import type { DomainChangeKind } from '../hypervisor/port.ts';
import type { RunEvent } from './events.ts';
import { Record } from './record.ts';
import type { Place } from './transition.ts';

test.each<{ readonly kind: DomainChangeKind; readonly at: Place; readonly landed: boolean }>([
  { kind: 'resumed', at: 'destination', landed: true },
  { kind: 'resumed', at: 'source', landed: false },
  { kind: 'resumed-split', at: 'destination', landed: false },
  { kind: 'suspended-for-switch-over', at: 'source', landed: false },
])('$kind at the $at: it needs its way no more: $landed', ({ kind, at, landed }) => {
  const told: RunEvent[] = [];
  new Record((event) => told.push(event), undefined).change({ kind, atMs: 0 }, at);
  expect(told).toEqual(landed ? [{ kind: 'landed' }] : []);
});

test('the pause ends where the guest goes on, with all of its memory or without', () => {
  const record = new Record(() => undefined, undefined);
  record.change({ kind: 'suspended-for-switch-over', atMs: 100 }, 'source');
  record.change({ kind: 'resumed-split', atMs: 190 }, 'destination');
  record.change({ kind: 'resumed', atMs: 900 }, 'destination');
  expect(record.blackoutByEvents()).toMatchObject({ ms: 90 });
});
