import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DroverError } from '../errors/catalogue.ts';
import { orNothing } from './run.ts';

/** One archive that apt on this machine reads. */
export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
}

/** Reads the one-line format: `deb [options] URI SUITE COMPONENT...`. */
export function parseOneLineSources(text: string): readonly AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    const [, uri, suite, components] = match ?? [];
    if (uri === undefined || suite === undefined) return [];
    return [{ uri, suites: [suite], components: words(components) }];
  });
}

/** Reads the deb822 format: stanzas of `Types:`, `URIs:`, `Suites:`, `Components:`. */
export function parseDeb822Sources(text: string): readonly AptSource[] {
  return text
    .replace(/^#.*\n?/gm, '')
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      const fields = parseStanza(stanza);
      if (fields.get('enabled')?.trim().toLowerCase() === 'no') return [];
      if (!words(fields.get('types')).includes('deb')) return [];
      return words(fields.get('uris')).map((uri) => ({
        uri,
        suites: words(fields.get('suites')),
        components: words(fields.get('components')),
      }));
    });
}

function parseStanza(stanza: string): ReadonlyMap<string, string> {
  // A line that begins with white space continues the field above it.
  const lines = stanza.replace(/\n[ \t]+/g, ' ').split('\n');
  return new Map(
    lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 0 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1)]];
    }),
  );
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

/**
 * The Debian mirror among the sources: one with the component `main` that is no archive of security
 * fixes or of another vendor. Third-party archives are told by their suites, which are not
 * Debian's.
 */
export function chooseMirror(sources: readonly AptSource[]): string | undefined {
  const isDebian = ({ uri, suites, components }: AptSource) =>
    /^https?:|^file:/.test(uri) &&
    /\/debian\/?$/.test(uri) &&
    components.includes('main') &&
    !suites.every((suite) => suite.includes('security'));
  return sources.find(isDebian)?.uri;
}

/** DROVER_DEBIAN_MIRROR, else the mirror that this machine's apt uses. */
export async function findMirror(etcApt = '/etc/apt'): Promise<string> {
  const wanted = process.env.DROVER_DEBIAN_MIRROR;
  if (wanted) return wanted;
  const mirror = chooseMirror(await readSources(etcApt));
  if (mirror !== undefined) return mirror;
  throw new DroverError('lab.missing', `no Debian mirror is named below ${etcApt}`, {
    hint: 'name one with DROVER_DEBIAN_MIRROR (a URL that ends in /debian)',
  });
}

async function readSources(etcApt: string): Promise<readonly AptSource[]> {
  const parts = join(etcApt, 'sources.list.d');
  const names = (await orNothing(readdir(parts), [])).toSorted();
  const oneLine = [
    join(etcApt, 'sources.list'),
    ...names.filter((name) => name.endsWith('.list')).map((name) => join(parts, name)),
  ];
  const deb822 = names.filter((name) => name.endsWith('.sources')).map((name) => join(parts, name));
  return [
    ...(await Promise.all(deb822.map(readText))).flatMap(parseDeb822Sources),
    ...(await Promise.all(oneLine.map(readText))).flatMap(parseOneLineSources),
  ];
}

async function readText(path: string): Promise<string> {
  return await orNothing(readFile(path, 'utf8'), '');
}
