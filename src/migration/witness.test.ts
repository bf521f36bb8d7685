import { expect, test } from 'vitest';
import type { DomainChangeKind, DomainState } from '../hypervisor/port.ts';
import type { Look, Sighting } from './whereabouts.ts';
import { Witness } from './witness.ts';

const absent: Sighting = { seen: 'absent' };
const silent: Sighting = { seen: 'nothing', because: 'no answer' };
const is = (state: DomainState['state'], reason: DomainState['reason'] = 'other'): Sighting => ({
  seen: 'domain',
  state: { state, reason },
});
const halted = is('paused', 'migration');
const look = (source: Sighting, destination: Sighting): Look => ({
  source,
  destination,
  jobActive: false,
});

interface Scene {
  readonly name: string;
  readonly takenUp?: true;
  readonly past: readonly (Look | DomainChangeKind)[];
  readonly now: Look;
  readonly objects: RegExp | undefined;
}

const scenes: readonly Scene[] = [
  {
    name: 'watched all along, nothing there',
    past: [look(is('running'), halted), look(halted, halted)],
    now: look(halted, absent),
    objects: undefined,
  },
  {
    name: 'a copy there still waits for memory',
    takenUp: true,
    past: [],
    now: look(halted, halted),
    objects: undefined,
  },
  {
    name: 'seen to run there once',
    past: [look(halted, is('running', 'migrated'))],
    now: look(halted, absent),
    objects: /has run/,
  },
  {
    name: 'heard to run there once',
    past: ['resumed'],
    now: look(halted, absent),
    objects: /has run/,
  },
  {
    name: 'it was not heard from for a while',
    past: [look(is('running'), halted), 'connection-lost'],
    now: look(halted, absent),
    objects: /not watched/,
  },
  {
    name: 'it did not answer for a while',
    past: [look(is('running'), halted), look(halted, silent)],
    now: look(halted, absent),
    objects: /not watched/,
  },
  {
    name: 'not heard from for a while, and after that the guest ran at its source',
    past: ['connection-lost', look(is('running'), halted)],
    now: look(halted, absent),
    objects: undefined,
  },
  {
    name: 'somebody else watched before',
    takenUp: true,
    past: [look(halted, halted)],
    now: look(halted, absent),
    objects: /not watched/,
  },
  {
    name: 'it does not answer now',
    past: [look(is('running'), halted)],
    now: look(halted, silent),
    objects: /does not answer/,
  },
  {
    name: 'it has a guest that is shut off',
    past: [look(is('running'), halted)],
    now: look(halted, is('shut-off')),
    objects: /has had it/,
  },
];

test.each(scenes)('a guest that stands still at its source: $name', (scene) => {
  const witness = new Witness(scene.takenUp === undefined);
  for (const one of scene.past) {
    if (typeof one === 'string') witness.heard({ kind: one });
    else witness.saw(one);
  }
  const objection = witness.objection(scene.now);
  if (scene.objects === undefined) expect(objection).toBeUndefined();
  else expect(objection).toMatch(scene.objects);
});
