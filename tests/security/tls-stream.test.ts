import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MigrationTls } from '../../src/hypervisor/port.ts';
import { hostNamespace } from '../../src/lab/names.ts';
import { connect, type MigrateParameters } from '../../src/libvirt/index.ts';
import { idleDomainXml } from '../../src/libvirt/testing/conformance.ts';
import { authorityOf, certify, decertify } from '../lab/certify.ts';
import type { Authority } from '../libvirt/pki.ts';
import { play, type Stage, setStage, slowBits, withHosts } from '../migration/stage.ts';

const port = '50000';
/** Shows with what each connection begins, and joins it with the same port of another host. */
const listening = `
  const net = require('node:net');
  const [own, other, port] = process.argv.slice(1);
  const server = net.createServer((near) => {
    const far = net.connect({ host: other, port });
    near.once('data', (bytes) => console.log(bytes.subarray(0, 4).toString('hex')));
    near.on('error', () => far.destroy()).pipe(far).on('error', () => near.destroy()).pipe(near);
  });
  server.listen(port, own, () => console.log('ready'));
`;
/** How a stream of QEMU's begins ('QEVM'), and one of TLS: a handshake record. */
const clear = /^5145564d$/;
const encrypted = /^160303|^160301/;

let stage: Stage;
let trusted: Authority;

beforeAll(async () => {
  stage = await setStage();
  trusted = await authorityOf(stage.lab, 'trusted');
}, 600_000);

afterAll(() => stage.down());

/**
 * In this order: the hosts are without certificates first, then they have them, and in the end they do not. That
 * they do not is remembered for a while.
 */
describe('the memory of a guest', () => {
  test('does not leave a host that requires TLS and has none; the guest stays', async () => {
    const { result, report } = await move('require');
    expect(result.outcome).toBe('failed-safe');
    expect(report).toMatchObject({ integrity: 'ok', onePlace: 'ok', runsOn: ['h1'] });
  });

  test('is seen on the wire without TLS, and not with it', async () => {
    await certify(stage.lab, 'h1', trusted);
    await certify(stage.lab, 'h2', trusted);
    expect(await begins({})).toMatch(clear);
    expect(await begins({ tls: {} })).toMatch(encrypted);
  });

  test.each(['require', 'prefer'] as const)(
    'goes by TLS: %s, post-copy that breaks included',
    async (tls) => {
      let broken: Promise<number> | undefined;
      const { result, report } = await move(tls, () => {
        broken ??= breakSoon();
      });
      expect(await broken).toBeGreaterThan(0);
      expect(result.why.join('\n')).not.toMatch(/in clear/);
      expect(result.outcome).toBe('completed');
      expect(result.why.join('\n')).toMatch(/Post-copy broke/);
      expect(report).toMatchObject({ integrity: 'ok', onePlace: 'ok', runsOn: ['h2'] });
    },
  );

  test('goes by TLS over several connections, compressed', async () => {
    const { result, report } = await play(stage, {
      name: 'compressed',
      slaClass: 'panda',
      workload: 'random:rate=10MiB/s,set=32MiB,content=text',
      config: withHosts(stage.config, { migrationTls: 'require', compression: 'allowed' }),
    });
    expect(result.why.join('\n')).toMatch(/memory compressed/);
    expect(result.outcome).toBe('completed');
    expect(report).toMatchObject({ integrity: 'ok', onePlace: 'ok', runsOn: ['h2'] });
  });

  test('does not go to whom nobody trusts, though TLS is only preferred', async () => {
    await certify(stage.lab, 'h2', await authorityOf(stage.lab, 'somebody'));
    const { result, report } = await move('prefer');
    expect(result.outcome).toBe('failed-safe');
    expect(result.why.join('\n')).not.toMatch(/in clear/);
    expect(report).toMatchObject({ integrity: 'ok', onePlace: 'ok', runsOn: ['h1'] });
  });

  test('goes in clear where TLS is only preferred, and that is told', async () => {
    await decertify(stage.lab, 'h1');
    await decertify(stage.lab, 'h2');
    const { result, report } = await move('prefer');
    expect(result.why.join('\n')).toMatch(/Its memory goes in clear: .*credentials/);
    expect(result.outcome).toBe('completed');
    expect(report).toMatchObject({ integrity: 'ok', onePlace: 'ok', runsOn: ['h2'] });
  });

  test('goes on in clear after a post-copy that broke in clear', async () => {
    let broken: Promise<number> | undefined;
    const { result, report } = await move('prefer', () => {
      broken ??= breakSoon();
    });
    expect(await broken).toBeGreaterThan(0);
    // That certificates are lacking is known by now.
    expect(result.why.join('\n')).toMatch(/Its memory goes in clear: between these hosts/);
    expect(result.why.join('\n')).toMatch(/Post-copy broke/);
    expect(result.outcome).toBe('completed');
    expect(report).toMatchObject({ integrity: 'ok', onePlace: 'ok', runsOn: ['h2'] });
  });
});

/** In the first milliseconds of post-copy libvirt ends the destination's QEMU when its connection breaks. */
async function breakSoon(): Promise<number> {
  await pause(500);
  return stage.lab.breakMigrationConnection('h1');
}

/** Moves a guest that needs post-copy where something is to be done in it, and else an easy one. */
function move(tls: MigrationTls, inPostCopy?: () => void) {
  const config = withHosts(stage.config, { migrationTls: tls });
  if (inPostCopy === undefined)
    return play(stage, {
      name: 'quiet',
      slaClass: 'pet',
      workload: 'random:rate=1MiB/s,set=8MiB',
      config,
    });
  return play(stage, {
    name: 'furious',
    slaClass: 'cattle',
    request: { importance: 'high' },
    workload: 'random:rate=90MiB/s,set=64MiB',
    memoryMiB: 96,
    linkBits: slowBits,
    config,
    onEvent: (event) => {
      if (event.kind === 'phase' && event.phase === 'post-copy') inPostCopy();
    },
  });
}

/** The first bytes of the stream of a migration from h1 to h2, as somebody on its way sees them. */
async function begins(parameters: MigrateParameters): Promise<string> {
  const { lab } = stage;
  const [source, destination] = [lab.host('h1'), lab.host('h2')];
  const inNetwork = ['netns', 'exec', hostNamespace(lab.id, 'h1'), process.execPath, '-e'];
  const child = spawn('ip', [...inNetwork, listening, source.ip, destination.ip, port], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const connection = await connect(source.uri);
  const arrived = await connect(destination.uri);
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('ready');
    const domain = await connection.createDomain(idleDomainXml('seen'));
    const migrateUri = `tcp://${source.ip}:${port}`;
    await domain.migratePeerToPeer(destination.peerUri, { ...parameters, migrateUri });
    await (await arrived.lookupByUuid(domain.uuid)).destroy();
    return String((await lines.next()).value);
  } finally {
    child.kill();
    await connection.close();
    await arrived.close();
  }
}
