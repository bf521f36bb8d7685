import { readFile } from 'node:fs/promises';
import type { Target } from '../client/transport.ts';
import { DroverError } from '../errors/catalogue.ts';
import { given } from '../fleet/given.ts';
import { isListening } from '../fleet/listening.ts';
import { socketPath } from '../fleet/state-dir.ts';
import { type Context, contextNamed, readContexts } from './contexts.ts';
import type { ConnectFlags } from './flags.ts';
import type { Io } from './io.ts';

/** Where a command finds the API: elsewhere, or in its own process. */
export type Where =
  | Exclude<Target, { readonly kind: 'embedded' }>
  | { readonly kind: 'embedded'; readonly config: string | undefined };

/**
 * The server that is named; else the current context; else the `drover serve` of this machine,
 * where one answers; else none: the command does it by itself. Who names a config file wants that.
 */
export async function whereTo(flags: ConnectFlags, env: Io['env']): Promise<Where> {
  if (flags.config !== undefined) {
    if (flags.server === undefined) return { kind: 'embedded', config: flags.config };
    throw new DroverError('usage.invalid', '--config has no say with --server', {
      hint: 'A server has a config file of its own.',
    });
  }
  const own: Omit<Context, 'server'> = {
    token: given(env, 'DROVER_TOKEN'),
    ca: flags.ca ?? given(env, 'DROVER_CA'),
    cert: flags.cert ?? given(env, 'DROVER_CERT'),
    key: flags.key ?? given(env, 'DROVER_KEY'),
  };
  const server =
    flags.server ?? (flags.context === undefined ? given(env, 'DROVER_SERVER') : undefined);
  if (server !== undefined) return targetOf({ ...own, server });
  const contexts = await readContexts(env);
  const name = flags.context ?? given(env, 'DROVER_CONTEXT') ?? contexts.current;
  if (name !== undefined) return targetOf(overlaid(contextNamed(contexts, name), own));
  const path = socketPath(env);
  if (await isListening(path)) return { kind: 'socket', path };
  return { kind: 'embedded', config: undefined };
}

/** What is said now has the last word over what the context says. */
function overlaid(context: Context, own: Omit<Context, 'server'>): Context {
  return {
    server: context.server,
    token: own.token ?? context.token,
    ca: own.ca ?? context.ca,
    cert: own.cert ?? context.cert,
    key: own.key ?? context.key,
  };
}

async function targetOf({ server, token, ca, cert, key }: Context): Promise<Where> {
  if (server.startsWith('/')) return { kind: 'socket', path: server };
  if (!isServerAddress(server)) {
    throw new DroverError('usage.invalid', `'${server}' is no address of a server`, {
      hint: 'expected https://host:7420, http://host:7420 or the path of a unix socket',
    });
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new DroverError('usage.invalid', '--cert and --key belong together');
  }
  const [caText, certText, keyText] = await Promise.all([ca, cert, key].map(pem));
  return { kind: 'url', url: server, token, ca: caText, cert: certText, key: keyText };
}

/** Whether it can be one: an URL, or the path of a unix socket. */
export function isServerAddress(server: string): boolean {
  return server.startsWith('/') || /^https?:\/\/[^/]/.test(server);
}

async function pem(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DroverError('usage.invalid', `${path} cannot be read`, { cause });
  });
}
