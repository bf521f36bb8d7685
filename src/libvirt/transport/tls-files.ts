import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TransportError } from '../errors.ts';
import { type LibvirtUri, parseLibvirtUri } from '../uri.ts';

/** A file and what is in it. */
export interface PemFile {
  readonly path: string;
  readonly content: Buffer;
}

export interface TlsFiles {
  readonly authority: PemFile;
  readonly revoked: PemFile | undefined;
  /** A server may do without. */
  readonly client: { readonly certificate: PemFile; readonly key: PemFile } | undefined;
  /** Where a client certificate was looked for. */
  readonly clientPlaces: readonly string[];
}

/** Where the files of one place lie. */
interface Place {
  readonly authority: string;
  readonly revoked: string;
  readonly certificate: string;
  readonly key: string;
}

const systemPlace: Place = {
  authority: '/etc/pki/CA/cacert.pem',
  revoked: '/etc/pki/CA/cacrl.pem',
  certificate: '/etc/pki/libvirt/clientcert.pem',
  key: '/etc/pki/libvirt/private/clientkey.pem',
};

/**
 * Reads the files that prove who we are and who the server is. What a user's own folder lacks is
 * taken from the system's, the certificate and its key as a pair.
 */
export async function readTlsFiles(uri: LibvirtUri, places = placesOf(uri)): Promise<TlsFiles> {
  const authority = await first(places, (place) => read(place.authority));
  if (authority === undefined) {
    const tried = places.map((place) => place.authority).join(' and ');
    throw new TransportError(
      `TLS needs the certificate of the authority; looked for ${tried} (pkipath= names another folder)`,
    );
  }
  return {
    authority,
    revoked: await first(places, (place) => read(place.revoked)),
    client: await first(places, readClient),
    clientPlaces: places.map((place) => place.certificate),
  };
}

/**
 * The certificate that a client shows to the daemon of this URI; `undefined` where it has none, or
 * where the way is not TLS. Rejects with ArgumentError, or with TransportError where it is there and
 * cannot be read.
 */
export async function clientCertificate(text: string): Promise<PemFile | undefined> {
  const uri = parseLibvirtUri(text);
  if (uri.transport !== 'tls') return undefined;
  return (await first(placesOf(uri), readClient))?.certificate;
}

/** The folder that the URI names; else, as libvirt does it, the user's unless it is root, and the system's. */
export function placesOf(
  { parameters }: LibvirtUri,
  userId = process.getuid?.(),
): readonly Place[] {
  if (parameters.pkipath !== undefined) return [inOneFolder(parameters.pkipath)];
  const own = userId === 0 ? [] : [inOneFolder(join(homedir(), '.pki', 'libvirt'))];
  return [...own, systemPlace];
}

function inOneFolder(folder: string): Place {
  return {
    authority: join(folder, 'cacert.pem'),
    revoked: join(folder, 'cacrl.pem'),
    certificate: join(folder, 'clientcert.pem'),
    key: join(folder, 'clientkey.pem'),
  };
}

async function readClient(place: Place): Promise<TlsFiles['client']> {
  const [certificate, key] = await Promise.all([read(place.certificate), read(place.key)]);
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

async function first<T>(
  places: readonly Place[],
  find: (place: Place) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const place of places) {
    const found = await find(place);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A file that is there and cannot be read is an error: to go on without would hide it. */
async function read(path: string): Promise<PemFile | undefined> {
  try {
    return { path, content: await readFile(path) };
  } catch (cause) {
    const absent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (absent) return undefined;
    throw new TransportError(`${path}, which TLS needs, cannot be read: ${String(cause)}`, {
      cause,
    });
  }
}
