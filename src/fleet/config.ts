import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { DroverError } from '../errors/catalogue.ts';
import { exclusions } from '../policy/exclusions.ts';
import { overridesSchema } from '../policy/overrides.ts';
import { slaClasses } from '../policy/vocabulary.ts';
import { parseDuration } from '../units/duration.ts';
import { parseSize } from '../units/size.ts';
import { given } from './given.ts';
import { serverSchema } from './server-settings.ts';
import { lineOf } from './source-map.ts';

const expectedUri = 'expected a libvirt URI such as qemu+ssh://root@h1/system';

const bandwidth = z.string().transform((text, context) => {
  const bytes = text.trim().endsWith('/s') ? parseSize(text.trim().slice(0, -2)) : undefined;
  if (bytes !== undefined && bytes > 0) return bytes;
  context.addIssue({ code: 'custom', message: 'expected a rate such as 500 MiB/s' });
  return z.NEVER;
});

const expectedAtOnce = 'expected a number of migrations at once, 1 or more';
const atOnce = z.int({ error: expectedAtOnce }).min(1, { error: expectedAtOnce });

const uri = z.string({ error: expectedUri }).includes('://', { error: expectedUri });

const expectedAddress = 'expected a host name or an IP address such as 10.2.0.2';
const address = z.string({ error: expectedAddress }).regex(/^[0-9A-Za-z][0-9A-Za-z.:-]*$/, {
  error: expectedAddress,
});

/** Another way by which other hosts reach a host. */
const waySchema = z
  .strictObject({ peerUri: uri.optional(), migrationAddress: address.optional() })
  .refine((way) => way.peerUri !== undefined || way.migrationAddress !== undefined, {
    error: 'a way gives peerUri, migrationAddress or both',
  });

const hostSchema = z.strictObject({
  /** Where the controller reaches the host. */
  uri,
  /** Where other hosts reach it, when that is not `uri`. */
  peerUri: uri.optional(),
  /** Where it takes memory in; without it libvirt takes what the host's own name leads to. */
  migrationAddress: address.optional(),
  /** Further ways to it, tried in turn when one breaks. */
  otherWays: z.array(waySchema).optional(),
  postCopy: z.enum(['allowed', 'forbidden']).default('allowed'),
  /** `forbidden`: memory is not compressed on its way from it or to it; its processors are spared. */
  compression: z.enum(['allowed', 'forbidden']).optional(),
  /** `forbidden`: nothing of the memory of its guests is read to see what it is like. */
  memoryReading: z.enum(['allowed', 'forbidden']).optional(),
  /** Whether memory goes from it and to it by TLS; the stricter of two hosts holds. */
  migrationTls: z.enum(['require', 'prefer', 'never']).optional(),
  /** The most that migrations from and to this host may take of the link. */
  bandwidth: bandwidth.optional(),
  /** Migrations at once, from it and to it. */
  maxOutgoing: atOnce.optional(),
  maxIncoming: atOnce.optional(),
  /** What it shares with others on the way: one of `links`. */
  link: z.string().min(1).optional(),
  /** `closed`: no VM moves to it. */
  arrivals: z.enum(['open', 'closed']).optional(),
});

/** A link, a rack's uplink, that several hosts share. */
const linkSchema = z.strictObject({
  bandwidth: bandwidth.optional(),
  /** Migrations at once that pass it. */
  max: atOnce.optional(),
});

const expectedNever = `expected a list of ${exclusions.join(', ')}, such as [${exclusions[0]}]`;
const pattern = z.string().min(1).optional();

/** What holds for the VMs that a rule selects. */
const ruleSchema = z
  .strictObject({
    /** Patterns, as a shell has them, for the domain's name and for one of its labels. */
    name: pattern,
    label: pattern,
    class: z.enum(slaClasses).optional(),
    never: z
      .array(z.enum(exclusions), { error: expectedNever })
      .min(1, { error: expectedNever })
      .optional(),
    /** A group of VMs of which no two are to be on one host, and one that stays together. */
    apart: z.string().min(1).optional(),
    together: z.string().min(1).optional(),
    /** The only hosts where they may run. */
    hosts: z.array(z.string().min(1)).min(1).optional(),
  })
  .refine(({ name, label }) => name !== undefined || label !== undefined, {
    error: 'a rule selects by name, label or both',
  })
  .refine(
    ({ class: slaClass, never, apart, together, hosts }) =>
      [slaClass, never, apart, together, hosts].some((one) => one !== undefined),
    { error: 'a rule gives class, never, apart, together or hosts' },
  );

const expectedDuration = 'expected a duration such as 90d';
const duration = z.string({ error: expectedDuration }).transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  context.addIssue({ code: 'custom', message: expectedDuration });
  return z.NEVER;
});
const dayMs = 86_400_000;

/** How long what has ended is kept, ms. What was seen and decided weighs most. */
const retentionSchema = z.strictObject({
  migrations: duration.default(400 * dayMs),
  telemetry: duration.default(90 * dayMs),
  events: duration.default(30 * dayMs),
  audit: duration.default(400 * dayMs),
});

const configSchema = z.strictObject({
  hosts: z.record(z.string(), hostSchema).default({}),
  links: z.record(z.string(), linkSchema).default({}),
  /** What is said of VMs beside their own metadata. */
  rules: z.array(ruleSchema).default([]),
  retention: retentionSchema.prefault({}),
  server: serverSchema.prefault({}),
  /** What a class and an importance allow, where it is not the default. */
  policy: overridesSchema.default({}),
});

/** What the administrator has set. */
export type Config = z.output<typeof configSchema>;

export type Rule = z.output<typeof ruleSchema>;

export const emptyConfig: Config = configSchema.parse({});

/** Where the configuration is looked for when nothing names it, in this order. */
export function defaultConfigPaths(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const own = given(env, 'XDG_CONFIG_HOME') ?? join(homedir(), '.config');
  return [join(own, 'drover', 'config.yaml'), '/etc/drover/config.yaml'];
}

/**
 * Reads the configuration from `path`, from where DROVER_CONFIG points, or from the first default
 * place that has one; none there is an empty configuration. Rejects with `config.invalid`, which
 * names the file, the line, the field and what is allowed.
 */
export async function loadConfig(path?: string): Promise<Config> {
  const file = await configPath(path);
  return file === undefined ? emptyConfig : parseConfig(await readText(file), file);
}

/** The file that `loadConfig` reads; `undefined` where there is none. */
export async function configPath(path?: string): Promise<string | undefined> {
  const named = path ?? given(process.env, 'DROVER_CONFIG');
  if (named !== undefined) return named;
  for (const candidate of defaultConfigPaths()) if (await isThere(candidate)) return candidate;
  return undefined;
}

/** Parses a configuration; `file` is only named in errors. */
export function parseConfig(text: string, file: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = document.errors[0];
  if (broken !== undefined) {
    const { line } = lines.linePos(broken.pos[0]);
    throw new DroverError('config.invalid', `${file}:${line}: ${broken.message}`);
  }
  const parsed = configSchema.safeParse(dataOf(document, file) ?? {});
  if (parsed.success) return parsed.data;
  const messages = parsed.error.issues.map((issue) => {
    const field = issue.path.map(String).join('.') || 'the file';
    return `${file}:${lineOf(document, lines, issue.path)}: ${field}: ${issue.message}`;
  });
  throw new DroverError('config.invalid', messages.join('\n'));
}

/** Aliases can only be seen to be broken, or to unfold without end, when they are followed. */
function dataOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DroverError('config.invalid', `${file}: ${reason}`, { cause: error });
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new DroverError('config.invalid', `${path} cannot be read`, { cause: error });
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw new DroverError('config.invalid', `${path} cannot be read`, { cause: error });
  }
}
