import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Client, clientFor } from '../../src/client/client.ts';
import { type AppStage, local, setAppStage } from '../../src/server/testing/stage-app.ts';

let stage: AppStage;
let client: Client;
beforeEach(async () => {
  stage = await setAppStage();
  client = await clientFor({
    kind: 'embedded',
    fetch: (request) => stage.app.fetch(request, { peer: local }),
  });
  stage.stage.addGuest('web', 'large');
  stage.stage.addGuest('db', 'idle', 'panda');
});
afterEach(async () => {
  await client.close();
  await stage.end();
});

const drain = { kind: 'drain', host: 'h1', reason: 'evacuation' } as const;

/** Time passes while it is asked. */
function now<T>(asked: Promise<T>): Promise<T> {
  return stage.stage.clock.run(asked);
}

test('a rehearsal tells the plan, and begins nothing', async () => {
  const rehearsal = await now(client.rehearse(drain));
  expect(rehearsal).toMatchObject({
    kind: 'drain',
    host: 'h1',
    importance: 'high',
    requestedBy: 'root',
    deadlineAt: null,
  });
  const { parts, eta, assumed } = rehearsal.report;
  expect(parts.map(({ vm, to, state }) => [vm, to, state])).toEqual([
    ['web', 'h2', 'waiting'],
    ['db', 'h2', 'waiting'],
  ]);
  expect(Date.parse(eta?.p50 ?? '')).toBeGreaterThan(Date.parse(rehearsal.report.at));
  expect(assumed.join()).toContain('1 Gbit/s');
  expect(await client.operations(10)).toEqual([]);
  expect((await client.host('h1')).arrivals).toBe('open');
});

test('a drain closes its host, is told by metrics, changes, is cancelled, and its host is opened', async () => {
  const begun = await client.operate({ ...drain, deadlineAt: '2030-01-01T10:00:00.000Z' });
  expect(begun).toMatchObject({ state: 'running', revision: 1, report: null });
  expect(await client.host('h1')).toMatchObject({ arrivals: 'closed', closedBy: 'root' });
  await expect(client.operate(drain)).rejects.toMatchObject({ code: 'operation.under-way' });
  const metrics = await (await stage.ask('GET', '/metrics')).text();
  expect(metrics).toContain('drover_operation_share{kind="drain",host="h1",state="running"} 0');
  const paused = await client.changeOperation(begun.id, { paused: true, importance: 'medium' });
  expect(paused).toMatchObject({ state: 'paused', importance: 'medium', revision: 2 });
  expect(await client.operation('h1')).toEqual(paused);
  await expect(
    client.changeOperation(begun.id, { vms: { nobody: { leave: true } } }),
  ).rejects.toMatchObject({ code: 'domain.not-found' });
  expect(await client.cancelOperation(begun.id, {})).toMatchObject({ state: 'cancelling' });
  await expect(client.changeOperation(begun.id, { paused: false })).rejects.toMatchObject({
    code: 'operation.ended',
  });
  await expect(client.undrain('h1', {})).rejects.toMatchObject({ code: 'operation.under-way' });
  await now(stage.controller.start());
  while ((await client.operation(begun.id)).state !== 'cancelled')
    await now(stage.stage.clock.sleep(500));
  expect(await client.undrain('h1', {})).toEqual({ host: 'h1', operation: null });
  expect((await client.host('h1')).arrivals).toBe('open');
  const deeds = (await client.audit({}, 20)).map(({ what, outcome }) => `${what} ${outcome}`);
  expect(deeds.toReversed()).toEqual([
    'operation.drain ok',
    'operation.drain operation.under-way',
    'operation.change ok',
    'operation.change domain.not-found',
    'operation.cancel ok',
    'operation.change operation.ended',
    'host.open operation.under-way',
    'host.open ok',
  ]);
});

test('what is not there, and what is over before it begins, is refused', async () => {
  await expect(client.operate({ ...drain, host: 'h9' })).rejects.toMatchObject({
    code: 'host.not-found',
  });
  await expect(client.operate({ ...drain, to: ['h2', 'h7'] })).rejects.toMatchObject({
    code: 'host.not-found',
    message: expect.stringContaining('h7'),
  });
  const past = { ...drain, deadlineAt: '2020-01-01T00:00:00.000Z' };
  await expect(client.operate(past)).rejects.toMatchObject({ code: 'usage.invalid' });
  await expect(client.operation('h1')).rejects.toMatchObject({ code: 'operation.not-found' });
  expect((await client.host('h1')).arrivals).toBe('open');
});
