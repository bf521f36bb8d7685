import { setTimeout as sleep } from 'node:timers/promises';
import { makeController } from '../../src/controller/make.ts';
import { emptyConfig } from '../../src/fleet/config.ts';
import type { Lab } from '../../src/lab/index.ts';
import { isLiveOperation } from '../../src/operations/report.ts';
import { openStore } from '../../src/store/open.ts';
import type { Moves } from './peer-drain.ts';
import { leaving, linkBitsPerSecond } from './scene.ts';

const lookEveryMs = 250;

/** Empties the host by `drover drain --reason evacuation`. Returns how it ended, too. */
export async function drainByDrover(lab: Lab): Promise<{ moves: Moves; says: string }> {
  const store = await openStore({ kind: 'sqlite', path: ':memory:' });
  const hosts = lab.hosts.map(
    ({ name, uri, peerUri }) =>
      [
        name,
        {
          uri,
          peerUri,
          postCopy: 'allowed',
          bandwidth: linkBitsPerSecond / 8,
          migrationTls: 'never',
        },
      ] as const,
  );
  const controller = makeController({
    store,
    config: { ...emptyConfig, hosts: Object.fromEntries(hosts) },
    name: 'bench',
    scope: 'all',
    log: (message, error) => {
      if (process.env['DROVER_DEBUG']) console.error(message, error);
    },
  });
  await controller.start();
  try {
    const asked = { to: undefined, importance: undefined, deadlineAt: undefined };
    const request = { kind: 'drain', host: leaving, reason: 'evacuation', ...asked } as const;
    let operation = await controller.operations.begin(request, { who: 'bench', from: 'local' });
    while (isLiveOperation(operation.state)) {
      await sleep(lookEveryMs);
      operation = (await store.operations.get(operation.id)) ?? operation;
    }
    const offsetMs = performance.now() - Date.now();
    const parts = operation.report?.parts ?? [];
    const moves = parts.flatMap(({ vm, startedAt, endedAt }) =>
      startedAt === undefined || endedAt === undefined
        ? []
        : [[vm, { startMs: startedAt + offsetMs, endMs: endedAt + offsetMs }] as const],
    );
    return { moves: new Map(moves), says: `${operation.state}: ${operation.report?.says}` };
  } finally {
    await controller.stop();
    await store.close();
  }
}
