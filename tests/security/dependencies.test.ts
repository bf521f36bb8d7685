import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Audit, audit } from './audit.ts';

const root = join(import.meta.dirname, '../..');

const entrySchema = z.object({
  license: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  hasInstallScript: z.boolean().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  os: z.array(z.string()).optional(),
});
const lock = z
  .object({ packages: z.record(z.string(), entrySchema) })
  .parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
const installed = Object.entries(lock.packages).filter(([path]) => path !== '');
const manifest = z
  .object({ allowScripts: z.record(z.string(), z.boolean()) })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));

/** Licences whose works may be part of one under Apache-2.0. */
const permissive = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
];
/** Tools that we run and do not hand on may ask for more. */
const forTools = [...permissive, 'MPL-2.0'];

describe('the dependencies', () => {
  test('have licences that go with ours', () => {
    const wrong = installed.flatMap(([path, entry]) => {
      const licence = licenceOf(path, entry);
      if (licence === undefined) return isForElsewhere(entry) ? [] : [`${path}: none`];
      const allowed = entry.dev === true ? forTools : permissive;
      const parts = licence.replace(/[()]/g, '').split(/ (?:AND|OR) /);
      return parts.every((part) => allowed.includes(part)) ? [] : [`${path}: ${licence}`];
    });
    expect(wrong).toEqual([]);
  });

  test('run no script when they are installed but those that package.json names', () => {
    const scripted = installed
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(new Set(scripted)).toEqual(new Set(Object.keys(manifest.allowScripts)));
    const ours = installed.filter(([, entry]) => entry.dev !== true && entry.hasInstallScript);
    expect(ours).toEqual([]);
  });

  test('come from the registry and from nowhere else, each with a sum that npm checks', () => {
    const odd = installed.filter(
      // Without `resolved` npm asks the registry that it is set to.
      ([, entry]) =>
        entry.resolved?.startsWith('https://registry.npmjs.org/') === false ||
        (!isForElsewhere(entry) && !entry.integrity?.startsWith('sha512-')),
    );
    expect(odd).toEqual([]);
  });

  test('have no known weakness that is high or critical', async ({ skip }) => {
    const found = await audit(root);
    if (found.kind === 'not-audited') {
      process.stderr.write(`NOT AUDITED: ${found.because}\n`);
      skip(`not audited: ${found.because}`);
    } else expect(found.grave).toEqual([]);
  });
});

describe('the audit', () => {
  const ends: (() => Promise<void>)[] = [];
  afterAll(() => Promise.all(ends.map((end) => end())));

  test.each([
    ['critical', ['weak 1.0.0: critical']],
    ['high', ['weak 1.0.0: high']],
    ['moderate', []],
  ])('finds a weakness that is %s as grave as it is', async (severity, grave) => {
    const registry = await fakeRegistry(severity);
    expect(await auditProject(['--registry', registry])).toEqual({
      kind: 'audited',
      grave,
    });
  });

  test('that the registry refuses is none, and says so', async () => {
    const registry = await fakeRegistry(undefined);
    expect(await auditProject(['--registry', registry])).toEqual({
      kind: 'not-audited',
      because: expect.stringContaining('405'),
    });
  });

  test('that does not reach the registry is none', async () => {
    const nobody = ['--registry', 'http://127.0.0.1:1', '--fetch-retries', '0'];
    expect(await auditProject(nobody)).toMatchObject({ kind: 'not-audited' });
  });

  /** Knows one package, and one weakness of it; without a severity it takes no audit. */
  async function fakeRegistry(severity: string | undefined): Promise<string> {
    const server = createServer((request, response) => {
      const isAudit = request.method === 'POST';
      response.statusCode = isAudit && severity === undefined ? 405 : 200;
      response.setHeader('content-type', 'application/json');
      const advisory = { id: 1, url: 'https://example.org/1', title: 'It is weak', severity };
      const weak = [{ ...advisory, vulnerable_versions: '<2.0.0' }];
      const versions = Object.fromEntries(
        ['1.0.0', '2.0.0'].map((version) => [version, { name: 'weak', version }]),
      );
      const known = { name: 'weak', versions, 'dist-tags': { latest: '2.0.0' } };
      request.resume().on('end', () => response.end(JSON.stringify(isAudit ? { weak } : known)));
    });
    ends.push(() => closed(server));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `http://127.0.0.1:${address.port}`;
  }

  /** With a cache of its own: npm remembers what it was told of a package. */
  async function auditProject(options: readonly string[]): Promise<Audit> {
    const folder = await project();
    return await audit(folder, [...options, '--cache', join(folder, 'cache')]);
  }

  async function project(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'drover-audit-'));
    ends.push(() => rm(folder, { recursive: true }));
    const own = { name: 'p', version: '1.0.0', dependencies: { weak: '1.0.0' } };
    const packages = { '': own, 'node_modules/weak': { version: '1.0.0' } };
    await writeFile(join(folder, 'package.json'), JSON.stringify(own));
    const lockFile = { name: 'p', version: '1.0.0', lockfileVersion: 3, packages };
    await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lockFile));
    return folder;
  }
});

/** A tool's build for another platform, of which the lock file knows the version only. */
function isForElsewhere({ dev, optional, os, integrity }: z.output<typeof entrySchema>): boolean {
  return dev === true && optional === true && os !== undefined && integrity === undefined;
}

function licenceOf(
  path: string,
  { license }: { license?: string | undefined },
): string | undefined {
  if (license !== undefined) return license;
  const own = join(root, path, 'package.json');
  if (!existsSync(own)) return undefined;
  return z.object({ license: z.string().optional() }).parse(JSON.parse(readFileSync(own, 'utf8')))
    .license;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
