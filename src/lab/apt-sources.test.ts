import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  chooseMirror,
  findMirror,
  parseDeb822Sources,
  parseOneLineSources,
} from './apt-sources.ts';

describe('the one-line format', () => {
  it.each([
    ['deb http://m/debian trixie main contrib', 'http://m/debian', ['trixie'], ['main', 'contrib']],
    [
      'deb [arch=amd64 signed-by=/k.gpg] https://m/debian sid main',
      'https://m/debian',
      ['sid'],
      ['main'],
    ],
    ['  deb http://m/debian sid main # comment', 'http://m/debian', ['sid'], ['main']],
  ])('%s', (line, uri, suites, components) => {
    expect(parseOneLineSources(line)).toEqual([{ uri, suites, components }]);
  });

  it.each(['# deb http://m/debian sid main', 'deb-src http://m/debian sid main', '', 'deb'])(
    "'%s' names no archive of packages",
    (line) => {
      expect(parseOneLineSources(line)).toEqual([]);
    },
  );
});

describe('the deb822 format', () => {
  it('reads stanzas, comments, continued lines and several URIs', () => {
    const text = `# a comment
Types: deb deb-src
# another
URIs: http://a/debian
  http://b/debian
Suites: sid experimental
Components: main

Types: deb-src
URIs: http://c/debian
Suites: sid
Components: main

Enabled: no
Types: deb
URIs: http://d/debian
Suites: sid
Components: main
`;
    const suites = ['sid', 'experimental'];
    expect(parseDeb822Sources(text)).toEqual([
      { uri: 'http://a/debian', suites, components: ['main'] },
      { uri: 'http://b/debian', suites, components: ['main'] },
    ]);
  });
});

function source(uri: string, suite = 'sid', component = 'main') {
  return { uri, suites: [suite], components: [component] };
}

describe('the mirror', () => {
  it("is Debian's own, whatever stands before it", () => {
    const sources = [
      source('https://vendor/apt', 'stable'),
      source('http://m/debian-security', 'sid-security'),
      source('http://m/debian', 'sid', 'non-free'),
      source('cdrom:[Debian]/debian'),
      source('http://m/debian/'),
    ];
    expect(chooseMirror(sources)).toBe('http://m/debian/');
    expect(chooseMirror(sources.slice(0, 4))).toBeUndefined();
  });
});

describe('this machine', () => {
  let etcApt: string;

  beforeEach(() => {
    vi.stubEnv('DROVER_DEBIAN_MIRROR', undefined);
    etcApt = mkdtempSync(join(tmpdir(), 'apt-'));
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(etcApt, { recursive: true });
  });

  it('is read in both formats', async () => {
    writeFileSync(join(etcApt, 'sources.list'), 'deb http://old/debian sid main\n');
    expect(await findMirror(etcApt)).toBe('http://old/debian');
    mkdirSync(join(etcApt, 'sources.list.d'));
    const stanza = 'Types: deb\nURIs: http://new/debian\nSuites: sid\nComponents: main\n';
    writeFileSync(join(etcApt, 'sources.list.d/debian.sources'), stanza);
    expect(await findMirror(etcApt)).toBe('http://new/debian');
  });

  it('that names none gets a hint, and the variable helps', async () => {
    await expect(findMirror(etcApt)).rejects.toMatchObject({ code: 'lab.missing' });
    vi.stubEnv('DROVER_DEBIAN_MIRROR', 'file:/mnt/debian');
    expect(await findMirror(etcApt)).toBe('file:/mnt/debian');
  });
});
