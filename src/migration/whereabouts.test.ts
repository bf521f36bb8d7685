import { describe, expect, test } from 'vitest';
import type { DomainState } from '../hypervisor/port.ts';
import { type Sighting, type Verdict, whereabouts } from './whereabouts.ts';

const absent: Sighting = { seen: 'absent' };
const silent: Sighting = { seen: 'nothing', because: 'no answer' };
const is = (state: DomainState['state'], reason: DomainState['reason'] = 'other'): Sighting => ({
  seen: 'domain',
  state: { state, reason },
});

const running = is('running');
const incoming = is('paused', 'migration');
const off = is('shut-off', 'migrated');

/** Source, destination, whether the source has a job, and what that means. */
const table: readonly [string, Sighting, Sighting, boolean, Verdict][] = [
  ['before anything began', running, absent, false, 'at-source'],
  ['memory is copied', running, incoming, true, 'copying'],
  ['the job is not announced at the destination yet', running, absent, true, 'copying'],
  ['cancelled, the stub is still there', running, incoming, false, 'at-source'],
  [
    'the guest is stopped, the last memory flows',
    is('paused', 'migration'),
    incoming,
    true,
    'switching',
  ],
  [
    'started over there, the source has not let go',
    is('paused', 'migrated'),
    is('running', 'migrated'),
    true,
    'left-behind',
  ],
  ['gone from the source', absent, is('running', 'migrated'), false, 'arrived'],
  ['a persistent definition is left', off, is('running', 'migrated'), false, 'arrived'],
  ['it was paused over there', absent, is('paused'), false, 'arrived-halted'],
  ['a disk failed it over there', absent, is('paused', 'io-error'), false, 'arrived-halted'],
  ['its QEMU ends over there', absent, is('shut-off'), false, 'nowhere'],
  ['split over both', is('paused', 'post-copy'), is('running', 'post-copy'), true, 'post-copy'],
  ['post-copy begins', is('paused', 'post-copy'), incoming, true, 'switching'],
  [
    'post-copy ended, the destination does not know yet',
    absent,
    is('running', 'post-copy'),
    false,
    'switching',
  ],
  [
    'the link broke, both know',
    is('paused', 'post-copy-failed'),
    is('paused', 'post-copy-failed'),
    true,
    'post-copy-failed',
  ],
  [
    'the link broke, the source knows',
    is('paused', 'post-copy-failed'),
    is('running', 'post-copy'),
    true,
    'post-copy-failed',
  ],
  [
    'the link broke, the destination knows',
    is('paused', 'post-copy'),
    is('running', 'post-copy-failed'),
    true,
    'post-copy-failed',
  ],
  [
    'post-copy ended with nobody attending, the source does not know yet',
    is('paused', 'post-copy-failed'),
    is('running', 'migrated'),
    false,
    'left-behind',
  ],
  ['the destination died in post-copy', is('paused', 'post-copy-failed'), absent, true, 'nowhere'],
  [
    'the destination died before it was noticed',
    is('paused', 'post-copy'),
    absent,
    false,
    'nowhere',
  ],
  ['the source died in post-copy', absent, is('paused', 'post-copy-failed'), false, 'nowhere'],
  ['nobody has it', absent, absent, false, 'nowhere'],
  ['it crashed at the source', is('crashed'), absent, false, 'nowhere'],
  ['both run it', running, is('running', 'migrated'), false, 'at-both'],
  [
    'the source daemon died in the hand-over',
    is('paused', 'migration'),
    absent,
    false,
    'stranded-at-source',
  ],
  [
    'the source is gone, nobody starts it over there',
    absent,
    incoming,
    false,
    'stranded-at-destination',
  ],
  ['a paused guest that a person paused', is('paused'), absent, false, 'at-source'],
  ['the source is silent', silent, running, false, 'unseen'],
  ['the destination is silent', running, silent, true, 'unseen'],
  [
    'the destination is silent, and the source never stopped it',
    running,
    silent,
    false,
    'at-source',
  ],
  ['... nor after an earlier move', is('running', 'migrated'), silent, false, 'at-source'],
  [
    'the destination is silent, and the source took it back',
    is('running', 'taken-back'),
    silent,
    false,
    'unseen',
  ],
  [
    'the destination is silent, the source has stopped it',
    is('paused', 'migration'),
    silent,
    false,
    'unseen',
  ],
  [
    'the destination is silent, and so much for the source',
    is('paused', 'post-copy'),
    silent,
    false,
    'unseen',
  ],
];

describe('whereabouts', () => {
  test.each(table)('%s', (_, source, destination, jobActive, verdict) => {
    expect(whereabouts({ source, destination, jobActive })).toBe(verdict);
  });
});
