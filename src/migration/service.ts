import { DroverError } from '../errors/catalogue.ts';
import type { Config } from '../fleet/config.ts';
import { resolveHost } from '../fleet/hosts.ts';
import type { SeenWrites } from '../hypervisor/port.ts';
import { matrixWith } from '../policy/overrides.ts';
import type { Importance } from '../policy/vocabulary.ts';
import { type Foresight, foresee } from '../steering/foresee.ts';
import { type Intent, steersmanFor } from '../steering/steersman.ts';
import { type AbortResult, abortMigration } from './abort.ts';
import { type Approach, approach } from './approach.ts';
import type { RunEvent } from './events.ts';
import { Keeper } from './keeper.ts';
import { type Known, knownBefore } from './knowledge.ts';
import { messageOf } from './look.ts';
import type { Finding } from './preflight.ts';
import { beginRecording } from './recording.ts';
import type { MigrateRequest } from './request.ts';
import type { MigrationResult } from './result.ts';
import { runMigration } from './run.ts';
import { realSurroundings, type Surroundings } from './surroundings.ts';

/** What may change while a migration runs; it is obeyed at the next decision. */
export interface Orders {
  /** In place of the request's. */
  readonly importance?: Importance | undefined;
  /** The config file as it is by now: its hosts' settings hold. */
  readonly config?: Config | undefined;
}

export interface Watching {
  readonly onEvent: (event: RunEvent) => void;
  /** Asked at every decision; nothing ever changes where it is not given. */
  readonly orders?: () => Orders;
  /** Its reason is a StopReason. */
  readonly signal: AbortSignal;
}

/** What became of a migration, and the id under which it is remembered. */
export interface Moved extends MigrationResult {
  readonly id: string;
}

/**
 * Moves one VM, steered to its end. Rejects with a DroverError where pre-flight refuses it: then
 * nothing was touched. Otherwise resolves with what both hosts showed in the end.
 */
export async function migrateVm(
  request: MigrateRequest,
  config: Config,
  watching: Watching,
  surroundings: Surroundings = realSurroundings,
): Promise<Moved> {
  return approach(request, config, surroundings, async (approached) => {
    if (watching.signal.aborted) throw stoppedBefore(request);
    tellDoubts(approached.findings, watching);
    tellUnreadable(approached, watching);
    return start({ request, config, watching, surroundings, approached });
  });
}

function stoppedBefore({ vm }: MigrateRequest): DroverError {
  return new DroverError('migration.not-running', `${vm} was not moved: stopped before it began`, {
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

async function start(all: Start): Promise<Moved> {
  const { request, config, watching, surroundings, approached } = all;
  const { domain, source, destination, destinationUri } = approached.cleared;
  const { capabilities, postCopyRecovery } = approached.allowed;
  const matrix = matrixWith(config.policy);
  const intent = (): Intent => intentNow(all);
  const notice = (message: string): void => watching.onEvent({ kind: 'notice', message, atMs: 0 });
  const { prior } = await lookBack(approached, surroundings, [], notice);
  const begun = beginRecording({ request, approached, matrix, prior, ...surroundings.stamp() });
  const keeper = new Keeper(begun, surroundings.journal, surroundings.clock, notice);
  await keeper.begin();
  const briefing = { intent, matrix, prior, memoryBytes: domain.memoryBytes };
  const result = await runMigration(
    {
      domain,
      destinationUri,
      capabilities,
      postCopyRecovery,
      bandwidthBytesPerSecond: approached.capBytesPerSecond,
    },
    { source, destination, newSteersman: () => steersmanFor(briefing) },
    surroundings.clock,
    (event) => {
      watching.onEvent(event);
      keeper.heed(event);
    },
    watching.signal,
  );
  await keeper.end(result);
  return { ...result, id: begun.id };
}

/** What is asked by now. Where the config file no longer has a host, what it said before holds. */
function intentNow({ request, watching, approached }: Start): Intent {
  const { importance, config } = watching.orders?.() ?? {};
  const asked = intentOf(request, approached);
  const { from, to } = approached;
  const hosts = [from, to].map(({ name }) =>
    config?.hosts[name] === undefined ? undefined : resolveHost(config, name),
  );
  const closed = hosts.find((host) => host?.postCopy.allowed === false);
  return {
    ...asked,
    importance: importance ?? asked.importance,
    ...(closed === undefined ? {} : { postCopy: closed.postCopy }),
  };
}

function intentOf({ deadlineMs }: MigrateRequest, { standing, importance }: Approach): Intent {
  return { slaClass: standing.slaClass, importance, deadlineMs };
}

/** So many of the newest migrations are looked through. */
const lookedThrough = 200;

/** A journal that cannot be read teaches nothing, and stops nothing: that is told. */
async function lookBack(
  { cleared, standing, capBytesPerSecond }: Approach,
  { journal }: Surroundings,
  measured: readonly SeenWrites[],
  tell: (problem: string) => void,
): Promise<Known> {
  const past = await journal.recent(lookedThrough, tell).catch((error: unknown) => {
    tell(`Earlier migrations cannot be read: ${messageOf(error)}`);
    return [];
  });
  return knownBefore(cleared, standing.slaClass, { past, measured, capBytesPerSecond });
}

/** What a migration would be like, and from what that is known. */
export interface ForecastAnswer extends Foresight {
  readonly domain: { readonly name: string; readonly uuid: string };
  readonly from: string;
  readonly to: string;
  readonly slaClass: Intent['slaClass'];
  readonly importance: Intent['importance'];
  readonly sources: readonly string[];
}

/** Windows over which the guest's writes are measured, seconds: short ones and a long one show W(t). */
const measuredSeconds = [1, 1, 3];

/** What moving the VM would be like. Touches nothing; rejects as `migrateVm` does. */
export async function forecastVm(
  request: MigrateRequest,
  config: Config,
  surroundings: Surroundings = realSurroundings,
): Promise<ForecastAnswer> {
  return approach(request, config, surroundings, async (approached) => {
    const { cleared, standing, importance, allowed } = approached;
    const { domain, source, destination } = cleared;
    const measured: SeenWrites[] = [];
    for (const seconds of measuredSeconds) {
      const seen = await source.measureWrites(domain.uuid, seconds);
      if (seen !== undefined) measured.push(seen);
    }
    const unread: string[] = [];
    const { prior, sources } = await lookBack(approached, surroundings, measured, (problem) =>
      unread.push(problem),
    );
    const foresight = foresee({
      intent: intentOf(request, approached),
      capabilities: allowed.capabilities,
      matrix: matrixWith(config.policy),
      prior,
      memoryBytes: domain.memoryBytes,
    });
    return {
      domain: { name: domain.name, uuid: domain.uuid },
      from: source.name,
      to: destination.name,
      slaClass: standing.slaClass,
      importance,
      sources: [...sources, ...unread],
      ...foresight,
    };
  });
}

/** Cancels a running migration of the VM, whoever began it. See abortMigration. */
export async function abortVm(
  where: { readonly vm: string; readonly from: string },
  config: Config,
  surroundings: Surroundings = realSurroundings,
): Promise<AbortResult> {
  const host = await surroundings.connect(resolveHost(config, where.from));
  try {
    return await abortMigration(host, where.vm, surroundings.clock);
  } finally {
    await host.close();
  }
}
