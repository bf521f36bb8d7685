import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Lab } from '../../src/lab/index.ts';

/** A port on this machine behind which a port of a lab's host is, which nothing else reaches. */
export interface Relay {
  readonly port: number;
  close(): Promise<void>;
}

export async function relayTo(lab: Lab, host: string, port: number): Promise<Relay> {
  const prefix = await lab.execPrefix(host);
  const { ip } = lab.host(host);
  const server = createServer((peer) => carry(peer, [...prefix, 'nc', '-q0', ip, `${port}`]));
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

function carry(peer: Socket, [program = '', ...args]: readonly string[]): void {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
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
