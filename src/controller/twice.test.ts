import { afterEach, beforeEach, expect, test } from 'vitest';
import { me, type Stage, setStage } from './testing/stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await setStage();
});
afterEach(async () => {
  await stage.end();
});

const toH2 = { vm: 'vm', from: 'h1', to: 'h2' } as const;

test('of requests for one VM at the same moment, over two replicas, one is queued', async () => {
  stage.addGuest('vm', 'idle');
  const controllers = [stage.controller(), stage.controller()];
  const asked = await Promise.allSettled(
    controllers.flatMap((controller) =>
      ['a', 'b', 'c'].map((key) =>
        controller.migrate({ ...toH2, requestKey: `${key}${controllers.indexOf(controller)}` }, me),
      ),
    ),
  );
  const queued = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(queued).toMatchObject([{ created: true, row: { phase: 'queued' } }]);
  const refused = asked.flatMap((one): unknown[] =>
    one.status === 'rejected' ? [one.reason] : [],
  );
  expect(refused).toHaveLength(5);
  const id = queued[0]?.row.id;
  for (const error of refused)
    expect(error).toMatchObject({
      code: 'domain.busy',
      message: expect.stringContaining(id ?? ''),
    });
  const { items } = await stage.store.migrations.list({}, { limit: 10 });
  expect(items).toMatchObject([{ id }]);
  const { items: audit } = await stage.store.audit.list({ subject: 'vm' }, { limit: 10 });
  expect(audit.map(({ outcome }) => outcome).toSorted()).toEqual([
    ...Array<string>(5).fill('domain.busy'),
    'ok',
  ]);
});

test.each([
  ['after the host was looked at', true],
  ['before anybody looked at the host', false],
])('asked for by its name and by its UUID, a VM moves once: %s', async (_, looked) => {
  const uuid = stage.addGuest('vm', 'large');
  const controllers = [stage.controller(), stage.controller()] as const;
  if (looked) await stage.clock.run(controllers[0].vms({}, true));
  const asked = await Promise.allSettled([
    controllers[0].migrate({ ...toH2, vm: uuid }, me),
    controllers[1].migrate({ ...toH2, vm: 'vm' }, me),
  ]);
  const queued = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value.row] : []));
  expect(queued).toHaveLength(looked ? 1 : 2);
  for (const controller of controllers) await controller.start();
  const ended = await Promise.all(queued.map(({ id }) => stage.ended(id)));
  expect(ended.filter(({ phase }) => phase === 'completed')).toHaveLength(1);
  for (const { phase, error } of ended.filter((row) => row.phase !== 'completed'))
    expect({ phase, code: error?.code }).toEqual({ phase: 'failed-safe', code: 'domain.busy' });
});
