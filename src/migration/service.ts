import { DroverError } from '../errors/catalogue.ts';
import type { Config } from '../fleet/config.ts';
import { resolveHost } from '../fleet/hosts.ts';
import { matrixWith } from '../policy/overrides.ts';
import type { Intent } from '../steering/steersman.ts';
import { type AbortResult, abortMigration } from './abort.ts';
import { waysAfter } from './again.ts';
import { type Approach, approach, hangUp } from './approach.ts';
import { Gathering } from './gather.ts';
import { lookBack } from './look-back.ts';
import { Mandate, runIntentOf } from './mandate.ts';
import type { Watching } from './orders.ts';
import type { Finding } from './preflight.ts';
import { headOf } from './recording.ts';
import type { MigrateRequest } from './request.ts';
import type { MigrationResult } from './result.ts';
import { type Run, readyToStart } from './run.ts';
import { soundOut } from './sounding.ts';
import { realSurroundings, type Surroundings } from './surroundings.ts';

/**
 * Looks whether the VM can be moved, and makes ready to move it. Rejects with a DroverError where
 * pre-flight refuses it: then nothing was touched. The run lets go of the hosts when it ends.
 */
export async function readyToMove(
  request: MigrateRequest,
  config: Config,
  watching: Watching,
  surroundings: Surroundings,
): Promise<Run> {
  const approached = await approach(request, config, surroundings);
  try {
    unlessStopped(request, watching);
    tellDoubts(approached.findings, watching);
    tellUnreadable(approached, watching);
    return await start({ request, config, watching, surroundings, approached });
  } catch (error) {
    await hangUp(approached);
    throw error;
  }
}

/**
 * Moves one VM, steered to its end. Rejects as `readyToMove` does; otherwise resolves with the whole
 * story, and with what both hosts showed in the end.
 */
export async function migrateVm(
  request: MigrateRequest,
  config: Config,
  watching: Watching,
  surroundings: Surroundings = realSurroundings,
): Promise<MigrationResult> {
  const gathering = new Gathering();
  const onEvent = gathering.beside(watching.onEvent);
  const run = await readyToMove(request, config, { ...watching, onEvent }, surroundings);
  return { ...(await run.toTheEnd()), ...gathering.story() };
}

/** Throws where it is not to begin any more. */
function unlessStopped({ vm }: MigrateRequest, { letGo, orders }: Watching): void {
  if (!letGo.aborted && orders?.().cancelled !== true) return;
  throw new DroverError('migration.not-running', `${vm} was not moved: stopped before it began`, {
    hint: 'Nothing was touched.',
  });
}

/** What only trying shows, so that a failure is no surprise. What concerns post-copy shows by itself. */
function tellDoubts(findings: readonly Finding[], { onEvent }: Watching): void {
  for (const { severity, code, message } of findings) {
    if (severity !== 'doubt' || code === 'post-copy') continue;
    onEvent({ kind: 'notice', message: `Cannot be seen beforehand: ${message}`, atMs: 0 });
  }
}

/** What the metadata means is guessed on the safe side; who wrote it should know. */
function tellUnreadable({ cleared, unreadable }: Approach, { onEvent }: Watching): void {
  for (const problem of unreadable) {
    const message = `In the metadata of ${cleared.domain.name}, ${problem}.`;
    onEvent({ kind: 'notice', message, atMs: 0 });
  }
}

interface Start {
  readonly request: MigrateRequest;
  readonly config: Config;
  readonly watching: Watching;
  readonly surroundings: Surroundings;
  readonly approached: Approach;
}

async function start(all: Start): Promise<Run> {
  const { request, config, watching, surroundings, approached } = all;
  const { domain, source, destination } = approached.cleared;
  const ways = waysAfter(approached.cleared.ways, request.failures ?? 0);
  const { postCopyRecovery } = approached.allowed;
  const { keeping, clock } = surroundings;
  const matrix = matrixWith(config.policy);
  const notice = (message: string): void => watching.onEvent({ kind: 'notice', message, atMs: 0 });
  const before = await lookBack(approached, keeping, keeping.measured?.() ?? [], notice);
  const { capabilities } = approached.allowed;
  const asked = { ...intentOf(request, approached), capabilities, matrix };
  const { prior } = await soundOut(approached.cleared, asked, before, notice);
  unlessStopped(request, watching);
  const head = headOf({ request, approached, matrix, prior });
  const { persistent, uuid } = domain;
  const startNumber = await source.startNumber(uuid);
  const foreknown = { head, ways, persistent, startNumber, postCopyRecovery };
  const { orders } = watching;
  const mandate = new Mandate({ source, destination, matrix, foreknown, orders, keeping, clock });
  const { shareBytesPerSecond } = mandate.wanted();
  const intent = runIntentOf(foreknown, shareBytesPerSecond);
  return readyToStart(intent, mandate, clock, watching.onEvent, watching.letGo);
}

export function intentOf(
  { deadlineMs }: MigrateRequest,
  { standing, importance }: Pick<Approach, 'standing' | 'importance'>,
): Intent {
  return { slaClass: standing.slaClass, importance, deadlineMs };
}

/** Cancels a running migration of the VM, whoever began it. See abortMigration. */
export async function abortVm(
  where: { readonly vm: string; readonly from: string },
  config: Config,
  surroundings: Surroundings = realSurroundings,
): Promise<AbortResult> {
  const host = surroundings.hostAt(resolveHost(config, where.from));
  try {
    return await abortMigration(host, where.vm, surroundings.clock);
  } finally {
    await host.close();
  }
}
