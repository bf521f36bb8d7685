import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Lab } from '../../src/lab/index.ts';
import { hostNamespace } from '../../src/lab/names.ts';

/** A port on this machine behind which a port of a lab's host is, which nothing else reaches. */
export interface Relay {
  readonly port: number;
  close(): Promise<void>;
}

/** Joins its input and output with a port. The end of either is the end of it. */
const join = `
  const [host, port] = process.argv.slice(1);
  const socket = require('node:net').connect({ host, port, noDelay: true });
  process.stdin.pipe(socket).pipe(process.stdout);
  socket.on('error', () => undefined).on('close', () => process.exit());
`;

export async function relayTo(lab: Lab, host: string, port: number): Promise<Relay> {
  const inNetwork = ['netns', 'exec', hostNamespace(lab.id, host)];
  const target = [lab.host(host).ip, `${port}`];
  const server = createServer((peer) =>
    carry(peer, [...inNetwork, process.execPath, '-e', join, ...target]),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

function carry(peer: Socket, args: readonly string[]): void {
  const child = spawn('ip', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  peer.pipe(child.stdin);
  child.stdout.pipe(peer);
  // Either end may leave first: the other is told by the end of its input.
  for (const end of [peer, child.stdin, child.stdout]) end.on('error', () => undefined);
  peer.on('close', () => child.stdin.end());
  child.on('close', () => peer.destroy());
}

/** A port of this machine that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
