import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { DroverError } from '../errors/catalogue.ts';
import { given } from '../fleet/given.ts';
import type { Io } from './io.ts';

const contextSchema = z.strictObject({
  /** `https://host:port`, or the path of a unix socket. */
  server: z.string().min(1),
  token: z.string().min(1).optional(),
  /** Files in PEM: whom to believe, and by what this side is known. */
  ca: z.string().optional(),
  cert: z.string().optional(),
  key: z.string().optional(),
});

const fileSchema = z.strictObject({
  current: z.string().optional(),
  contexts: z.record(z.string(), contextSchema).default({}),
});

/** One server, and how it is spoken to. */
export type Context = z.output<typeof contextSchema>;
export type Contexts = z.output<typeof fileSchema>;

/** The servers that a person knows, each under a name. */
export function contextsPath(env: Io['env']): string {
  const own = given(env, 'XDG_CONFIG_HOME') ?? join(given(env, 'HOME') ?? homedir(), '.config');
  return join(own, 'drover', 'contexts.yaml');
}

/** No file is no context. Rejects with `config.invalid`, which names file and field. */
export async function readContexts(env: Io['env']): Promise<Contexts> {
  const path = contextsPath(env);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return '';
    throw new DroverError('config.invalid', `${path} cannot be read`, { cause });
  });
  const parsed = fileSchema.safeParse(dataOf(text, path));
  if (parsed.success) return parsed.data;
  const messages = parsed.error.issues.map(
    (issue) => `${path}: ${issue.path.map(String).join('.') || 'the file'}: ${issue.message}`,
  );
  throw new DroverError('config.invalid', messages.join('\n'));
}

/** Replaces the file as a whole. It may hold tokens: nobody else may read it. */
export async function writeContexts(env: Io['env'], contexts: Contexts): Promise<void> {
  const path = contextsPath(env);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.new`;
  await writeFile(draft, stringify(contexts), { mode: 0o600 });
  await rename(draft, path);
}

/** Rejects with `usage.invalid`, which names those that there are. */
export function contextNamed({ contexts }: Contexts, name: string): Context {
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (context !== undefined) return context;
  const known = Object.keys(contexts);
  throw new DroverError('context.not-found', `There is no context ${name}`, {
    hint:
      known.length === 0
        ? '`drover context add NAME --server URL` makes one.'
        : `There are ${known.join(', ')}.`,
  });
}

function dataOf(text: string, path: string): unknown {
  try {
    return parse(text) ?? {};
  } catch (cause) {
    throw new DroverError('config.invalid', `${path} is no YAML`, { cause });
  }
}
