import { mkdtempSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exitCodes } from '../errors/catalogue.ts';
import { defaultMatrix } from '../policy/matrix.ts';
import { importances, slaClasses } from '../policy/vocabulary.ts';
import { run } from './main.ts';

/** Nothing of whoever runs the tests is read or written. */
const dir = mkdtempSync(join(tmpdir(), 'drover-main-'));
const env = { HOME: dir, XDG_CONFIG_HOME: dir, DROVER_STATE_DIR: dir };
afterAll(() => rm(dir, { recursive: true }));

async function drover(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const text = { out: '', err: '' };
  const code = await run(args, {
    out: { write: (piece) => (text.out += piece) },
    err: { write: (piece) => (text.err += piece) },
    env,
  });
  return { code, ...text };
}

const fromTo = ['--from', 'h1', '--to', 'h2'];

/** What is typed, what the message must name, and the help that it must point to. */
const badInputs: readonly (readonly [string[], string[], string])[] = [
  [['migrat'], ["'migrat'", 'migrate'], 'drover --help'],
  [['--verbose'], ["'--verbose'"], 'drover --help'],
  [['migrate', ...fromTo], ["'vm'"], 'drover migrate --help'],
  [['migrate', 'web', 'api', ...fromTo], ['too many arguments'], 'drover migrate --help'],
  [['migrate', 'web', '--from'], ['--from', 'argument missing'], 'drover migrate --help'],
  [
    ['migrate', 'web', ...fromTo, '--reason', 'fun'],
    ['--reason', "'fun'", 'evacuation, maintenance, rebalance, defragmentation'],
    'drover migrate --help',
  ],
  [
    ['migrate', 'web', ...fromTo, '--importance', 'urgent'],
    ['--importance', "'urgent'", 'low, medium, high'],
    'drover migrate --help',
  ],
  [
    ['migrate', 'web', ...fromTo, '-o', 'xml'],
    ['--output', "'xml'", 'table, json, yaml'],
    'drover migrate --help',
  ],
  [['migrate', 'web', ...fromTo, '--postcopy'], ["'--postcopy'"], 'drover migrate --help'],
  [['abort', 'web'], ['--from'], 'drover abort --help'],
  [
    ['class', 'set', 'web', 'dog', '--host', 'h1'],
    ["'class'", "'dog'", 'cattle, pet, panda'],
    'drover class set --help',
  ],
  [['class', 'set', 'web', '--host', 'h1'], ["'class'"], 'drover class set --help'],
  [['class', 'put', 'web'], ["'put'"], 'drover class --help'],
  [
    ['tag', 'set', 'web', '--host', 'h1', '--never', 'post-copy,auto-converge'],
    ['--never', "'auto-converge'", 'post-copy, throttle, none'],
    'drover tag set --help',
  ],
  [
    ['tag', 'set', 'web', '--host', 'h1', '--class', 'dog'],
    ['--class', "'dog'", 'cattle, pet, panda, none'],
    'drover tag set --help',
  ],
  [
    ['tag', 'set', 'web', '--host', 'h1', '--label', 'db,not one'],
    ['--label', "'not one'", 'letters, digits'],
    'drover tag set --help',
  ],
  [['host', 'set', 'h1'], ['nothing to set'], 'drover host set --help'],
  [['tag', 'set', 'web', '--host', 'h1'], ['--class, --never or --label'], 'drover tag set --help'],
];

describe('bad input', () => {
  it.each(badInputs)('%j is refused with the field and the way out', async (args, named, help) => {
    const { code, out, err } = await drover(...args);
    expect(code).toBe(exitCodes.usage);
    expect(out).toBe('');
    expect(err.split('\n')).toHaveLength(3);
    for (const word of named) expect(err).toContain(word);
    expect(err).toContain(`see ${help}`);
  });

  it.each([[['-o', 'json']], [['--output', 'json']], [['--output=json']], [['-ojson']]])(
    'is one JSON document under %j',
    async (format) => {
      const { out, err } = await drover('abort', 'web', ...format);
      expect(err).toBe('');
      expect(JSON.parse(out)).toMatchObject({
        error: { code: 'usage.invalid', message: expect.stringContaining('--from'), exitCode: 2 },
      });
    },
  );
});

describe('help', () => {
  it.each([
    [['--help'], 'drover migrate billing-db'],
    [['migrate', '--help'], '--importance'],
    [['help', 'migrate'], '--importance'],
    [['abort', '--help'], 'drover abort billing-db'],
    [['class', '--help'], 'panda'],
    [['policy', 'show', '--help'], 'OTHERWISE'],
    [['tag', 'set', '--help'], '--never post-copy,throttle'],
    [['lab', '--help'], 'drover lab up'],
    [['class', 'set', '--help'], 'drover class set billing-db panda'],
  ])('%j goes to stdout and shows an example', async (args, text) => {
    const { code, out, err } = await drover(...args);
    expect({ code, err }).toEqual({ code: exitCodes.ok, err: '' });
    expect(out).toContain(text);
  });

  it('is what no command at all gets, as an error', async () => {
    const { code, out, err } = await drover();
    expect({ code, out }).toEqual({ code: exitCodes.usage, out: '' });
    expect(err).toContain('Usage: drover');
  });

  it('names no mechanism among the options of a migration', async () => {
    const { out } = await drover('migrate', '--help');
    const options = out.slice(out.indexOf('Options:'), out.indexOf('Drover watches'));
    expect(options).not.toMatch(/post-?copy|pre-?copy|converge|downtime|multifd|compress/i);
  });
});

describe('drover policy show', () => {
  it('has a line for each class and importance', async () => {
    const { code, out } = await drover('policy', 'show');
    expect(code).toBe(exitCodes.ok);
    const lines = out.trim().split('\n').slice(1);
    const named = lines.map((line) => line.split(/ +/).slice(0, 2).join(' '));
    const all = slaClasses.flatMap((name) => importances.map((level) => `${name} ${level}`));
    expect(named).toEqual(all);
  });

  it.each([
    ['json', (text: string): unknown => JSON.parse(text)],
    ['yaml', (text: string): unknown => parse(text)],
  ])('prints the policy in the words of the config file as %s', async (format, read) => {
    const { out } = await drover('policy', 'show', '-o', format);
    expect(read(out)).toEqual({ policy: defaultMatrix, changed: [] });
  });

  it('names what the config file sets, and its default', async () => {
    const file = await configWith('policy:\n  panda:\n    medium:\n      blackoutMs: 200\n');
    const { out } = await drover('policy', 'show', '--config', file);
    expect(out).toMatch(/panda +medium +200 ms/);
    expect(out).toContain('panda.medium.blackoutMs: 200, by default 300');
    const json = await drover('policy', 'show', '--config', file, '-o', 'json');
    expect(JSON.parse(json.out)).toMatchObject({
      policy: { panda: { medium: { blackoutMs: 200 } } },
      changed: ['panda.medium.blackoutMs'],
    });
  });
});

describe('drover policy check', () => {
  it('says what a valid file sets', async () => {
    const file = await configWith('policy: { pet: { low: { blackoutMs: 250 } } }\n');
    const { code, out } = await drover('policy', 'check', file);
    expect(code).toBe(exitCodes.ok);
    expect(out).toMatch(/is valid and sets 1 value of the policy/);
  });

  it('names file, line, field and what is allowed', async () => {
    const file = await configWith('policy:\n  panda:\n    high:\n      otherwise: stay\n');
    const { code, err } = await drover('policy', 'check', file);
    expect(code).toBe(exitCodes.usage);
    expect(err).toMatch(/config.yaml:4: policy.panda.high.otherwise: .*only finish is allowed/);
  });
});

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function configWith(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-policy-'));
  folders.push(folder);
  const file = join(folder, 'config.yaml');
  await writeFile(file, text);
  return file;
}

it('prints its version', async () => {
  const { code, out } = await drover('--version');
  expect(code).toBe(exitCodes.ok);
  expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
});
