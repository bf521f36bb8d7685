import { DroverError, type ExitCode, exitCodes } from '../errors/catalogue.ts';
import { loadConfig } from '../fleet/config.ts';
import { resolveHost } from '../fleet/hosts.ts';
import { localJournal } from '../journal/local.ts';
import type { RunEvent, StopReason } from '../migration/events.ts';
import type { MigrateRequest } from '../migration/request.ts';
import type { MigrationResult } from '../migration/result.ts';
import { type Moved, migrateVm } from '../migration/service.ts';
import { realSurroundings } from '../migration/surroundings.ts';
import { parseDuration } from '../units/duration.ts';
import type { MigrateFlags } from './flags.ts';
import { onInterrupt } from './interrupt.ts';
import type { Io } from './io.ts';
import { LiveOrders } from './live-orders.ts';
import { LiveView } from './live-view.ts';
import { print } from './output.ts';
import { migrationDocument, summaryText } from './summary.ts';

const exitCodeOfOutcome: Readonly<Record<MigrationResult['outcome'], ExitCode>> = {
  completed: exitCodes.ok,
  stayed: exitCodes.refused,
  aborted: exitCodes.failedSafe,
  'failed-safe': exitCodes.failedSafe,
  lost: exitCodes.failed,
  unknown: exitCodes.unknown,
  detached: exitCodes.interrupted,
};

/** `drover migrate`: steers one migration to its end, or to the moment when it is told to let go. */
export async function runMigrate(io: Io, vm: string, flags: MigrateFlags): Promise<void> {
  const request = requestOf(vm, flags);
  const config = await loadConfig(flags.config);
  const view = new LiveView(io, vm);
  const stop = new AbortController();
  let begun = false;
  const detached = (): string => detachedText(vm, flags, resolveHost(config, flags.from).uri);
  const onEvent = (event: RunEvent): void => {
    begun ||= event.kind === 'phase' && event.phase === 'copying';
    view.show(event);
    if (!flags.wait && memoryFlows(event)) stop.abort('detach' satisfies StopReason);
  };
  const leaveAtOnce = (): void => {
    view.clear();
    io.err.write(begun ? detached() : `${vm} was not touched.\n`);
    process.exit(exitCodes.interrupted);
  };
  const release = onInterrupt(() => {
    if (begun) stop.abort('detach' satisfies StopReason);
    else leaveAtOnce();
  }, leaveAtOnce);
  let orders: LiveOrders | undefined;
  let watched: Promise<void> | undefined;
  try {
    const stamp = realSurroundings.stamp();
    const surroundings = { ...realSurroundings, journal: localJournal(), stamp: () => stamp };
    orders = new LiveOrders(stamp.id, flags.config, (message) =>
      view.show({ kind: 'notice', message, atMs: 0 }),
    );
    watched = orders.watch();
    const watching = { onEvent, signal: stop.signal, orders: () => orders?.now() ?? {} };
    const result = await migrateVm(request, config, watching, surroundings);
    view.clear();
    await report(io, flags, result);
    if (result.outcome === 'detached') io.err.write(detached());
  } finally {
    orders?.stop();
    await watched;
    view.clear();
    release();
  }
}

function requestOf(vm: string, flags: MigrateFlags): MigrateRequest {
  return {
    vm,
    from: flags.from,
    to: flags.to,
    importance: flags.importance,
    reason: flags.reason,
    deadlineMs: flags.deadline === undefined ? undefined : deadlineMs(flags.deadline),
  };
}

function deadlineMs(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new DroverError('usage.invalid', `--deadline '${text}' is not a duration`, {
    hint: 'write it as 90s, 30m or 2h, counted from now',
  });
}

function memoryFlows(event: RunEvent): boolean {
  return event.kind === 'progress' && event.progress.phase !== 'setup';
}

async function report(io: Io, flags: MigrateFlags, result: Moved): Promise<void> {
  await print(io, flags.output, migrationDocument(result), { table: summaryText });
  const wanted = result.outcome === 'detached' && !flags.wait;
  io.endWith(wanted ? exitCodes.ok : exitCodeOfOutcome[result.outcome]);
}

function detachedText(vm: string, { from, config }: MigrateFlags, uri: string): string {
  const known = config === undefined ? '' : ` --config ${config}`;
  return [
    `Detached: the migration of ${vm} is not cancelled. The hosts carry it on by themselves, and nobody`,
    'steers it: if the guest writes faster than the link carries, it does not arrive and does not give up.',
    `  look at it:  virsh -c '${uri}' domjobinfo ${vm}`,
    `  cancel it:   drover abort ${vm} --from ${from}${known}`,
    '',
  ].join('\n');
}
