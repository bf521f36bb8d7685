import { setTimeout as sleep } from 'node:timers/promises';
import { emptyConfig } from '../../src/fleet/config.ts';
import { configEntryOf, type Lab } from '../../src/lab/index.ts';
import { isLiveOperation } from '../../src/operations/report.ts';
import type { OperationRow } from '../../src/store/rows.ts';
import type { Store } from '../../src/store/store.ts';
import { withController } from '../with-controller.ts';
import type { Moves } from './peer-drain.ts';
import { leaving, linkBitsPerSecond } from './scene.ts';

const lookEveryMs = 250;

/** How a drain went. `course`: a line for each migration, from the first to begin. */
export interface DroverDrain {
  readonly moves: Moves;
  readonly says: string;
  readonly course: readonly string[];
}

/** Empties the host by `drover drain --reason evacuation`. */
export async function drainByDrover(lab: Lab): Promise<DroverDrain> {
  const hosts = lab.hosts.map(
    (host) =>
      [
        host.name,
        {
          ...configEntryOf(host),
          postCopy: 'allowed',
          bandwidth: linkBitsPerSecond / 8,
          migrationTls: 'never',
        },
      ] as const,
  );
  const config = { ...emptyConfig, hosts: Object.fromEntries(hosts) };
  return withController(config, async (controller) => {
    const { store } = controller;
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
    const says = `${operation.state}: ${operation.report?.says}`;
    return { moves: new Map(moves), says, course: await courseOf(store, operation) };
  });
}

/** When each migration ran, what it sent beside the guest's memory, and what was decided when. */
async function courseOf(store: Store, { id, requestedAt }: OperationRow): Promise<string[]> {
  const { items } = await store.migrations.list({ operationId: id }, { limit: 100 });
  const lines = items.toReversed().map(async (row) => {
    const { decisions } = await store.migrations.chapters(row.id);
    const acts = decisions
      .filter(({ action }) => action.kind !== 'wait')
      .map(({ atMs, action }) => `${action.kind} ${secondsText(atMs)}`);
    const sent = Math.round((row.progress?.sentBytes ?? 0) / 2 ** 20);
    const [start, end] = [row.startedAt, row.endedAt].map((at) =>
      at === undefined ? '-' : secondsText(at - requestedAt),
    );
    return `${row.vm} -> ${row.to}: ${start} to ${end}, ${sent} MiB, ${row.phase}; ${acts.join(', ')}`;
  });
  return Promise.all(lines);
}

function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
