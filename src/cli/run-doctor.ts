import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Host as HostDocument } from '../client/client.ts';
import { realWorld } from '../controller/world.ts';
import { examineFleet } from '../doctor/doctor.ts';
import type { Finding } from '../doctor/finding.ts';
import type { Probing } from '../doctor/probing.ts';
import { DroverError, type ExitCode, exitCodes } from '../errors/catalogue.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import { probePrefix } from '../hypervisor/probe.ts';
import type { DoctorFlags } from './flags.ts';
import { onInterrupt } from './interrupt.ts';
import { type Io, type Style, styleFor } from './io.ts';
import { print } from './output.ts';
import { withSession } from './session.ts';
import { type Column, formatTable } from './table.ts';

/** `drover doctor`. */
export async function runDoctor(io: Io, flags: DoctorFlags): Promise<void> {
  refuseOrphans(flags);
  const { hosts, store } = await withSession(io, flags, async ({ client }) => ({
    hosts: (await client.hosts()).map(resolved),
    store: storeFinding(await client.status()),
  }));
  refuseStrangers(hosts, [...(flags.from ?? []), ...(flags.to ?? [])]);
  const examine = (probing?: Probing): Promise<readonly Finding[]> =>
    examineFleet(hosts, (host) => realWorld.hostAt(host, () => undefined), probing);
  const { looked, interrupted } =
    flags.probe === true
      ? await whileProbing(io, flags, examine)
      : { looked: await examine(), interrupted: false };
  const findings = [store, ...(hosts.length === 0 ? [noHosts] : []), ...looked];
  const style = styleFor(io.out, io.env);
  await print(io, flags.output, findings, {
    table: (all) => formatTable(columns(style), all),
  });
  if (interrupted) io.endWith(exitCodes.interrupted);
  else if (findings.some(({ severity }) => severity === 'error')) io.endWith(exitCodes.failed);
}

/** Ctrl-C ends it early, but not before the guests of its own are ended. */
async function whileProbing(
  io: Io,
  { from, to }: DoctorFlags,
  examine: (probing: Probing) => Promise<readonly Finding[]>,
): Promise<{ readonly looked: readonly Finding[]; readonly interrupted: boolean }> {
  const end = new AbortController();
  const release = onInterrupt(
    () => end.abort(),
    () => process.exit(exitCodes.interrupted satisfies ExitCode),
  );
  try {
    const looked = await examine({
      mark: { run: newId(), machine: hostname(), pid: process.pid },
      lives,
      newName: () => probePrefix + newId(),
      from,
      to,
      clock: realWorld.clock,
      // The time of day, in parts of a ms.
      wallMs: () => performance.timeOrigin + performance.now(),
      signal: end.signal,
      tell: (doing) => void io.err.write(`${doing}\n`),
    });
    return { looked, interrupted: end.signal.aborted };
  } finally {
    release();
  }
}

function newId(): string {
  return randomBytes(4).toString('hex');
}

/** Whether this machine has such a process, whosever it is. */
function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function refuseOrphans({ probe, from, to }: DoctorFlags): void {
  if (probe === true || (from === undefined && to === undefined)) return;
  throw new DroverError('usage.invalid', '--from and --to say where probe guests go', {
    hint: 'With --probe they are started.',
  });
}

function refuseStrangers(hosts: readonly ResolvedHost[], named: readonly string[]): void {
  const stranger = named.find((name) => !hosts.some((host) => host.name === name));
  if (stranger === undefined) return;
  throw new DroverError('host.not-found', `There is no host ${stranger}`, {
    hint: `Known are ${hosts.map(({ name }) => name).join(', ')}.`,
  });
}

const noHosts: Finding = {
  severity: 'warning',
  check: 'hosts',
  where: undefined,
  message: 'no host is known',
  hint: 'Add one: drover host add h1 --uri qemu+ssh://root@h1/system',
};

function storeFinding(status: {
  readonly store: string;
  readonly storeTrouble: string | null;
}): Finding {
  const { store, storeTrouble } = status;
  const where = undefined;
  if (storeTrouble === null)
    return { severity: 'ok', check: 'store', where, message: `${store}, can be read and written` };
  return {
    severity: 'error',
    check: 'store',
    where,
    message: storeTrouble,
    hint: 'No new migration starts until it answers.',
  };
}

function resolved(host: HostDocument): ResolvedHost {
  const { name, uri, ways, migrationTls, postCopy, bandwidthBytesPerSecond, arrivals } = host;
  return {
    name,
    uri,
    ways: ways.map(({ peerUri, migrationAddress }) => ({
      uri: peerUri,
      address: migrationAddress ?? undefined,
      migrationTls,
    })),
    migrationTls,
    postCopy:
      postCopy === 'allowed'
        ? { allowed: true }
        : { allowed: false, because: `the administrator forbids it on ${name}` },
    bandwidthBytesPerSecond: bandwidthBytesPerSecond ?? undefined,
    arrivals:
      arrivals === 'open'
        ? { allowed: true }
        : { allowed: false, because: `${name} takes no VM in (drover undrain ${name} opens it)` },
  };
}

const colours = { ok: 'green', unseen: 'dim', warning: 'yellow', error: 'red' } as const;

function columns(style: Style): readonly Column<Finding>[] {
  return [
    { title: '', cell: ({ severity }) => style(colours[severity], severity) },
    { title: 'WHERE', cell: ({ where }) => where ?? '-' },
    { title: 'CHECK', cell: ({ check }) => check },
    {
      title: 'FOUND',
      cell: ({ message, hint }) => (hint === undefined ? message : `${message} (${hint})`),
    },
  ];
}
