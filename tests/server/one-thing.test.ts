import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, clientFor } from '../../src/client/client.ts';
import { type AppStage, local, setAppStage } from '../../src/server/testing/stage-app.ts';
import type { VmRow } from '../../src/store/rows.ts';

let stage: AppStage;
let client: Client;
beforeEach(async () => {
  stage = await setAppStage();
  client = await clientFor({
    kind: 'embedded',
    fetch: (request) => stage.app.fetch(request, { peer: local }),
  });
});
afterEach(async () => {
  await client.close();
  await stage.end();
});

function seenVm(uuid: string, host: string, seenAt: number, name = 'web'): VmRow {
  const size = { memoryBytes: 2 ** 30, virtualCpus: 2 };
  return {
    uuid,
    name,
    host,
    state: 'running',
    ...size,
    slaClass: 'pet',
    foreignJob: false,
    split: false,
    seenAt,
  };
}

function seen(...vms: readonly VmRow[]): Promise<unknown> {
  const hosts = [...new Set(vms.map(({ host }) => host))];
  return Promise.all(
    hosts.map((host) =>
      stage.stage.store.vms.seen(
        host,
        vms.filter((vm) => vm.host === host),
        10_000,
      ),
    ),
  );
}

describe('a VM is found', () => {
  test.for(['web', 'uuid-1'])('by %s', async (wanted) => {
    await seen(seenVm('uuid-1', 'h1', 5_000), seenVm('uuid-2', 'h1', 5_000, 'db'));
    expect(await client.vm(wanted)).toEqual({
      uuid: 'uuid-1',
      name: 'web',
      host: 'h1',
      alsoRunsOn: [],
      state: 'running',
      memoryBytes: 2 ** 30,
      virtualCpus: 2,
      busyShare: null,
      class: 'pet',
      foreignMigration: false,
      seenAt: '1970-01-01T00:00:05.000Z',
    });
  });

  test('where it was seen last, while it is kept of two hosts', async () => {
    await seen(seenVm('uuid-1', 'h1', 5_000), seenVm('uuid-1', 'h2', 6_000));
    expect(await client.vm('web')).toMatchObject({ host: 'h2' });
    await expect(client.vm('web', { host: 'h1' })).rejects.toMatchObject({
      code: 'domain.not-found',
    });
  });

  test('on neither of two hosts that run it at once, until one is named', async () => {
    const [here, there] = [seenVm('uuid-1', 'h1', 5_000), seenVm('uuid-1', 'h2', 6_000)];
    await seen({ ...here, split: true }, { ...there, split: true });
    await expect(client.vm('web')).rejects.toMatchObject({
      code: 'usage.invalid',
      message: 'web runs on h1 and on h2 at once',
    });
    expect(await client.vm('web', { host: 'h1' })).toMatchObject({ alsoRunsOn: ['h2'] });
  });

  test('by more than its name, where several have that', async () => {
    await seen(seenVm('uuid-1', 'h2', 5_000), seenVm('uuid-2', 'h1', 6_000));
    await expect(client.vm('web')).rejects.toMatchObject({
      code: 'usage.invalid',
      hint: 'Name its host (h1, h2), or its UUID.',
    });
    expect(await client.vm('web', { host: 'h2' })).toMatchObject({ uuid: 'uuid-1' });
    expect(await client.vm('uuid-2')).toMatchObject({ host: 'h1' });
  });

  test('by a look at the hosts, which says who was silent where it is not', async () => {
    stage.stage.addGuest('fresh', 'idle');
    await expect(client.vm('fresh')).rejects.toMatchObject({ code: 'domain.not-found' });
    const { clock } = stage.stage;
    expect(await clock.run(client.vm('fresh', { look: true }))).toMatchObject({ host: 'h1' });
    stage.stage.host('h2').setReachable(false);
    await expect(clock.run(client.vm('nobody', { look: true }))).rejects.toMatchObject({
      code: 'domain.not-found',
      hint: 'Not answering: h2',
    });
  });
});

test('an operation is read by its id, with the revision that a change needs', async () => {
  const { operations } = stage.stage.store;
  const event = { at: 1_000, type: 'operation.began', subject: 'drain-1', data: {} };
  const drain = {
    id: 'drain-1',
    kind: 'drain',
    host: 'h1',
    aims: {},
    reason: 'maintenance',
    importance: 'medium',
    deadlineAt: undefined,
    requestedBy: 'me',
    requestedAt: 1_000,
    endedAt: undefined,
    state: 'running',
  } as const;
  await operations.create(drain, event);
  await operations.change('drain-1', { state: 'paused' }, event);
  expect(await client.operation('drain-1')).toMatchObject({
    id: 'drain-1',
    host: 'h1',
    deadlineAt: null,
    requestedAt: '1970-01-01T00:00:01.000Z',
    state: 'paused',
    revision: 2,
  });
  const answer = await stage.ask('GET', '/v1/operations/drain-1', { peer: local });
  expect(answer.headers.get('etag')).toBe('"2"');
  await expect(client.operation('drain-2')).rejects.toMatchObject({
    code: 'operation.not-found',
  });
});

test('a deadline is set, stays where it is not named, and is taken away', async () => {
  const deadlineAt = '2030-01-01T10:00:00.000Z';
  const { id } = await client.migrate({ vm: 'vm', from: 'h1', to: 'h2', deadlineAt });
  expect(await client.change(id, { importance: 'high' })).toMatchObject({ deadlineAt });
  const later = '2030-01-01T12:00:00.000Z';
  expect(await client.change(id, { deadlineAt: later })).toMatchObject({ deadlineAt: later });
  expect(await client.change(id, { deadlineAt: null })).toMatchObject({
    deadlineAt: null,
    importance: 'high',
  });
  expect(await client.migration(id)).toMatchObject({ deadlineAt: null });
  const [event] = (await stage.stage.store.events.after(0, 100)).toReversed();
  expect(event).toMatchObject({ type: 'migration.changed', data: { deadlineAt: null } });
});
