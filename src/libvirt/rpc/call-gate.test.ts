import { expect, test } from 'vitest';
import { TooManyCallsError } from '../errors.ts';
import { CallGate, type Lane } from './call-gate.ts';

function gate(mostQueued: number) {
  const started: string[] = [];
  const entries = new Map<string, { readonly lane: Lane; readonly name: string }>();
  const calls = new CallGate<{ lane: Lane; name: string }>(mostQueued, ({ name }) => {
    started.push(name);
  });
  const enter = (lane: Lane, name: string): void => {
    const entry = { lane, name };
    entries.set(name, entry);
    calls.enter(entry);
  };
  const cancel = (name: string): void => {
    const entry = entries.get(name);
    if (entry !== undefined) calls.cancel(entry);
  };
  return { calls, started, enter, cancel };
}

test('turns come in the order of entering, save that a full lane lets the other pass', () => {
  const { calls, started, enter, cancel } = gate(100);
  for (const name of ['w1', 'w2', 'w3', 'w4']) enter('waiting', name);
  for (const name of ['q1', 'q2', 'q3', 'q4']) enter('quick', name);
  expect(started).toEqual(['w1', 'w2', 'q1', 'q2']);
  calls.leave('quick');
  expect(started.at(-1)).toBe('q3');
  calls.leave('waiting');
  expect(started.at(-1)).toBe('w3');
  cancel('w4');
  calls.leave('waiting');
  calls.leave('waiting');
  expect(started).toEqual(['w1', 'w2', 'q1', 'q2', 'q3', 'w3', 'q4']);
});

test('only what would have to wait is refused when the queue is full', () => {
  const { started, enter } = gate(1);
  for (const name of ['w1', 'w2', 'w3']) enter('waiting', name);
  expect(() => enter('waiting', 'w4')).toThrow(TooManyCallsError);
  enter('quick', 'q1');
  expect(started).toEqual(['w1', 'w2', 'q1']);
});
