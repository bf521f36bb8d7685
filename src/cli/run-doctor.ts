import type { Host as HostDocument } from '../client/client.ts';
import { realWorld } from '../controller/world.ts';
import { examineFleet } from '../doctor/doctor.ts';
import type { Finding } from '../doctor/finding.ts';
import { exitCodes } from '../errors/catalogue.ts';
import type { ResolvedHost } from '../fleet/hosts.ts';
import type { AskFlags } from './flags.ts';
import { type Io, type Style, styleFor } from './io.ts';
import { print } from './output.ts';
import { withSession } from './session.ts';
import { type Column, formatTable } from './table.ts';

/** `drover doctor`. */
export async function runDoctor(io: Io, flags: AskFlags): Promise<void> {
  const { hosts, store } = await withSession(io, flags, async ({ client }) => ({
    hosts: (await client.hosts()).map(resolved),
    store: storeFinding(await client.status()),
  }));
  const findings = [
    store,
    ...(hosts.length === 0 ? [noHosts] : []),
    ...(await examineFleet(hosts, (host) => realWorld.hostAt(host, () => undefined))),
  ];
  const style = styleFor(io.out, io.env);
  await print(io, flags.output, findings, {
    table: (all) => formatTable(columns(style), all),
  });
  if (findings.some(({ severity }) => severity === 'error')) io.endWith(exitCodes.failed);
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
  const { name, uri, peerUri, postCopy, bandwidthBytesPerSecond } = host;
  return {
    name,
    uri,
    ways: peerUri === null ? [] : [{ uri: peerUri, address: undefined }],
    postCopy:
      postCopy === 'allowed'
        ? { allowed: true }
        : { allowed: false, because: `the administrator forbids it on ${name}` },
    bandwidthBytesPerSecond: bandwidthBytesPerSecond ?? undefined,
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
