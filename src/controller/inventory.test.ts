import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Controller } from './controller.ts';
import { me, type Stage, setStage } from './testing/stage.ts';

let stage: Stage;
let controller: Controller;
beforeEach(async () => {
  stage = await setStage(['h1', 'h2', 'h3']);
  controller = stage.controller();
});
afterEach(async () => {
  await stage.end();
});

async function places(look: boolean, host?: string): Promise<readonly unknown[]> {
  const filter = host === undefined ? {} : { host };
  const { vms } = await stage.clock.run(controller.vms(filter, look));
  return vms.map((vm) => [vm.name, vm.host, vm.alsoRunsOn]);
}

test('a VM that was moved is in its new place at once, and its silent former host keeps nothing', async () => {
  stage.addGuest('vm', 'idle');
  expect(await places(true)).toEqual([['vm', 'h1', []]]);
  await controller.start();
  const { row } = await controller.migrate({ vm: 'vm', from: 'h1', to: 'h2' }, me);
  await stage.ended(row.id);
  stage.host('h1').setReachable(false);
  expect(await places(false)).toEqual([['vm', 'h2', []]]);
  expect(await places(true)).toEqual([['vm', 'h2', []]]);
  expect(await places(false, 'h1')).toEqual([]);
});

test('a VM that others moved is shown where it runs, whatever its silent former host had', async () => {
  const uuid = stage.addGuest('vm', 'idle');
  await places(true);
  stage.host('h1').setReachable(false);
  stage.host('h1').register.vanish(uuid);
  stage.addGuest('vm', 'idle', 'pet', 'h2');
  expect(await places(true)).toEqual([['vm', 'h2', []]]);
});

test.each([undefined, 'h2'])(
  'a VM that two hosts run is shown on both, looked at all or one: %s',
  async (only) => {
    stage.addGuest('vm', 'idle');
    await places(true);
    stage.addGuest('vm', 'idle', 'pet', 'h2');
    await places(true, only);
    const both = [
      ['vm', 'h1', ['h2']],
      ['vm', 'h2', ['h1']],
    ];
    expect(await places(false)).toEqual(both);
    stage.host('h1').setReachable(false);
    expect(await places(true)).toEqual(both);
    stage.host('h1').setReachable(true);
    stage.host('h1').register.vanish('uuid-of-vm');
    expect(await places(true)).toEqual([['vm', 'h2', []]]);
  },
);
