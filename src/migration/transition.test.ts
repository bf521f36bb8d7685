import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Effect,
  initialState,
  type MigrationEvent,
  type MigrationState,
  transition,
} from './transition.ts';
import type { Verdict } from './whereabouts.ts';

const looked = (verdict: Verdict, settled = false): MigrationEvent => ({
  kind: 'looked',
  verdict,
  settled,
});
const passed: MigrationEvent = { kind: 'preflight-passed' };
const abort: MigrationEvent = { kind: 'cancel', because: 'abort' };
const stay: MigrationEvent = { kind: 'cancel', because: 'stay' };
const postCopy: MigrationEvent = { kind: 'sampled', phase: 'post-copy' };

interface Life {
  readonly name: string;
  readonly events: readonly MigrationEvent[];
  readonly end: MigrationState;
  readonly effects: readonly Effect[];
}

const copying = { phase: 'copying', leaving: undefined } as const;
const ended = (
  outcome: Extract<MigrationState, { phase: 'ended' }>['outcome'],
  ...runsOn: Extract<MigrationState, { phase: 'ended' }>['runsOn']
): MigrationState => ({ phase: 'ended', outcome, runsOn });

const lives: readonly Life[] = [
  {
    name: 'refused before anything was touched',
    events: [{ kind: 'preflight-refused' }],
    end: ended('failed-safe', 'source'),
    effects: [],
  },
  {
    name: 'pre-copy to its end',
    events: [
      passed,
      { kind: 'suspended-for-switch-over' },
      { kind: 'call-ended' },
      looked('arrived'),
    ],
    end: ended('completed', 'destination'),
    effects: ['start-migration', 'look-at-both-hosts'],
  },
  {
    name: 'the call says nothing about the end',
    events: [passed, { kind: 'call-ended' }, looked('copying')],
    end: copying,
    effects: ['start-migration', 'look-at-both-hosts'],
  },
  {
    name: 'a switch-over that failed goes back to copying',
    events: [passed, { kind: 'suspended-for-switch-over' }, looked('copying')],
    end: copying,
    effects: ['start-migration'],
  },
  {
    name: 'a stay is only told when the guest was seen at its source',
    events: [passed, stay, looked('at-source')],
    end: { phase: 'copying', leaving: 'stay' },
    effects: ['start-migration', 'cancel-job'],
  },
  {
    name: 'a stay, seen',
    events: [passed, stay, looked('at-source', true)],
    end: ended('stayed', 'source'),
    effects: ['start-migration', 'cancel-job'],
  },
  {
    name: 'an abort that came too late',
    events: [passed, abort, looked('arrived')],
    end: ended('completed', 'destination'),
    effects: ['start-migration', 'cancel-job'],
  },
  {
    name: 'an abort in post-copy is refused',
    events: [passed, postCopy, abort],
    end: { phase: 'post-copy' },
    effects: ['start-migration', 'refuse-cancel'],
  },
  {
    name: 'at its source though nobody asked for it',
    events: [passed, looked('at-source', true)],
    end: ended('failed-safe', 'source'),
    effects: ['start-migration'],
  },
  {
    name: 'a broken post-copy is resumed, and its statistics do not hide that it is broken',
    events: [passed, postCopy, looked('post-copy-failed'), postCopy],
    end: { phase: 'recovering' },
    effects: ['start-migration', 'resume-post-copy'],
  },
  {
    name: 'a mended post-copy',
    events: [passed, postCopy, looked('post-copy-failed'), looked('post-copy'), looked('arrived')],
    end: ended('completed', 'destination'),
    effects: ['start-migration', 'resume-post-copy'],
  },
  {
    name: 'two hosts that both run it are not tidied up',
    events: [passed, looked('at-both', true)],
    end: ended('unknown', 'source', 'destination'),
    effects: ['start-migration'],
  },
  {
    name: 'gone from both',
    events: [passed, looked('nowhere'), looked('nowhere', true)],
    end: ended('lost'),
    effects: ['start-migration'],
  },
];

function live(events: readonly MigrationEvent[]): { end: MigrationState; effects: Effect[] } {
  let end = initialState;
  const effects: Effect[] = [];
  for (const event of events) {
    const step = transition(end, event);
    end = step.state;
    effects.push(...step.effects);
  }
  return { end, effects };
}

const anyEvent: fc.Arbitrary<MigrationEvent> = fc.oneof(
  fc.constantFrom<MigrationEvent>(passed, abort, stay, postCopy, { kind: 'call-ended' }),
  fc.constantFrom<MigrationEvent>(
    { kind: 'sampled', phase: 'pre-copy' },
    { kind: 'suspended-for-switch-over' },
    { kind: 'preflight-refused' },
  ),
  fc
    .tuple(
      fc.constantFrom<Verdict>(
        'arrived',
        'at-source',
        'copying',
        'switching',
        'post-copy',
        'post-copy-failed',
        'stranded-at-destination',
        'at-both',
        'nowhere',
        'unseen',
      ),
      fc.boolean(),
    )
    .map(([verdict, settled]) => looked(verdict, settled)),
);

describe('transition', () => {
  test.each(lives)('$name', ({ events, end, effects }) => {
    expect(live(events)).toEqual({ end, effects });
  });

  test('after preflight passed, only a look at both hosts ends a migration', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        let state = transition(initialState, passed).state;
        for (const event of events) {
          const next = transition(state, event).state;
          const ends = next.phase === 'ended' && state.phase !== 'ended';
          expect(ends && event.kind !== 'looked').toBe(false);
          state = next;
        }
      }),
    );
  });

  test('an ended migration stays as it ended, and asks for nothing', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const end = ended('stayed', 'source');
        expect(transition(end, event)).toEqual({ state: end, effects: [] });
      }),
    );
  });

  test('nothing is ever cancelled while the guest is split over both hosts', () => {
    fc.assert(
      fc.property(anyEvent, fc.constantFrom('post-copy', 'recovering'), (event, phase) => {
        expect(transition({ phase }, event).effects).not.toContain('cancel-job');
      }),
    );
  });
});
