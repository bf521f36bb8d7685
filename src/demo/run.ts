import type { Io } from '../cli/io.ts';
import { rehearsalText } from '../cli/operation-text.ts';
import { OperationView } from '../cli/operation-view.ts';
import { packageVersion } from '../cli/version.ts';
import type { Controller } from '../controller/controller.ts';
import type { OperationRequest } from '../controller/operations/desk.ts';
import { addGuest, formatWorkload, watchGuest } from '../lab/guest/index.ts';
import { formatRate, type Lab } from '../lab/index.ts';
import { isLiveOperation, type Part } from '../operations/report.ts';
import type { Reason } from '../policy/vocabulary.ts';
import { operationDocument, rehearsalDocument } from '../server/operation-documents.ts';
import type { MigrationRow, OperationRow } from '../store/rows.ts';
import { takeCensus } from './census.ts';
import { type DemoReport, type GuestReport, problemsOf, type Versions } from './report.ts';
import { type Actor, actors, leaving, linkBitsPerSecond } from './scene.ts';
import type { LabService } from './service.ts';
import { Witness } from './witness.ts';

/** Why the host is emptied. */
const reason: Reason = 'evacuation';
const lookEveryMs = 500;

/** A person wants the demo to end. */
export class Interrupted extends Error {}

/** Starts the guests, empties the host they are on, and reports what was seen. */
export async function runDemo(
  lab: Lab,
  service: LabService,
  io: Io,
  signal: AbortSignal,
): Promise<DemoReport> {
  const say = (text: string): unknown => io.err.write(`${text}\n`);
  const startedMs = performance.now();
  const versions = versionsOf(lab);
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
    await service.controller.vms({}, true);
    say(`watch it in a browser (the link opens once, within 10 minutes): ${service.link()}`);
    await Promise.all(cast.map(({ witness }) => witness.settled(signal)));
    const operation = await drain(service.controller, io, signal);
    const moves = await movesOf(cast, operation, service.controller);
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

async function movesOf(
  cast: readonly Cast[],
  operation: OperationRow,
  { store }: Controller,
): Promise<readonly Move[]> {
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
  return Promise.all(moves);
}

/** The host is emptied as `drover drain` does it. */
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

function versionsOf(lab: Lab): Versions {
  const { libvirtVersion, qemuVersion } = lab.host(leaving);
  return {
    drover: packageVersion(),
    node: process.versions.node,
    libvirt: libvirtVersion,
    qemu: qemuVersion,
  };
}
