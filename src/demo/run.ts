import { readFile } from 'node:fs/promises';
import type { Io } from '../cli/io.ts';
import { LiveView } from '../cli/live-view.ts';
import { DroverError } from '../errors/catalogue.ts';
import { type Config, emptyConfig } from '../fleet/config.ts';
import { addGuest, formatWorkload, watchGuest } from '../lab/guest/index.ts';
import { formatRate, type Lab } from '../lab/index.ts';
import type { RunEvent } from '../migration/events.ts';
import type { MigrationResult } from '../migration/result.ts';
import { migrateVm } from '../migration/service.ts';
import type { Reason } from '../policy/vocabulary.ts';
import { takeCensus } from './census.ts';
import { shownOf } from './live.ts';
import { type DemoReport, type GuestReport, problemsOf, type Versions } from './report.ts';
import { type Actor, actors, leaving, linkBitsPerSecond } from './scene.ts';
import { Witness } from './witness.ts';

/** Why the host is emptied. */
const reason: Reason = 'evacuation';

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
    say(`emptying ${leaving}, reason ${reason}`);
    const moves: Move[] = [];
    for (const { actor, witness } of cast) {
      moves.push({ actor, witness, ...(await moveAway(actor, configOf(lab), io, signal)) });
    }
    say('every guest reads all of its memory once more');
    await Promise.all(moves.map(({ witness, endMs }) => witness.checkedSince(endMs, signal)));
    const census = await takeCensus(lab);
    const nowMs = performance.now();
    const guests = moves.map((move) =>
      reportOf(move, census.get(move.actor.spec.name) ?? [], nowMs),
    );
    const problems = problemsOf(guests);
    return {
      ok: problems.length === 0,
      problems,
      guests,
      reason,
      linkBitsPerSecond,
      totalMs: Math.round(performance.now() - startedMs),
      versions,
    };
  } finally {
    for (const { witness } of cast) witness.stop();
  }
}

/** One migration, and when it was: ms on the clock that the witness uses. */
interface Move {
  readonly actor: Actor;
  readonly witness: Witness;
  readonly startMs: number;
  readonly endMs: number;
  readonly result: MigrationResult | DroverError;
}

async function moveAway(
  { spec, to, temper }: Actor,
  config: Config,
  io: Io,
  signal: AbortSignal,
): Promise<Omit<Move, 'actor' | 'witness'>> {
  const view = new LiveView(io);
  view.note(`${spec.class}, ${temper} (${formatWorkload(spec.workload)}): ${leaving} to ${to}`);
  const startMs = performance.now();
  const request = { vm: spec.name, from: leaving, to, reason };
  try {
    const onEvent = (event: RunEvent): void => {
      const shown = shownOf(event);
      if (shown !== undefined) view.show(spec.name, shown);
    };
    const result = await migrateVm(request, config, { onEvent, letGo: signal });
    if (signal.aborted) throw new Interrupted();
    view.clear();
    return { startMs, endMs: performance.now(), result };
  } catch (error) {
    view.clear();
    if (!(error instanceof DroverError)) throw error;
    return { startMs, endMs: performance.now(), result: error };
  }
}

function reportOf(move: Move, runsOn: readonly string[], nowMs: number): GuestReport {
  const { spec, to, temper } = move.actor;
  const { result } = move;
  const refused = result instanceof DroverError;
  return {
    name: spec.name,
    class: spec.class,
    temper,
    workload: formatWorkload(spec.workload),
    memoryBytes: spec.memoryBytes,
    from: leaving,
    to,
    outcome: refused ? 'refused' : result.outcome,
    totalMs: Math.round(refused ? move.endMs - move.startMs : result.totalMs),
    sentBytes: refused ? 0 : result.sentBytes,
    switchedToPostCopy: !refused && result.switchedToPostCopy,
    reportedBlackoutMs:
      refused || result.blackout === undefined ? null : Math.round(result.blackout.ms),
    ...move.witness.testimony(move.startMs, move.endMs, nowMs),
    runsOn,
    why: refused ? [result.message] : result.why,
  };
}

/** The lab's hosts as Drover's configuration names them. */
function configOf(lab: Lab): Config {
  const hosts = lab.hosts.map(
    ({ name, uri, peerUri }) => [name, { uri, peerUri, postCopy: 'allowed' }] as const,
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
