import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { me, type Stage, setStage } from '../testing/stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await setStage(['h1', 'h2', 'h3']);
});
afterEach(async () => {
  await stage.end();
});

/** What comes of a request that leaves open what is not in it. */
async function asked(open: { readonly from?: string; readonly to?: string }, vm = 'vm') {
  const controller = stage.controller();
  await stage.clock.run(controller.start());
  return stage.clock.run(controller.migrate({ vm, ...open }, me));
}

describe('a move of which it is open', () => {
  test('from where and to where, is from the VM to the host with room for it', async () => {
    stage.addGuest('vm', 'idle', 'pet', 'h2');
    for (const name of ['a', 'b', 'c']) stage.addGuest(name, 'idle', 'pet', 'h3');
    const { row } = await asked({});
    expect(row).toMatchObject({ from: 'h2', to: 'h1' });
    expect(await stage.ended(row.id)).toMatchObject({
      phase: 'completed',
      end: { runsOn: ['h1'] },
    });
  });

  test('from where, goes where it is to go', async () => {
    stage.addGuest('vm', 'idle', 'pet', 'h3');
    expect((await asked({ to: 'h2' })).row).toMatchObject({ from: 'h3', to: 'h2' });
  });

  test('to where, never goes to a host that takes nobody in', async () => {
    stage.addGuest('vm', 'idle');
    stage.addGuest('crowd', 'idle', 'pet', 'h3');
    const controller = stage.controller();
    await stage.clock.run(controller.start());
    const { h2 } = stage.config.hosts;
    if (h2 === undefined) throw new Error('the stage has no h2');
    const hosts = { ...stage.config.hosts, h2: { ...h2, arrivals: 'closed' as const } };
    controller.reload({ ...stage.config, hosts });
    const { row } = await stage.clock.run(controller.migrate({ vm: 'vm' }, me));
    expect(row).toMatchObject({ from: 'h1', to: 'h3' });
  });

  test.each([
    ['a VM that nobody has', [], {}, 'domain.not-found', 'No VM vm on any host that answers'],
    ['a host that has it not', ['h1'], { from: 'h2' }, 'domain.not-found', 'No VM vm on h2'],
    ['a name that two VMs have', ['h1', 'h2'], {}, 'usage.invalid', 'vm is on h1 and h2'],
    [
      'a source that is not of the fleet',
      ['h1'],
      { from: 'qemu+ssh://elsewhere/system' },
      'usage.invalid',
      'A host is needed for: to',
    ],
  ] as const)('is refused for %s', async (_, on, open, code, message) => {
    for (const host of on) stage.addGuest('vm', 'idle', 'pet', host);
    await expect(asked(open)).rejects.toMatchObject({ code, message });
  });

  test('is refused where it is being moved, by what it is', async () => {
    stage.addGuest('vm', 'furious', 'panda');
    const controller = stage.controller();
    await stage.clock.run(controller.start());
    const { row } = await controller.migrate({ vm: 'vm', from: 'h1', to: 'h2' }, me);
    await stage.until(row.id, ({ phase }) => phase === 'copying');
    await expect(stage.clock.run(controller.migrate({ vm: 'vm' }, me))).rejects.toMatchObject({
      code: 'domain.busy',
      hint: expect.stringContaining('watch vm'),
    });
  });

  test('is refused where no host can take it, with what speaks against each', async () => {
    stage.addGuest('vm', 'idle');
    const controller = stage.controller();
    await stage.clock.run(controller.start());
    const closed = Object.entries(stage.config.hosts).map(
      ([name, host]) => [name, { ...host, arrivals: 'closed' as const }] as const,
    );
    controller.reload({ ...stage.config, hosts: Object.fromEntries(closed) });
    await expect(stage.clock.run(controller.migrate({ vm: 'vm' }, me))).rejects.toMatchObject({
      code: 'preflight.refused',
      message: expect.stringMatching(/^No host can take vm: .*h2/),
    });
    expect(await stage.store.migrations.list({}, { limit: 1 })).toMatchObject({ items: [] });
  });
});
