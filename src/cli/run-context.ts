import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { DroverError } from '../errors/catalogue.ts';
import { confirm } from './confirm.ts';
import {
  type Context,
  type Contexts,
  contextNamed,
  readContexts,
  writeContexts,
} from './contexts.ts';
import type { ContextAddFlags, PlainListFlags, YesFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { type Column, formatTable } from './table.ts';
import { isServerAddress } from './target.ts';

/** `drover context add`. */
export async function runContextAdd(io: Io, name: string, flags: ContextAddFlags): Promise<void> {
  const { server, ca, cert, key } = flags;
  if (name === none) throw new DroverError('usage.invalid', 'a context cannot be called none');
  if (!isServerAddress(server))
    throw new DroverError('usage.invalid', `'${server}' is no address of a server`, {
      hint: 'expected https://host:7420, http://host:7420 or the path of a unix socket',
    });
  const context: Context = {
    server,
    token: flags.tokenFile === undefined ? undefined : await tokenIn(flags.tokenFile),
    ca: absolute(ca),
    cert: absolute(cert),
    key: absolute(key),
  };
  const known = await readContexts(io.env);
  const current = known.current ?? name;
  await writeContexts(io.env, { current, contexts: { ...known.contexts, [name]: context } });
  io.out.write(
    `${name} is ${server} from now on${current === name ? ', and the current context' : ''}.\n`,
  );
}

const none = 'none';

/** `drover context use`. */
export async function runContextUse(io: Io, name: string): Promise<void> {
  const known = await readContexts(io.env);
  if (name === none) {
    await writeContexts(io.env, { contexts: known.contexts });
    io.out.write('There is no current context any more.\n');
    return;
  }
  const { server } = contextNamed(known, name);
  await writeContexts(io.env, { ...known, current: name });
  io.out.write(`Commands ask ${name} (${server}) from now on.\n`);
}

interface Listed {
  readonly name: string;
  readonly server: string;
  readonly current: boolean;
  /** How it lets this side in; not the secret itself. */
  readonly with: 'token' | 'certificate' | 'nothing';
}

/** `drover context list`. */
export async function runContextList(io: Io, flags: PlainListFlags): Promise<void> {
  await print(io, flags.output, listedOf(await readContexts(io.env)), {
    table: (all) => formatTable(columns, all),
    name: (all) => all.map(({ name }) => `${name}\n`).join(''),
  });
}

/** `drover context remove`. */
export async function runContextRemove(io: Io, name: string, flags: YesFlags): Promise<void> {
  const known = await readContexts(io.env);
  const { token } = contextNamed(known, name);
  if (token !== undefined) await confirm(io, flags, `Forget ${name} and the token for it?`);
  const { [name]: _, ...contexts } = known.contexts;
  await writeContexts(io.env, {
    contexts,
    ...(known.current === name ? {} : { current: known.current }),
  });
  io.out.write(`${name} is forgotten.\n`);
}

function listedOf({ contexts, current }: Contexts): Listed[] {
  return Object.entries(contexts).map(([name, { server, token, cert }]) => ({
    name,
    server,
    current: name === current,
    with: token !== undefined ? 'token' : cert !== undefined ? 'certificate' : 'nothing',
  }));
}

const columns: readonly Column<Listed>[] = [
  { title: '', cell: ({ current }) => (current ? '*' : '') },
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'SERVER', cell: ({ server }) => server },
  { title: 'WITH', cell: (one) => one.with },
];

async function tokenIn(file: string): Promise<string> {
  const text = file === '-' ? await readAll(process.stdin) : await readToken(file);
  const token = text.trim();
  if (/^\S+$/.test(token)) return token;
  throw new DroverError('usage.invalid', `there is no token in ${file === '-' ? 'stdin' : file}`);
}

async function readToken(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new DroverError('usage.invalid', `${file} cannot be read`, { cause });
  });
}

/** A context holds wherever a command is run. */
function absolute(file: string | undefined): string | undefined {
  return file === undefined ? undefined : resolve(file);
}
