import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Lab } from '../../src/lab/index.ts';
import { waitUntil } from '../../src/lab/processes.ts';
import { must } from '../../src/lab/run.ts';
import { freePort } from './relay.ts';

/** OpenSSH's own server on loopback, whose logins land on a lab's host. */
export interface Sshd {
  readonly port: number;
  /** Lets in. */
  readonly keyfile: string;
  /** Does not. */
  readonly strangerKeyfile: string;
  readonly knownHosts: string;
  stop(): Promise<void>;
}

export async function startSshd(lab: Lab, host: string, folder: string): Promise<Sshd> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const at = (file: string): string => join(folder, file);
  for (const name of ['host', 'client', 'stranger']) {
    await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', at(name)]);
  }
  const [type, key] = (await readFile(at('host.pub'), 'utf8')).split(' ');
  await writeFile(at('known_hosts'), `[127.0.0.1]:${port} ${type} ${key}\n`);
  await writeFile(at('config'), await configuration(lab, host, port, at));
  // Where the server of this machine has never run, its folder is not there.
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const server = spawn('/usr/sbin/sshd', ['-D', '-E', at('log'), '-f', at('config')], {
    stdio: 'ignore',
  });
  await waitUntil('sshd listens', () => listens(port));
  return {
    port,
    keyfile: at('client'),
    strangerKeyfile: at('stranger'),
    knownHosts: at('known_hosts'),
    stop: async () => {
      server.kill();
      await once(server, 'exit');
    },
  };
}

async function configuration(
  lab: Lab,
  host: string,
  port: number,
  at: (file: string) => string,
): Promise<string> {
  const enter = (await lab.execPrefix(host)).join(' ');
  return `
Port ${port}
ListenAddress 127.0.0.1
PidFile none
HostKey ${at('host')}
AuthorizedKeysFile ${at('client.pub')}
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM ${(await rootIsLocked()) ? 'yes' : 'no'}
PermitRootLogin prohibit-password
ForceCommand exec ${enter} sh -c "$SSH_ORIGINAL_COMMAND"
`;
}

/** Without PAM, sshd lets nobody in whose password is locked, not even by key. */
async function rootIsLocked(): Promise<boolean> {
  return /^root:!/m.test(await readFile('/etc/shadow', 'utf8'));
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    // Not yet.
    return false;
  } finally {
    socket.destroy();
  }
}
