import { readFile } from 'node:fs/promises';
import type { Io } from '../cli/io.ts';
import { rehearsalText } from '../cli/operation-text.ts';
import { OperationView } from '../cli/operation-view.ts';
import type { Controller } from '../controller/controller.ts';
import { makeController } from '../controller/make.ts';
import type { OperationRequest } from '../controller/operations/desk.ts';
import { type Config, emptyConfig } from '../fleet/config.ts';
import { addGuest, formatWorkload, watchGuest } from '../lab/guest/index.ts';
import { formatRate, type Lab } from '../lab/index.ts';
import { isLiveOperation, type Part } from '../operations/report.ts';
import type { Reason } from '../policy/vocabulary.ts';
import { operationDocument, rehearsalDocument } from '../server/operation-documents.ts';
import { openStore } from '../store/open.ts';
import type { MigrationRow, OperationRow } from '../store/rows.ts';
import { takeCensus } from './census.ts';
import { type DemoReport, type GuestReport, problemsOf, type Versions } from './report.ts';
import { type Actor, actors, leaving, linkBitsPerSecond } from './scene.ts';
import { Witness } from './witness.ts';

/** Why the host is emptied. */
const reason: Reason = 'evacuation';
const lookEveryMs = 500;

/** A person wants the demo to end. */
export class Interrupted extends Error {}

/** Starts the guests, empties the host they are on, and reports what was seen. */
export async function runDemo(lab: Lab, io: Io, signal: AbortSignal): Promise<DemoReport> {
  const say = (text: string): unknown => io.err.write(`${text}\n`);
  const startedMs = performance.now();
  const versions = await versionsOf(lab);
  say(
    `${lab.hosts.length} hosts on ${formatRate(linkBitsPerSecond)} links, libvirt ${versions.libvirt}, QEMU ${versions.qemu}`,
  );
  const cast = actors.map((actor) => ({
    actor,
    witness: new Witness(watchGuest(lab.hosts, actor.spec.name)),
  }));
  try {
    await Promise.all(actors.map(({ spec }) => addGuest(lab.host(leaving), spec)));
    say(
      `${actors.length} guests on ${leaving}: first they show what they do when nobody moves them`,
    );
    await Promise.all(cast.map(({ witness }) => witness.settled(signal)));
    const { operation, moves } = await drainWith(lab, cast, io, signal);
    say('every guest reads all of its memory once more');
    await Promise.all(moves.map(({ witness, endMs }) => witness.checkedSince(endMs, signal)));
    const census = await takeCensus(lab);
    const nowMs = performance.now();
    const guests = moves.map((move) =>
      reportOf(move, operation, census.get(move.actor.spec.name) ?? [], nowMs),
    );
    const problems = problemsOf(guests);
    return {
      ok: problems.length === 0,
      problems,
      guests,
      reason,
      drain: drainReport(operation),
      linkBitsPerSecond,
      totalMs: Math.round(performance.now() - startedMs),
      versions,
    };
  } finally {
    for (const { witness } of cast) witness.stop();
  }
}

interface Cast {
  readonly actor: Actor;
  readonly witness: Witness;
}

/** What became of one guest, and when it moved: ms on the clock that the witness uses. */
interface Move extends Cast {
  readonly startMs: number;
  readonly endMs: number;
  readonly part: Part | undefined;
  /** `undefined`: it was never begun. */
  readonly row: MigrationRow | undefined;
  readonly why: readonly string[];
}

/** The host is emptied by a controller of the demo's own, as `drover drain` does it. */
async function drainWith(
  lab: Lab,
  cast: readonly Cast[],
  io: Io,
  signal: AbortSignal,
): Promise<{ readonly operation: OperationRow; readonly moves: readonly Move[] }> {
  const store = await openStore({ kind: 'sqlite', path: ':memory:' });
  const log = (message: string, error: unknown): unknown =>
    io.env['DROVER_DEBUG'] && io.err.write(`${message}: ${String(error)}\n`);
  const config = configOf(lab);
  const controller = makeController({ store, config, name: 'demo', scope: 'all', log });
  await controller.start();
  try {
    const operation = await drain(controller, io, signal);
    // What the store says is by the time of day.
    const offsetMs = performance.now() - Date.now();
    const moves = cast.map(async (one): Promise<Move> => {
      const part = operation.report?.parts.find(({ vm }) => vm === one.actor.spec.name);
      const id = part?.migrationId;
      const row = id === undefined ? undefined : await store.migrations.get(id);
      const why = id === undefined ? [] : (await store.migrations.chapters(id)).why;
      const startMs = (row?.startedAt ?? operation.requestedAt) + offsetMs;
      const endMs = (row?.endedAt ?? Date.now()) + offsetMs;
      return { ...one, part, row, why, startMs, endMs };
    });
    return { operation, moves: await Promise.all(moves) };
  } finally {
    await controller.stop();
    await store.close();
  }
}

async function drain(
  { operations, store }: Controller,
  io: Io,
  signal: AbortSignal,
): Promise<OperationRow> {
  const by = { who: 'demo', from: 'local' };
  const request: OperationRequest = {
    kind: 'drain',
    host: leaving,
    to: undefined,
    reason,
    importance: undefined,
    deadlineAt: undefined,
  };
  io.err.write(`\ndrover drain ${leaving} --reason ${reason} --dry-run\n`);
  io.err.write(rehearsalText(rehearsalDocument(await operations.rehearse(request, by))));
  io.err.write(`\ndrover drain ${leaving} --reason ${reason} --watch\n`);
  let operation = await operations.begin(request, by);
  const view = new OperationView(io);
  try {
    while (isLiveOperation(operation.state)) {
      if (signal.aborted) throw new Interrupted();
      view.show(operationDocument(operation));
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      operation = (await store.operations.get(operation.id)) ?? operation;
    }
  } finally {
    view.clear();
  }
  io.err.write(`${operation.state}: ${operation.report?.says}\n`);
  return operation;
}

function drainReport({ state, requestedAt, endedAt, report }: OperationRow): DemoReport['drain'] {
  return {
    state,
    says: report?.says ?? '',
    tookMs: (endedAt ?? requestedAt) - requestedAt,
    plannedMs: report?.firstEta === undefined ? null : report.firstEta.p50 - requestedAt,
  };
}

function reportOf(
  move: Move,
  { requestedAt }: OperationRow,
  runsOn: readonly string[],
  nowMs: number,
): GuestReport {
  const { actor, row, part, why } = move;
  const { spec, temper } = actor;
  return {
    name: spec.name,
    class: spec.class,
    temper,
    workload: formatWorkload(spec.workload),
    memoryBytes: spec.memoryBytes,
    from: leaving,
    to: row?.to ?? null,
    outcome: row?.phase ?? 'not begun',
    endMs: row?.endedAt === undefined ? null : row.endedAt - requestedAt,
    ...plannedOf(part, requestedAt),
    ...toldBy(row),
    ...move.witness.testimony(move.startMs, move.endMs, nowMs),
    runsOn,
    why: row?.error === undefined ? why : [row.error.message],
  };
}

/** As it was planned first. */
function plannedOf(
  part: Part | undefined,
  requestedAt: number,
): Pick<GuestReport, 'plannedEndMs' | 'plannedBlackoutMs'> {
  const planned = part?.planned;
  if (planned === undefined) return { plannedEndMs: null, plannedBlackoutMs: null };
  const { endAt, blackoutMs } = planned;
  return {
    plannedEndMs: Math.round(endAt.p50 - requestedAt),
    plannedBlackoutMs: blackoutMs === undefined ? null : Math.round(blackoutMs.p50),
  };
}

/** What the migration says of itself. */
function toldBy(
  row: MigrationRow | undefined,
): Pick<GuestReport, 'totalMs' | 'sentBytes' | 'switchedToPostCopy' | 'reportedBlackoutMs'> {
  const end = row?.end;
  if (end === undefined)
    return { totalMs: 0, sentBytes: 0, switchedToPostCopy: false, reportedBlackoutMs: null };
  const { totalMs, sentBytes, switchedToPostCopy, blackout } = end;
  return {
    totalMs: Math.round(totalMs),
    sentBytes,
    switchedToPostCopy,
    reportedBlackoutMs: blackout === undefined ? null : Math.round(blackout.ms),
  };
}

/** The lab's hosts as Drover's configuration names them. */
function configOf(lab: Lab): Config {
  const hosts = lab.hosts.map(
    ({ name, uri, peerUri }) =>
      [name, { uri, peerUri, postCopy: 'allowed', bandwidth: linkBitsPerSecond / 8 }] as const,
  );
  return { ...emptyConfig, hosts: Object.fromEntries(hosts) };
}

async function versionsOf(lab: Lab): Promise<Versions> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const { version }: { version: string } = JSON.parse(text);
  const { libvirtVersion, qemuVersion } = lab.host(leaving);
  return {
    drover: version,
    node: process.versions.node,
    libvirt: libvirtVersion,
    qemu: qemuVersion,
  };
}
