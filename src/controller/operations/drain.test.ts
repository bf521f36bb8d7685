import { afterEach, expect, test } from 'vitest';
import { isLiveOperation, type OperationState, type Part } from '../../operations/report.ts';
import type { OperationRow } from '../../store/rows.ts';
import { me, type Stage, setStage } from '../testing/stage.ts';
import type { OperationRequest } from './desk.ts';

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.end();
  stage = undefined;
});

async function staged(...hosts: readonly string[]): Promise<Stage> {
  stage = await setStage(hosts);
  return stage;
}

const drainOfH1: OperationRequest = {
  kind: 'drain',
  host: 'h1',
  to: undefined,
  reason: 'evacuation',
  importance: undefined,
  deadlineAt: undefined,
};

async function until(
  { store, clock }: Stage,
  id: string,
  holds: (row: OperationRow) => boolean,
): Promise<OperationRow> {
  const look = async (): Promise<OperationRow> => {
    for (;;) {
      const row = await store.operations.get(id);
      if (row !== undefined && holds(row)) return row;
      await clock.sleep(200);
    }
  };
  return clock.run(look(), 3_600_000);
}

const hasEnded = (row: OperationRow): boolean => !isLiveOperation(row.state);

function told(row: OperationRow): {
  readonly state: OperationState;
  readonly parts: Readonly<Record<string, Part['state']>>;
} {
  const parts = (row.report?.parts ?? []).map(({ vm, state }) => [vm, state] as const);
  return { state: row.state, parts: Object.fromEntries(parts) };
}

function runningOn(on: Stage, name: string): readonly string[] {
  return on
    .host(name)
    .register.all()
    .filter(({ state }) => state.state === 'running')
    .map(({ guest }) => guest.name)
    .toSorted();
}

test('a host is emptied onto the others, and takes nobody in meanwhile nor after', async () => {
  const on = await staged('h1', 'h2', 'h3');
  for (const name of ['a', 'b', 'c', 'd']) on.addGuest(name, name === 'd' ? 'furious' : 'idle');
  on.addGuest('e', 'idle', 'pet', 'h2');
  const controller = on.controller();
  await on.clock.run(controller.start());
  const { id } = await on.clock.run(controller.operations.begin(drainOfH1, me));
  const back = {
    vm: 'e',
    from: 'h2',
    to: 'h1',
    importance: 'high',
    requestKey: undefined,
  } as const;
  const { row: refused } = await on.clock.run(controller.migrate(back, me));
  expect((await on.ended(refused.id)).error?.code).toBe('host.closed');
  const row = await until(on, id, hasEnded);
  expect(told(row)).toEqual({
    state: 'completed',
    parts: { a: 'moved', b: 'moved', c: 'moved', d: 'moved' },
  });
  expect(row.report?.says).toBe('4 of 4 moved');
  expect(runningOn(on, 'h1')).toEqual([]);
  expect([...runningOn(on, 'h2'), ...runningOn(on, 'h3')].toSorted()).toEqual([
    'a',
    'b',
    'c',
    'd',
    'e',
  ]);
  expect(row.report?.share).toBe(1);
});
